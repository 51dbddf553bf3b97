"""Heatmaps with less noise: blurred by a small Gaussian before peaks are searched.

    s[y,x] = sum_{i,j} g(i) g(j) h[y+i, x+j],    g(i) ~ exp(-i^2 / (2 sigma^2)),  sum g = 1

over |i|, |j| <= 3 sigma; outside the map h is the nearest border pixel. Every local maximum
becomes a candidate for grouping, and the maps of a network that was trained for minutes have many:
after a blur with the sigma of its targets, grouping finds several times as many people. Cao et
al.'s code does the same ("Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields",
CVPR 2017, arXiv:1611.08050), after enlarging the maps.
"""

import math

import numpy as np

from npkpose._check import check_array, check_number

MAX_SIGMA = 1000.0  # pixels: the cost of a pixel grows with it


def smooth_heatmaps(heatmaps, sigma):
    """Return the heatmaps (..., H, W) blurred with a Gaussian.

    Parameters
    ----------
    heatmaps : array_like, shape (..., H, W)
        float32 and float64 are kept, other real types become float64.
    sigma : float
        Heatmap pixels, at most 1000; 0 changes nothing.

    Raises
    ------
    ValueError
        A sigma below 0 or above 1000, or values that are not real numbers.
    """
    dtypes = np.float64, np.float32
    heatmaps = check_array("heatmaps", heatmaps, (..., "H", "W"), dtypes, finite=False)
    sigma = check_number("sigma", sigma, at_least=0, at_most=MAX_SIGMA)
    if sigma == 0 or heatmaps.size == 0:
        return heatmaps.copy()
    reach = math.ceil(3 * sigma)
    with np.errstate(over="ignore"):  # exp(-inf) is 0
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(heatmaps.dtype)
    for axis in (-2, -1):
        heatmaps = _weighted_sum(heatmaps, weights, axis)
    return heatmaps


def _weighted_sum(maps, weights, axis):
    """Sum of weights times the maps shifted by -reach to reach along an axis."""
    length, reach = maps.shape[axis], len(weights) // 2
    indices = np.clip(np.arange(-reach, length + reach), 0, length - 1)
    padded = np.moveaxis(np.take(maps, indices, axis=axis), axis, 0)
    total = sum(weight * padded[i : i + length] for i, weight in enumerate(weights))
    return np.moveaxis(total, 0, axis)
