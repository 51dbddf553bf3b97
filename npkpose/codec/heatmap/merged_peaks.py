"""Neighbouring peaks that have merged: one maximum where two people's keypoints lie.

Two Gaussians of standard deviation s that are closer than about 2 s have one maximum, between
them. But a target map is the maximum of its Gaussians, not their sum (Cao et al., CVPR 2017,
arXiv:1611.08050, section 2.2),

    h(p) = max_m a_m exp(-|p - c_m|^2 / (2 s_m^2))

so each pixel p belongs to one Gaussian alone and shows where its centre is: log h has the slope
(c - p) / s^2 there. Starting from the maxima of a map,

1. s^2 is measured on the four lines of three pixels through each maximum; the narrowest is taken,
   because a neighbour can only widen them;
2. another Gaussian is hidden where the map exceeds all known Gaussians by more than the threshold
   of a peak, and by more than at any other pixel within 3 pixels;
3. each pixel is given to the Gaussian that is highest there, and each Gaussian within 3 pixels of
   a hidden one is fitted to its own pixels, by least squares of log h; three times;
4. a hidden Gaussian is rejected and the others restored if it ends at a pixel below the threshold,
   or less than half a pixel from another; if more than a fifth of the largest difference between
   map and Gaussians within 3 pixels remains; or if one elliptic Gaussian explains the pixels of
   the hidden one and of the one that hid it nearly as well: a broad or skew peak of a network is
   not two people;
5. steps 2 to 4 repeat until no Gaussian is hidden, at most three times.

log h + |p|^2 / (2 s^2) is a maximum of planes, and steps 2 and 3 are the usual way to fit one:
Magnani and Boyd, "Convex piecewise-linear fitting", Optimization and Engineering 2009.

Step 1 and the public function are in this file, steps 2 to 5 in heatmap/hidden_peaks.py.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import check_array, check_number
from npkpose._jit import helper, kernel
from npkpose.codec.heatmap.hidden_peaks import add_hidden_peaks
from npkpose.codec.heatmap.peaks import MAX_PEAKS, Peaks, check_peaks

X, Y, LOG_A, S2 = range(4)  # columns of ``gaussians``, as in heatmap/hidden_peaks.py
MIN_S2 = 0.1  # pixels^2: the least s^2
CHUNK = 4096  # peaks that one call of a kernel looks at


def separate_peaks(heatmaps: ArrayLike, peaks: Peaks, threshold: float = 0.1) -> Peaks:
    """Return the peaks and those hidden beside them.

    Parameters
    ----------
    heatmaps : array_like, shape (K, H, W)
        Read as float32.
    peaks : Peaks of these maps
        At most 32,768: the time grows with their number times that of their neighbours.
    threshold : float, positive
        By how much a map must exceed the Gaussians of its known peaks.

    Returns
    -------
    peaks : Peaks
        At most three for each given one, which keeps its score; the score of a hidden one is the
        value of the pixel nearest to it, and exceeds the threshold. If none is hidden, the same
        peaks.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, peaks of another number of maps, outside of them, too many or
        of arrays that disagree, or a threshold that is not positive.
    """
    heatmaps = check_array("heatmaps", heatmaps, ("K", "H", "W"), np.float32)
    threshold = check_number("threshold", threshold, above=0)
    peaks = check_peaks(peaks, len(heatmaps), heatmaps.shape[1:])
    if len(peaks.points) > MAX_PEAKS:
        raise ValueError(
            f"peaks: expected at most {MAX_PEAKS}, got {len(peaks.points)}: noise, or another "
            "scale? Find them with a higher threshold"
        )
    return _separate(heatmaps, peaks, threshold)


def _separate(heatmaps, peaks, threshold):
    """Return what `separate_peaks` does, for arguments that are checked."""
    room = 3 * len(peaks.points)
    gaussians, scores = np.full((room, 4), -np.inf), np.empty(room)
    which, first = np.empty(room, np.int64), np.zeros(len(heatmaps) + 1, np.int64)
    _measure(heatmaps, peaks.points, peaks.first, threshold, gaussians)
    for maps in _chunks(peaks.first):  # so that Ctrl-C stops it
        ends = slice(maps.start, maps.stop + 1)
        add_hidden_peaks(heatmaps[maps], peaks.first[ends], threshold, gaussians)
    _collect(heatmaps, peaks.first, peaks.scores, gaussians, scores, which, first)
    total = first[-1]
    order = np.lexsort((-scores[:total], which[:total]))  # stable: a hidden one after its equals
    return Peaks(gaussians[order, :2], scores[order], first)


def _chunks(first):
    """Return slices of the maps, each of at most CHUNK peaks or of one map."""
    if first[-1] <= CHUNK:
        return [slice(0, len(first) - 1)]
    chunks, start = [], 0
    for k in range(1, len(first)):
        if k == len(first) - 1 or first[k + 1] - first[start] > CHUNK:
            chunks.append(slice(start, k))
            start = k
    return chunks


@kernel
def _measure(heatmaps, points, first, threshold, gaussians):
    """Describe each peak as a Gaussian; those of map k start at row 3 first[k]."""
    for k in range(heatmaps.shape[0]):
        image = heatmaps[k]
        for m in range(first[k], first[k + 1]):
            x, y = points[m]
            i, j = _inside(x, image.shape[1]), _inside(y, image.shape[0])
            here = max(image[j, i], threshold)
            s2, n = _narrowest(image, i, j, here), m + 2 * first[k]
            gaussians[n, X], gaussians[n, Y], gaussians[n, S2] = x, y, s2
            gaussians[n, LOG_A] = math.log(here) + ((x - i) ** 2 + (y - j) ** 2) / (2 * s2)


@kernel
def _collect(heatmaps, known, known_scores, gaussians, scores, which, first):
    """Move all Gaussians to the front; fill their scores, maps, and where each map starts.

    ``known`` is the ``first`` of the known peaks.
    """
    total = 0
    for k in range(heatmaps.shape[0]):
        start, end = 3 * known[k], 3 * known[k + 1]
        hidden = start + known[k + 1] - known[k]  # the first row behind the known ones
        for n in range(start, end):
            if n < hidden:
                scores[total] = known_scores[n - start + known[k]]
            elif gaussians[n, LOG_A] > -np.inf:
                scores[total] = _nearest(heatmaps[k], gaussians[n, X], gaussians[n, Y])
            else:
                continue
            which[total] = k
            for i in range(4):
                gaussians[total, i] = gaussians[n, i]
            total += 1
        first[k + 1] = total


@helper
def _narrowest(image, i, j, here):
    """The least s^2 of a Gaussian through three pixels in a line; 1 if none fits."""
    s2 = np.inf
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        ratio = _pixel(image, i - dx, j - dy) * _pixel(image, i + dx, j + dy) / here**2
        if 0 < ratio < 1:
            s2 = min(s2, (dx * dx + dy * dy) / -math.log(ratio))
    return max(s2, MIN_S2) if s2 < np.inf else 1.0


@helper
def _nearest(image, x, y):
    """The value of the pixel nearest to (x, y)."""
    return image[_inside(y, image.shape[0]), _inside(x, image.shape[1])]


@helper
def _inside(x, size):
    """The index of the pixel nearest to x."""
    return min(max(math.floor(x + 0.5), 0), size - 1)


@helper
def _pixel(image, x, y):
    """The pixel as float64; 0 outside."""
    if 0 <= x < image.shape[1] and 0 <= y < image.shape[0]:
        return np.float64(image[y, x])
    return 0.0
