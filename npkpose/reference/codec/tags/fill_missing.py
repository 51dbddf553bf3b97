"""Twin of `npkpose.codec.tags.fill_missing`: the whole map at once."""

import numpy as np


def likeliest(heatmap, tags, mean, tag_threshold=1.0, away=(np.inf, np.inf), radius=0.0):
    """Return the pixel (y, x) of a map (H, W) with tags (H, W, T) that fits best, or None.

    It is at least ``radius`` from ``away``, x, y.
    """
    distance = np.sqrt(((tags.astype(float) - mean) ** 2).sum(axis=2))
    value = heatmap.astype(float) - np.round(distance / tag_threshold)
    y, x = np.indices(heatmap.shape)
    allowed = (x - away[0]) ** 2 + (y - away[1]) ** 2 >= radius**2
    value = np.where((heatmap > 0) & np.isfinite(value) & allowed, value, -np.inf)
    if value.size == 0 or value.max() == -np.inf:
        return None
    return np.unravel_index(value.argmax(), value.shape)
