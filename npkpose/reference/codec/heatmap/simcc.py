"""Twin of `npkpose.codec.heatmap.simcc`: each axis by the twin of `decode_heatmaps`."""

import numpy as np

from npkpose.reference.codec.heatmap.decode import highest_points


def decode_simcc(x_logits, y_logits, split_ratio=2.0, refine="argmax", score="min"):
    """Return coords (N, K, 2) and scores (N, K), as the compiled `decode_simcc` does."""
    x, x_score = highest_points(np.expand_dims(x_logits, 2), refine)
    y, y_score = highest_points(np.expand_dims(y_logits, 2), refine)
    coords = np.stack([x[..., 0], y[..., 0]], axis=2) / split_ratio
    scores = np.minimum(x_score, y_score) if score == "min" else (x_score + y_score) / 2
    missing = np.isnan(coords).any(axis=2)
    return np.where(missing[..., None], np.nan, coords), np.where(missing, 0.0, scores)
