"""Decode heatmaps to keypoints: the highest pixel, and where between the pixels the peak lies.

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

Rules that published decoders lack:

* At a border, or beside a pixel that is not finite, a missing neighbour is extrapolated from
  the other side's b, c, d: a Gaussian gives d (b / c)^3, or a parabola 3 b - 3 c + d if one is
  not positive. So one formula serves everywhere, with the errors above. An offset never exceeds
  one pixel.
* Equal neighbours give no offset. Of several highest pixels the first in raster order wins.
* "log_parabola" falls back to "parabola" where one of its pixels is not positive.
* A pixel that is not finite never wins. A map without a finite pixel, or whose finite
  pixels are all equal, shows no keypoint: (NaN, NaN), score 0.

The highest pixel is found as fast as memory can be read: a compiler compares floats that may be
NaN one by one, but integers sixteen at a time. A float's bits, read as an integer, grow with it
from 0.0 to inf; those of a positive NaN lie above, those of x < 0 are negative and fall as x grows
(IEEE 754-2008, 3.4). So where the largest bits of a map lie between 0 and bits(inf), they are its
highest pixel's. In any other map keys are compared:

    key(x) = bits(x) for x >= 0, lowest - bits(x) for x < 0 (so -0.0 equals 0.0), else lowest
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_choice, check_integer, check_read_only
from npkpose._jit import helper, kernel
from npkpose._numba import overload, types
from npkpose.codec.heatmap.dark import BLUR_KERNEL, blur_weights, newton_points
from npkpose.grid import Grid, check_grid

REFINEMENTS = ("argmax", "quarter", "parabola", "log_parabola")  # one axis at a time
ARGMAX, QUARTER, PARABOLA, LOG_PARABOLA = range(len(REFINEMENTS))  # in the same order
TINY = 1e-300  # smaller quotients have few digits, or are 0
DARK_SPACING = {"dark": 2, "dark_udp": 1}  # both axes together, in heatmap/dark.py
MAX_BLUR_KERNEL = 999  # pixels
BLOCK = 128  # pixels: long enough for full vectors, short enough to search when it has won
FLOATS = np.dtype(np.float64), np.dtype(np.float32)


def heatmap_to_coords(heatmaps: ArrayLike) -> NDArray:
    """Return the highest pixel (x, y) of each map: (N, K, H, W) -> (N, K, 2), float64.

    It is ``decode_heatmaps(heatmaps, "argmax")[0]``: NaN for a map without a peak.
    """
    return decode_heatmaps(heatmaps, "argmax")[0]


def decode_heatmaps(
    heatmaps: ArrayLike, refine: str = "log_parabola", grid: Grid | None = None,
    blur_kernel: int = BLUR_KERNEL,
) -> tuple[NDArray, NDArray]:  # fmt: skip
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
        Side of the kernel of "dark" and "dark_udp". Best where its own sigma,
        0.15 blur_kernel + 0.35, is about the maps': 11 for sigma 2, 17 for sigma 3.

    Returns
    -------
    coords : ndarray, shape (N, K, 2), float64
        NaN for a map without a finite pixel or with all of them equal.
    scores : ndarray, shape (N, K), float64
        The highest pixel's value; 0 where coords are NaN.

    Raises
    ------
    ValueError
        Wrong shape, H or W of 0, no real numbers, an unknown refinement, or a wrong kernel.
    """
    heatmaps = check_read_only("heatmaps", heatmaps, "NKHW", FLOATS)
    if heatmaps.size == 0 and 0 in heatmaps.shape[2:]:
        raise ValueError(f"heatmaps: expected H and W of at least 1, got {heatmaps.shape}")
    if blur_kernel is not BLUR_KERNEL:  # the default is not checked each time
        if check_integer("blur_kernel", blur_kernel, 3, MAX_BLUR_KERNEL) % 2 == 0:
            raise ValueError(f"blur_kernel: expected an odd number, got {blur_kernel}")
    if check_choice("refine", refine, (*REFINEMENTS, *DARK_SPACING)) in DARK_SPACING:
        coords, scores = _dark_points(heatmaps, refine, blur_kernel)
    else:
        coords, scores = highest_points(heatmaps, refine)
    if grid is not None:
        coords = check_grid(grid).to_image(coords, heatmaps.shape[2:])
    return coords, scores


def highest_points(heatmaps, refine):
    """Return coords and scores of checked, read-only maps; ``refine`` is one of `REFINEMENTS`."""
    N, K, _, _ = heatmaps.shape
    coords, scores = np.empty((N, K, 2)), np.empty((N, K))
    _decode(heatmaps, REFINEMENTS.index(refine), coords, scores)
    return coords, scores


def _dark_points(heatmaps, refine, blur_kernel):
    """Return the points of DARK, or of "log_parabola" where DARK takes no step, and the scores."""
    pixels, scores = highest_points(heatmaps, "argmax")
    maps, pixels = heatmaps.reshape(-1, *heatmaps.shape[2:]), pixels.reshape(-1, 2)
    points = newton_points(maps, pixels, blur_weights(blur_kernel), DARK_SPACING[refine])
    left = np.flatnonzero(np.isnan(points[:, 0]))
    coords = pixels[left]
    refine_pixels(maps, left, LOG_PARABOLA, coords)
    points[left] = coords
    return points.reshape(*scores.shape, 2), scores


@kernel
def _decode(heatmaps, method, coords, scores):
    """Fill coords (N, K, 2) and scores (N, K); ``method`` is an index in `REFINEMENTS`."""
    count, height, width = scores.size, heatmaps.shape[2], heatmaps.shape[3]
    pixels, points = heatmaps.reshape(count, height * width), coords.reshape(count, 2)
    _highest(pixels, _bits(pixels), width, points, scores.reshape(count))
    maps = heatmaps.reshape(count, height, width)
    for m in range(count if method != ARGMAX else 0):
        if not math.isnan(points[m, 0]):
            _refine(maps[m], method, points, m)


def _bits(floats):
    """The floats read as integers of the same size."""
    return floats.view(np.int32 if floats.dtype == np.float32 else np.int64)


@overload(_bits)  # in kernels
def _typed_bits(floats):
    kind = np.int32 if floats.dtype == types.float32 else np.int64
    return lambda floats: floats.view(kind)


@helper
def _highest(maps, bits, width, pixels, scores):
    """Fill pixels (M, 2) and scores (M,) with the first highest finite pixel of maps (M, H W)."""
    infinity = 0x7F800000 if bits.itemsize == 4 else 0x7FF0000000000000  # its bits
    lowest = -0x80000000 if bits.itemsize == 4 else -0x8000000000000000
    keys = np.empty(bits.shape[1], bits.dtype)
    for m in range(bits.shape[0]):
        peak, top = _first_largest(bits[m])
        if not 0 < top < infinity:
            for i in range(bits.shape[1]):
                key = bits[m, i] if bits[m, i] >= 0 else lowest - bits[m, i]
                keys[i] = key if -infinity < key < infinity else lowest
            peak, top = _first_largest(keys)
        if top == lowest or _is_flat(maps[m], maps[m, peak]):
            pixels[m, 0] = pixels[m, 1] = np.nan
            scores[m] = 0.0
        else:
            pixels[m, 0], pixels[m, 1] = peak % width, peak // width
            scores[m] = maps[m, peak]


@helper
def _first_largest(keys):
    """Index of the first largest integer, and its value."""
    start, top = 0, keys[0]
    for i in range(0, keys.shape[0], BLOCK):
        block = keys[i : i + BLOCK]
        largest = block[0]
        for j in range(block.shape[0]):
            largest = max(largest, block[j])
        if largest > top:
            start, top = i, largest
    while keys[start] != top:
        start += 1
    return start, top


@helper
def _is_flat(image, value):
    """Do all finite pixels equal ``value``? For nearly every map the first pixel decides."""
    if math.isfinite(image[0]) and image[0] != value:
        return False
    others = 0
    for i in range(image.shape[0]):
        others += (image[i] != value) & (abs(image[i]) < np.inf)
    return others == 0


@kernel
def refine_pixels(maps, which, method, coords):
    """Move coords (M, 2), the highest pixels (x, y) of the maps ``which`` (M,), to the peaks.

    ``method`` is the refinement's index in `REFINEMENTS`. NaN stays NaN.
    """
    for m in range(coords.shape[0] if method != ARGMAX else 0):
        if not math.isnan(coords[m, 0]):
            _refine(maps[which[m]], method, coords, m)


@helper
def _refine(image, method, coords, m):
    """Move coords[m], the highest pixel (x, y) of the image, to the peak."""
    x, y = int(coords[m, 0]), int(coords[m, 1])
    b, inside = np.float64(image[y, x]), 0 < x < image.shape[1] - 1 and 0 < y < image.shape[0] - 1
    for axis in range(2):
        dx, dy = 1 - axis, axis
        a, c, d = np.nan, np.nan, b
        if inside:
            a, c = np.float64(image[y - dy, x - dx]), np.float64(image[y + dy, x + dx])
        if not (math.isfinite(a) and math.isfinite(c)):
            a, c, d = _neighbours(image, y, x, dy, dx)
        coords[m, axis] += _refined(a, b, c, d, method)


@helper
def _neighbours(image, y, x, dy, dx):
    """The pixels a and c beside b at (y, x), and d: b, or the farther one if one is missing."""
    a2, a = _pixel(image, y - 2 * dy, x - 2 * dx), _pixel(image, y - dy, x - dx)
    c, c2 = _pixel(image, y + dy, x + dx), _pixel(image, y + 2 * dy, x + 2 * dx)
    b = np.float64(image[y, x])
    if math.isnan(a):
        return _extrapolated(b, c, c2), c, c2
    if math.isnan(c):
        return a, _extrapolated(b, a, a2), a2
    return a, c, b


@helper
def _pixel(image, y, x):
    """The pixel as float64; NaN where it is outside the image or not finite."""
    if 0 <= y < image.shape[0] and 0 <= x < image.shape[1] and math.isfinite(image[y, x]):
        return np.float64(image[y, x])
    return np.nan


@helper
def _extrapolated(b, c, d):
    """The pixel before b, c, d: of the Gaussian through them, or of the parabola."""
    return d * (b / c) ** 3 if b > 0 and c > 0 and d > 0 else 3 * b - 3 * c + d


@helper
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


@helper
def _quarter(a, b, c):
    """A quarter of a pixel towards the higher neighbour."""
    return 0.25 * np.sign(c - a) if a - 2 * b + c < 0 else 0.0


@helper
def _parabola(a, b, c):
    """The highest point of the parabola through a, b, c, at most a pixel away."""
    curvature = a - 2 * b + c
    if not curvature < 0:  # flat, or NaN: too few pixels to say
        return 0.0
    if curvature == -np.inf and b < np.inf:  # too large for a float
        a, c, curvature = 0.125 * a, 0.125 * c, 0.125 * a - 0.25 * b + 0.125 * c
    return min(max(0.5 * (a - c) / curvature, -1.0), 1.0)


@helper
def _log_parabola(a, b, c):
    """The highest point of the parabola through log a, log b, log c: a Gaussian's centre."""
    before, after = a / b, c / b
    if before > TINY and after > TINY:
        return _parabola(math.log(before), 0.0, math.log(after))
    return _parabola(math.log(a), math.log(b), math.log(c))
