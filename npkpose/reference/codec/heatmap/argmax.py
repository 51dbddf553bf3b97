"""Twin of `npkpose.codec.heatmap.argmax`: NumPy's argmax, -inf in place of what is not finite."""

import numpy as np


def highest_pixels(maps):
    """Return pixels (M, 2) and scores (M,), as the compiled `highest_pixels` does."""
    count, height, width = maps.shape
    flat = maps.reshape(count, height * width).astype(np.float64)
    lifted = np.where(np.isfinite(flat), flat, -np.inf)
    lowest = np.where(np.isfinite(flat), flat, np.inf).min(axis=1)
    y, x = np.divmod(lifted.argmax(axis=1), width)
    shown = lowest < lifted.max(axis=1)
    pixels = np.where(shown[:, None], np.stack([x, y], axis=1), np.nan)
    return pixels, np.where(shown, lifted.max(axis=1), 0.0)
