"""Heatmaps to the expected OKS of every pixel as an answer.

    e[k, y, x] = sum over v, u of p[k, v, u] exp(-((y - v)^2 + (x - u)^2) / (2 (2 sigma_k s)^2))

p[k] = h[k] / sum h[k] is the probability that keypoint k lies at the pixel (u, v). The
exponential is COCO's object keypoint similarity (similarity.py) between that pixel and the
answer (x, y); s is the square root of the person's area. The answer with the highest expected OKS
is the peak of e, not the peak of p. If two near pixels are equally likely, it is the point
between them for a hip, whose sigma is large, and one of the two for an eye, whose sigma is small.
The height of the peak is the expected OKS, a score that means the same for all keypoints.

That a score should be the expected OKS, and that a heatmap's peak value is not, is from Gu et
al., "On the Calibration of Human Pose Estimation", ICML 2024, arXiv:2311.17105.
"""

import numpy as np

from npkpose._check import check_array, check_memory, check_number
from npkpose.similarity import keypoint_similarity


def expected_oks(heatmaps, sigmas, scale):
    """Return the expected OKS of every pixel as an answer.

    Parameters
    ----------
    heatmaps : array_like, shape (..., K, H, W)
        Not negative. float32 and float64 are kept, other real types become float64.
    sigmas : array_like, shape (K,)
        ``skeleton.sigmas``.
    scale : float
        s, the square root of the person's area, in heatmap pixels.

    Returns
    -------
    expected : ndarray, shape (..., K, H, W)
        Within [0, 1]; 0 for a map of zeros.

    Raises
    ------
    ValueError
        A wrong shape, a negative value or one that is not finite, or a scale that is not positive.
    """
    dtypes = np.float64, np.float32
    heatmaps = check_array("heatmaps", heatmaps, (..., "K", "H", "W"), dtypes)
    if (heatmaps < 0).any():
        raise ValueError(f"heatmaps: expected no negative values, got {heatmaps.min()}")
    sigmas = check_array("sigmas", sigmas, (heatmaps.shape[-3],))
    if not (sigmas > 0).all():
        raise ValueError(f"sigmas: expected positive numbers, got {sigmas.min()}")
    scale = check_number("scale", scale, above=0.0)
    with check_memory("heatmaps"):
        rows, cols = (_similarity(side, scale, sigmas) for side in heatmaps.shape[-2:])
    rows, cols = rows.astype(heatmaps.dtype), cols.astype(heatmaps.dtype)
    # First by the maximum: the sum of very high values would overflow.
    heatmaps = _divide(heatmaps, heatmaps.max(axis=(-2, -1), keepdims=True, initial=0))
    probabilities = _divide(heatmaps, heatmaps.sum(axis=(-2, -1), keepdims=True))
    return np.minimum(rows @ probabilities @ cols, 1)  # rounding can exceed 1


def _divide(heatmaps, by):
    """Return heatmaps / by, and a map unchanged where ``by`` is 0."""
    return heatmaps / np.where(by > 0, by, 1)


def _similarity(side, scale, sigmas):
    """Similarity of an answer at i and a keypoint at j, along one axis: (K, side, side)."""
    with np.errstate(over="ignore"):  # exp(-inf) is 0
        distance = np.subtract.outer(np.arange(side), np.arange(side)) / scale  # the area becomes 1
        return keypoint_similarity(distance**2, 1.0, sigmas[:, None, None])
