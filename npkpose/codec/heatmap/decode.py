"""Heatmaps to keypoints: the highest pixel, and where between the pixels the peak lies.

Around the highest pixel, along each axis, take the values a, b, c before, at and after it:

    "argmax"        offset 0                            error at most 1/2 px
    "quarter"       sign(c - a) / 4                     at most 1/4 px
    "parabola"      (a - c) / (2 (a - 2 b + c))         at most 1 / (12 sqrt(3) sigma^2) px
    "log_parabola"  the same for log a, log b, log c    exact
    "dark"          a Newton step on the blurred map    at most 0.0005 px: see heatmap/dark.py
    "dark_udp"      the same, another difference        at most 0.0005 px

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

To add a refinement: write a function of (a, b, c) like `_quarter`, call it in `_refined`, give it
a name in `REFINEMENTS` and a number below, and write its twin in reference/codec/heatmap/decode.py.

Rules that published decoders lack:

* At a border, or beside a pixel that is not finite, a missing neighbour is extrapolated from
  the other side's b, c, d: a Gaussian gives d (b / c)^3, or a parabola 3 b - 3 c + d if one is
  not positive. So one formula serves everywhere, with the errors above. An offset never exceeds
  one pixel.
* Equal neighbours give no offset. Of several highest pixels the first in raster order wins.
* "log_parabola" falls back to "parabola" where one of its pixels is not positive.
* A pixel that is not finite never wins. A map without a finite pixel, or whose finite
  pixels are all equal, shows no keypoint: (NaN, NaN), score 0.
"""

import math

import numpy as np

from npkpose._check import check_array, check_choice, check_integer
from npkpose._jit import kernel
from npkpose.codec.heatmap.argmax import highest_pixels
from npkpose.codec.heatmap.dark import BLUR_KERNEL, blur_weights, newton_points
from npkpose.grid import check_grid

REFINEMENTS = ("argmax", "quarter", "parabola", "log_parabola")  # one axis at a time
ARGMAX, QUARTER, PARABOLA, LOG_PARABOLA = range(len(REFINEMENTS))  # in the same order
TINY = 1e-300  # smaller quotients have few digits, or are 0
DARK_SPACING = {"dark": 2, "dark_udp": 1}  # both axes together, in heatmap/dark.py
MAX_BLUR_KERNEL = 999  # pixels


def heatmap_to_coords(heatmaps):
    """Return the highest pixel (x, y) of each map: (N, K, H, W) -> (N, K, 2), float64.

    The same as ``decode_heatmaps(heatmaps, "argmax")[0]``: NaN for a map without a peak.
    """
    return decode_heatmaps(heatmaps, "argmax")[0]


def decode_heatmaps(heatmaps, refine="log_parabola", grid=None, blur_kernel=BLUR_KERNEL):
    """Return each map's keypoint and its score.

    Parameters
    ----------
    heatmaps : array_like, shape (N, K, H, W)
        float32 and float64 are read as they are, other real types as float64.
    refine : "argmax", "quarter", "parabola", "log_parabola", "dark" or "dark_udp"
        "dark" is the least disturbed by noise, and takes two to three times as long.
    grid : Grid, optional
        Gives the coordinates in image pixels; without it they are in heatmap pixels.
    blur_kernel : int, odd, from 3 to 999
        Side of the kernel with which "dark" and "dark_udp" blur. Best where the kernel's own
        sigma, 0.15 blur_kernel + 0.35, is about the maps': 11 for sigma 2, 17 for sigma 3.

    Returns
    -------
    coords : ndarray, shape (N, K, 2), float64
        (x, y), or NaN for a map without a finite pixel or with all of them equal.
    scores : ndarray, shape (N, K), float64
        The highest pixel's value; 0 where coords are NaN.

    Raises
    ------
    ValueError
        Wrong shape, H or W of 0, values that are not real numbers, an unknown refinement, or
        a kernel that is even, too small or too large.
    """
    heatmaps = check_array(
        "heatmaps", heatmaps, ("N", "K", "H", "W"), (np.float64, np.float32), finite=False
    )
    check_choice("refine", refine, (*REFINEMENTS, *DARK_SPACING))
    check_grid(grid)
    if check_integer("blur_kernel", blur_kernel, at_least=3, at_most=MAX_BLUR_KERNEL) % 2 == 0:
        raise ValueError(f"blur_kernel: expected an odd number, got {blur_kernel}")
    images, keypoints, height, width = heatmaps.shape
    if height == 0 or width == 0:
        raise ValueError(f"heatmaps: expected H and W of at least 1, got {heatmaps.shape}")
    maps = heatmaps.reshape(images * keypoints, height, width)
    coords, scores = highest_pixels(maps)
    if refine in DARK_SPACING:
        coords = _dark_points(maps, coords, refine, blur_kernel)
    else:
        refine_pixels(maps, np.arange(len(maps)), REFINEMENTS.index(refine), coords)
    coords = coords.reshape(images, keypoints, 2)
    if grid is not None:
        coords = grid.to_image(coords, (height, width))
    return coords, scores.reshape(images, keypoints)


def _dark_points(maps, pixels, refine, blur_kernel):
    """Return the points (M, 2) of DARK, or of "log_parabola" where DARK takes no step."""
    points = newton_points(maps, pixels, blur_weights(blur_kernel), DARK_SPACING[refine])
    left = np.flatnonzero(np.isnan(points[:, 0]))
    coords = pixels[left]
    refine_pixels(maps, left, LOG_PARABOLA, coords)
    points[left] = coords
    return points


@kernel
def refine_pixels(maps, which, method, coords):
    """Move coords (M, 2), the highest pixels (x, y) of the maps ``which`` (M,), to the peaks.

    ``method`` is the refinement's index in `REFINEMENTS`. NaN stays NaN.
    """
    if method == ARGMAX:
        return
    for m in range(coords.shape[0]):
        if not math.isnan(coords[m, 0]):
            image, x, y = maps[which[m]], int(coords[m, 0]), int(coords[m, 1])
            here = np.float64(image[y, x])
            left, right = _pixel(image, y, x - 1), _pixel(image, y, x + 1)
            above, below = _pixel(image, y - 1, x), _pixel(image, y + 1, x)
            left_2, right_2 = _pixel(image, y, x - 2), _pixel(image, y, x + 2)
            above_2, below_2 = _pixel(image, y - 2, x), _pixel(image, y + 2, x)
            coords[m, 0] += _offset(left_2, left, here, right, right_2, method)
            coords[m, 1] += _offset(above_2, above, here, below, below_2, method)


@kernel
def _pixel(image, y, x):
    """The pixel as float64; NaN where it is outside the image or not finite."""
    if 0 <= y < image.shape[0] and 0 <= x < image.shape[1] and math.isfinite(image[y, x]):
        return np.float64(image[y, x])
    return np.nan


@kernel
def _offset(a2, a, b, c, c2, method):
    """Offset of the peak from the middle b of five pixels in a line; a missing pixel is NaN."""
    d = b  # the fourth pixel, if a neighbour has to be extrapolated
    if math.isnan(a):
        a, d = _extrapolated(b, c, c2), c2
    elif math.isnan(c):
        c, d = _extrapolated(b, a, a2), a2
    return _refined(a, b, c, d, method)


@kernel
def _extrapolated(b, c, d):
    """The pixel before b, c, d: of the Gaussian through them, or of the parabola."""
    return d * (b / c) ** 3 if b > 0 and c > 0 and d > 0 else 3 * b - 3 * c + d


@kernel
def _refined(a, b, c, d, method):
    """The offset by the refinement with this index in `REFINEMENTS`."""
    if method == QUARTER:
        return _quarter(a, b, c)
    if method == PARABOLA:
        return _parabola(a, b, c)
    if method == LOG_PARABOLA:
        positive = a > 0 and b > 0 and c > 0 and d > 0
        return _log_parabola(a, b, c) if positive else _parabola(a, b, c)
    raise ValueError("refine: expected a refinement that `_refined` calls, got another")


@kernel
def _quarter(a, b, c):
    """A quarter of a pixel towards the higher neighbour."""
    return 0.25 * np.sign(c - a) if a - 2 * b + c < 0 else 0.0


@kernel
def _parabola(a, b, c):
    """The highest point of the parabola through a, b, c, at most a pixel away."""
    curvature = a - 2 * b + c
    if not curvature < 0:  # flat, or NaN: too few pixels to say
        return 0.0
    if curvature == -np.inf and b < np.inf:  # too large for a float
        a, c, curvature = 0.125 * a, 0.125 * c, 0.125 * a - 0.25 * b + 0.125 * c
    return min(max(0.5 * (a - c) / curvature, -1.0), 1.0)


@kernel
def _log_parabola(a, b, c):
    """The highest point of the parabola through log a, log b, log c: a Gaussian's centre."""
    before, after = a / b, c / b
    if before > TINY and after > TINY:
        return _parabola(math.log(before), 0.0, math.log(after))
    return _parabola(math.log(a), math.log(b), math.log(c))
