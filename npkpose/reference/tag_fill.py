"""Twin of `npkpose.codec.tag_fill`: the whole map at once."""

import numpy as np


def likeliest(heatmap, tags, mean):
    """Return the pixel (y, x) of a map (H, W) with tags (H, W, T) that fits best, or None."""
    distance = np.sqrt(((tags.astype(float) - mean) ** 2).sum(axis=2))
    value = heatmap.astype(float) - np.round(distance)
    value = np.where((heatmap > 0) & np.isfinite(value), value, -np.inf)
    if value.size == 0 or value.max() == -np.inf:
        return None
    return np.unravel_index(value.argmax(), value.shape)
