"""Heatmaps of probability to maps of what an answer is worth: the expected OKS.

    e[k, y, x] = sum over v, u of p[k, v, u] exp(-((y - v)^2 + (x - u)^2) / (2 (2 sigma_k s)^2))

p[k] = h[k] / sum h[k] is how likely keypoint k is at each pixel, and the exponential what
COCO's object keypoint similarity would give for the answer (x, y) if it were there; s is the
square root of the person's area. The peak of e, not that of p, is the best answer: between two
near places of a hip one answers with the middle, but of two eyes' places, with one. The peak's
height is the OKS to expect, a score that means the same for all keypoints.

That a score should be the OKS to expect, which heatmaps' peaks are not, is Gu et al.'s, "On the
Calibration of Human Pose Estimation", ICML 2024, arXiv:2311.17105; OKS is `metrics.oks`'s.
"""

import numpy as np

from npkpose._check import check_array, check_number
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
        s, heatmap pixels.

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
    rows, cols = (_similarity(side, scale, sigmas) for side in heatmaps.shape[-2:])
    rows, cols = rows.astype(heatmaps.dtype), cols.astype(heatmaps.dtype)
    # By the highest first: the sum of very high values would overflow.
    heatmaps = _divide(heatmaps, heatmaps.max(axis=(-2, -1), keepdims=True, initial=0))
    shares = _divide(heatmaps, heatmaps.sum(axis=(-2, -1), keepdims=True))
    return np.minimum(rows @ shares @ cols, 1)  # rounding can pass 1


def _divide(heatmaps, by):
    """Return the maps divided, those to be divided by 0 as they are."""
    return heatmaps / np.where(by > 0, by, 1)


def _similarity(side, scale, sigmas):
    """How much an answer at i gets where j is right, along one axis: (K, side, side)."""
    distance = np.subtract.outer(np.arange(side), np.arange(side)) / scale  # the area becomes 1
    return keypoint_similarity(distance**2, 1.0, sigmas[:, None, None])
