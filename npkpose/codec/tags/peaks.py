"""The peaks of tag grouping: pixels that are the highest within two pixels.

A peak is a pixel, or a plateau of equal pixels each within two pixels of another, with a finite
value above the threshold and nothing higher in the 5 x 5 windows around it. Each keypoint keeps
its best peaks, by falling score, then raster order. A peak's tag is read at its first pixel.

The point of a peak is its pixel moved by a quarter of a pixel towards the higher neighbour, along
each axis; the point of a plateau is the mean over its pixels.

Cheng et al., "HigherHRNet: Scale-Aware Representation Learning for Bottom-Up Human Pose
Estimation", CVPR 2020, arXiv:1908.10357, whose released code sets the 5 x 5 window and the
quarter. Departures: a plateau is one peak, while comparing the map with its maximum filter lists
every pixel of it; equal neighbours, and borders, give no offset, while the code moves left and
up; half a pixel is not added, since a `Grid` says where pixels lie; a map that is a single
plateau has no peak.
"""

from typing import NamedTuple

import numpy as np

from npkpose._jit import helper, kernel


class TagPeaks(NamedTuple):
    """M peaks of K maps, ordered by map, then by falling score."""

    points: np.ndarray  # (M, 2): (x, y) in heatmap pixels
    scores: np.ndarray  # (M,): the pixel's value
    pixels: np.ndarray  # (M, 3) int: map, y, x of the first pixel
    first: np.ndarray  # (K + 1,) int: peaks of map k are first[k] to first[k + 1]


def find_tag_peaks(heatmaps, threshold, max_peaks, offset):
    """Return the best ``max_peaks`` peaks of each map.

    Parameters
    ----------
    heatmaps : ndarray, shape (K, H, W), float32 or float64
        C-contiguous.
    threshold : float
        Compared in the heatmaps' own precision.
    max_peaks : int
    offset : float
        How far a point moves towards the higher neighbour: 0.25, or 0 to stay on the pixel.

    Returns
    -------
    peaks : TagPeaks
    """
    maps, height, width = heatmaps.shape
    # Two passes of NumPy are faster than a compiled loop here; few pixels are candidates.
    with np.errstate(over="ignore"):  # no float32 exceeds a threshold that becomes infinite
        candidates = np.flatnonzero(heatmaps > threshold)
    queue = np.empty((len(candidates), 2), dtype=np.int64)
    pixels, points = np.empty((len(candidates), 3), dtype=np.int64), np.empty((len(candidates), 2))
    seen = np.zeros((height, width), dtype=np.int64)
    count = np.zeros(1, dtype=np.int64)
    _list_peaks(heatmaps, candidates, offset, seen, queue, pixels, points, count)
    pixels, points = pixels[: count[0]], points[: count[0]]
    which, y, x = pixels.T
    scores = heatmaps[which, y, x].astype(float)

    order = np.lexsort((-scores, which))  # stable: raster order among equals
    first = np.searchsorted(which, np.arange(maps + 1))  # the pixels are sorted by map
    rank = np.arange(len(which)) - first[which]
    order = order[rank < max_peaks]
    first = np.searchsorted(which[order], np.arange(maps + 1))
    return TagPeaks(points[order], scores[order], pixels[order], first)


def offset_pixels(heatmaps, pixels, offset):
    """Return points (M, 2), moved towards the higher neighbours, of pixels (M, 3): map, y, x."""
    points = np.empty((len(pixels), 2))
    _offset_pixels(heatmaps, pixels, offset, points)
    return points


@kernel
def _list_peaks(maps, candidates, offset, seen, queue, pixels, points, count):
    """List the first pixel and the point of every peak.

    ``seen`` holds 1 + the last map in which a plateau used the pixel.
    """
    m, height, width = 0, maps.shape[1], maps.shape[2]
    for candidate in candidates:
        k, y, x = candidate // (height * width), candidate // width % height, candidate % width
        image = maps[k]
        if seen[y, x] == k + 1 or not image[y, x] < np.inf or _rank(image, y, x) < 0:
            continue
        size = _plateau(image, y, x, k + 1, seen, queue)
        if size > 0:
            pixels[m, 0], pixels[m, 1], pixels[m, 2] = k, y, x
            points[m, 0], points[m, 1] = _mean_point(image, queue[:size], offset)
            m += 1
    count[0] = m


@helper
def _rank(image, y, x):
    """Return 1 if the window has no pixel as high, 0 if an equal one, -1 if a higher one."""
    rank = 1
    for j in range(max(y - 2, 0), min(y + 3, image.shape[0])):
        for i in range(max(x - 2, 0), min(x + 3, image.shape[1])):
            if image[y, x] < image[j, i] < np.inf:
                return -1
            if image[j, i] == image[y, x] and (j != y or i != x):
                rank = 0
    return rank


@helper
def _plateau(image, y, x, mark, seen, queue):
    """Queue the pixels (y, x) of the plateau at (y, x); return how many, or 0 if it is no peak."""
    queue[0, 0], queue[0, 1] = y, x
    if _rank(image, y, x) == 1:
        return 1 if image.size > 1 else 0
    seen[y, x] = mark
    is_peak, top, done = True, 1, 0
    while done < top:
        y, x = queue[done, 0], queue[done, 1]
        done += 1
        is_peak = is_peak and _rank(image, y, x) == 0
        for j in range(max(y - 2, 0), min(y + 3, image.shape[0])):
            for i in range(max(x - 2, 0), min(x + 3, image.shape[1])):
                if image[j, i] == image[y, x] and seen[j, i] != mark:
                    seen[j, i] = mark
                    queue[top, 0], queue[top, 1] = j, i
                    top += 1
    return top if is_peak and top < image.size else 0


@helper
def _mean_point(image, pixels, offset):
    """Return the mean (x, y) of pixels (M, 2): y, x, each moved towards its higher neighbours."""
    total_x, total_y = 0.0, 0.0
    for n in range(pixels.shape[0]):
        y, x = pixels[n, 0], pixels[n, 1]
        total_x += x + offset * _slope(image, y, x, 0, 1)
        total_y += y + offset * _slope(image, y, x, 1, 0)
    return total_x / pixels.shape[0], total_y / pixels.shape[0]


@helper
def _slope(image, y, x, dy, dx):
    """Return 1 if the image rises along (dy, dx), -1 if it falls, else 0."""
    if not (dy <= y < image.shape[0] - dy and dx <= x < image.shape[1] - dx):
        return 0
    before, after = image[y - dy, x - dx], image[y + dy, x + dx]
    if not (np.isfinite(before) and np.isfinite(after)):
        return 0
    return int(after > before) - int(after < before)


@kernel
def _offset_pixels(maps, pixels, offset, points):
    for m in range(pixels.shape[0]):
        k, y, x = pixels[m, 0], pixels[m, 1], pixels[m, 2]
        points[m, 0] = x + offset * _slope(maps[k], y, x, 0, 1)
        points[m, 1] = y + offset * _slope(maps[k], y, x, 1, 0)
