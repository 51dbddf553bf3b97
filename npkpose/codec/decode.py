"""Heatmaps to keypoints: the highest pixel, and where between the pixels the peak lies.

Around the highest pixel, along each axis, take the values a, b, c before, at and after it:

    "argmax"        offset 0                            error at most 1/2 px
    "quarter"       sign(c - a) / 4                     at most 1/4 px
    "parabola"      (a - c) / (2 (a - 2 b + c))         at most 1 / (12 sqrt(3) sigma^2) px
    "log_parabola"  the same for log a, log b, log c    exact

The errors are per axis, for a Gaussian of standard deviation sigma >= 1 whose centre is not
outside the map. They follow from the centre lying t in [-1/2, 1/2] from the pixel:

* argmax leaves t itself: a mean distance of 0.383 px over both axes, at best.
* quarter leaves | |t| - 1/4 |, and 0 at t = 0.
* With s = 1/sigma^2, a = exp(-s (1/2 + t)) b and c = exp(-s (1/2 - t)) b, so the parabola
  answers sinh(s t) / (2 (exp(s/2) - cosh(s t))) = t - s t (1/4 - t^2) + O(s^2), whose
  leading error is largest at t^2 = 1/12: s / (12 sqrt(3)) = 0.048 s. It stays below
  that for all sigma >= 1.
* The log of a Gaussian is a parabola, so there the vertex is exact.

The quarter offset is from Newell et al., "Stacked Hourglass Networks", ECCV 2016,
arXiv:1603.06937; using the log is the idea of DARK (Zhang et al., CVPR 2020,
arXiv:1910.06278), here one axis at a time.

Rules that published decoders lack:

* At a border, or beside a pixel that is not finite, the missing neighbour a is what a
  Gaussian through the three pixels b, c, d on the other side has there: d (b / c)^3. (Where
  one is not positive, a parabola: 3 b - 3 c + d.) So one formula serves everywhere, with
  the errors above. An offset never exceeds one pixel.
* Equal neighbours give no offset. Of several highest pixels the first in raster order wins.
* "log_parabola" falls back to "parabola" where one of its pixels is not positive.
* A pixel that is not finite never wins. A map without a finite pixel, or whose finite
  pixels are all equal, shows no keypoint: (NaN, NaN), score 0.
"""

import math

import numpy as np

from npkpose._check import check_array, check_choice
from npkpose._jit import kernel

REFINEMENTS = ("argmax", "quarter", "parabola", "log_parabola")


def heatmap_to_coords(heatmaps):
    """Return the highest pixel (x, y) of each map: (N, K, H, W) -> (N, K, 2), float64.

    The same as ``decode_heatmaps(heatmaps, "argmax")[0]``: NaN for a map without a peak.
    """
    return decode_heatmaps(heatmaps, "argmax")[0]


def decode_heatmaps(heatmaps, refine="log_parabola", grid=None):
    """Return each map's keypoint and its score.

    Parameters
    ----------
    heatmaps : array_like, shape (N, K, H, W)
        float32 and float64 are read as they are, other real types as float64.
    refine : "argmax", "quarter", "parabola" or "log_parabola"
    grid : Grid, optional
        Gives the coordinates in image pixels; without it they are in heatmap pixels.

    Returns
    -------
    coords : ndarray, shape (N, K, 2), float64
        (x, y), or NaN for a map without a finite pixel or with all of them equal.
    scores : ndarray, shape (N, K), float64
        The highest pixel's value; 0 where coords are NaN.

    Raises
    ------
    ValueError
        Wrong shape, H or W of 0, values that are not real numbers, or an unknown refinement.
    """
    heatmaps = check_array(
        "heatmaps", heatmaps, ("N", "K", "H", "W"), (np.float64, np.float32), finite=False
    )
    method = REFINEMENTS.index(check_choice("refine", refine, REFINEMENTS))
    images, parts, height, width = heatmaps.shape
    if height == 0 or width == 0:
        raise ValueError(f"heatmaps: expected H and W of at least 1, got {heatmaps.shape}")
    coords = np.empty((images, parts, 2))
    scores = np.empty((images, parts))
    _decode(
        heatmaps.reshape(images * parts, height, width),
        method,
        coords.reshape(images * parts, 2),
        scores.reshape(images * parts),
    )
    if grid is not None:
        coords = grid.to_image(coords, (height, width))
    return coords, scores


@kernel
def refine_pixels(maps, which, method, coords):
    """Move coords (M, 2), integer pixels (x, y) of the maps ``which`` (M,), to the peaks there."""
    for m in range(coords.shape[0]):
        image, x, y = maps[which[m]], int(coords[m, 0]), int(coords[m, 1])
        coords[m, 0] += _offset(image, y, x, 0, 1, method)
        coords[m, 1] += _offset(image, y, x, 1, 0, method)


@kernel
def _decode(maps, method, coords, scores):
    for m in range(maps.shape[0]):
        image = maps[m]
        peak = _highest(image)
        if peak < 0:
            coords[m, 0] = coords[m, 1] = np.nan
            scores[m] = 0.0
        else:
            y, x = peak // image.shape[1], peak % image.shape[1]
            coords[m, 0] = x + _offset(image, y, x, 0, 1, method)
            coords[m, 1] = y + _offset(image, y, x, 1, 0, method)
            scores[m] = image[y, x]


@kernel
def _highest(image):
    """Raster index of the first highest finite pixel; -1 where no two finite pixels differ."""
    best, peak = -np.inf, -1
    lowest = np.inf
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            value = image[y, x]
            if math.isfinite(value):
                lowest = min(lowest, value)
                if value > best:
                    best, peak = value, y * image.shape[1] + x
    return peak if lowest < best else -1


@kernel
def _offset(image, y, x, dy, dx, method):
    """Offset of the peak at (y, x) along (dy, dx): pixels, within [-1, 1]."""
    if method == 0:
        return 0.0
    sign = 1.0
    if math.isnan(_pixel(image, y - dy, x - dx)):  # then look along the axis from its far end
        sign, dy, dx = -1.0, -dy, -dx
    before, here = _pixel(image, y - dy, x - dx), _pixel(image, y, x)
    after, beyond = _pixel(image, y + dy, x + dx), np.nan
    if math.isnan(after):
        beyond = _pixel(image, y - 2 * dy, x - 2 * dx)
    positive = not (before <= 0 or here <= 0 or after <= 0 or beyond <= 0)
    if math.isnan(after):
        after = beyond * (here / before) ** 3 if positive else 3 * here - 3 * before + beyond
    if method == 3 and positive:
        before, here, after = np.log(before), np.log(here), np.log(after)
    bend = before - 2 * here + after
    if not bend < 0:  # flat, or too few pixels to say
        return 0.0
    if method == 1:
        return sign * 0.25 * np.sign(after - before)
    return sign * min(max(0.5 * (before - after) / bend, -1.0), 1.0)


@kernel
def _pixel(image, y, x):
    """The pixel as float64; NaN where it is outside the image or not finite."""
    if 0 <= y < image.shape[0] and 0 <= x < image.shape[1] and math.isfinite(image[y, x]):
        return np.float64(image[y, x])
    return np.nan
