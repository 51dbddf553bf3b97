"""Twin of `npkpose.codec.tags.fill_missing`: all pixels of the map at once."""

import numpy as np


def best_pixel(
    heatmap, tags, mean, tag_threshold=1.0, exclude=(np.inf, np.inf), exclude_radius=0.0
):
    """Return the best pixel (y, x) of a map (H, W) with tags (H, W, T), or None.

    Pixels nearer than ``exclude_radius`` to ``exclude``, x, y, are skipped.
    """
    distance = np.sqrt(((tags.astype(float) - mean) ** 2).sum(axis=2))
    value = heatmap.astype(float) - np.round(distance / tag_threshold)
    y, x = np.indices(heatmap.shape)
    allowed = (x - exclude[0]) ** 2 + (y - exclude[1]) ** 2 >= exclude_radius**2
    value = np.where((heatmap > 0) & np.isfinite(value) & allowed, value, -np.inf)
    if value.size == 0 or value.max() == -np.inf:
        return None
    return np.unravel_index(value.argmax(), value.shape)
