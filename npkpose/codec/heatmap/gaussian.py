"""Keypoints to heatmaps: the target that a keypoint network regresses.

    h[y, x] = exp(-((x - cx)^2 + (y - cy)^2) / (2 sigma^2))

(cx, cy) is the keypoint in heatmap pixels, real-valued: rounding it to a pixel, as many
training pipelines do, loses the fraction that sub-pixel decoding recovers. The Gaussian is the
product of one in x and one in y, so a map costs H + W exponentials instead of H W.

Tompson et al., "Joint Training of a Convolutional Network and a Graphical Model for Human
Pose Estimation", NeurIPS 2014, arXiv:1406.2984. Departures from common practice: the
centre is rounded only on request (``round_centres``) and the tail is not cut off.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from npkpose._check import (
    check_array,
    check_finite,
    check_flag,
    check_float_dtype,
    check_memory,
    check_number,
    check_size,
)
from npkpose.grid import Grid, check_grid


def gaussian_heatmap(
    size: int | tuple[int, int], cx: float, cy: float, sigma: float = 2.0,
    dtype: DTypeLike = np.float32,
) -> NDArray:  # fmt: skip
    """Return one heatmap (H, W), in [0, 1], with a Gaussian at (cx, cy).

    Parameters
    ----------
    size : int or (H, W)
    cx, cy : float
        Centre in heatmap pixels; it may lie outside the map, whose pixels then hold the tail.
    sigma : float
        Standard deviation in heatmap pixels, positive.
    dtype : float32 or float64

    Raises
    ------
    ValueError
        A size below 1, a centre that is not finite, or sigma <= 0.
    """
    centre = [[check_number("cx", cx), check_number("cy", cy)]]
    return gaussian_heatmaps(centre, size, sigma, dtype=dtype)[0]


# Seven arguments, not six: published targets differ in each of them.
def gaussian_heatmaps(
    keypoints: ArrayLike, size: int | tuple[int, int], sigma: float = 2.0,
    visibility: ArrayLike | None = None, grid: Grid | None = None, dtype: DTypeLike = np.float32,
    round_centres: bool = False,
) -> NDArray:  # fmt: skip
    """Return one heatmap per keypoint: (..., K, H, W).

    Parameters
    ----------
    keypoints : array_like, shape (..., K, 2)
        (x, y) in heatmap pixels, or in image pixels where ``grid`` is given. NaN is missing.
    size : int or (H, W)
    sigma : float
        In heatmap pixels.
    visibility : array_like, shape (..., K), optional
        A keypoint of visibility 0 is missing; all others are drawn alike.
    grid : Grid, optional
        How the map lies on the image.
    dtype : float32 or float64
    round_centres : bool
        Move each centre to the pixel it lies in, floor(c + 1/2), as simple baselines and HRNet
        train; UDP and the default keep the fraction.

    Returns
    -------
    heatmaps : ndarray, shape (..., K, H, W), within [0, 1]
        All zero for a missing keypoint.

    Raises
    ------
    ValueError
        Wrong shape, an infinite coordinate, a size below 1 or sigma <= 0.
    """
    keypoints = check_array("keypoints", keypoints, (..., "K", 2), finite=False)
    check_finite("keypoints", np.where(np.isnan(keypoints), 0.0, keypoints))
    height, width = check_size("size", size)
    dtype = check_float_dtype("dtype", dtype)
    check_flag("round_centres", round_centres)
    sigma = check_number("sigma", sigma, above=0)
    check_grid(grid)
    if grid is not None:
        keypoints = grid.to_map(keypoints, (height, width))
    if round_centres:
        keypoints = np.floor(keypoints + 0.5)
    missing = np.isnan(keypoints).any(axis=-1)
    if visibility is not None:
        missing |= check_array("visibility", visibility, missing.shape) == 0
    with check_memory("size"):
        along_x = _gaussian(keypoints[..., 0], width, sigma, missing).astype(dtype)  # (..., K, W)
        along_y = _gaussian(keypoints[..., 1], height, sigma, missing).astype(dtype)  # (..., K, H)
        return along_y[..., :, None] * along_x[..., None, :]


def _gaussian(centre, length, sigma, missing):
    """Return exp(-(i - centre)^2 / (2 sigma^2)) for i < length, zero where missing."""
    distance = np.arange(length) - np.where(missing, 0.0, centre)[..., None]
    with np.errstate(over="ignore"):  # exp(-inf) is 0
        return np.where(missing[..., None], 0.0, np.exp(-0.5 * (distance / sigma) ** 2))
