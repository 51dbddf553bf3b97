"""Heatmaps to peaks: every local maximum of every map, for images of many people.

A peak is a pixel, or a connected plateau of equal pixels, with a finite value above the
threshold, all of whose eight neighbours are lower or not finite. Its pixel is refined as in
heatmap/decode.py, borders included; a plateau is one peak, at the mean of its refined pixels.
A map whose pixels are all equal has no peak.

Peaks are ordered by keypoint, then by falling score, then by raster order; truncation and
suppression keep the best of each keypoint, where several published decoders keep the first.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import (
    MAX_INTEGER,
    check_array,
    check_choice,
    check_integer,
    check_kind,
    check_number,
    check_read_only,
)
from npkpose._jit import helper, kernel
from npkpose.codec.heatmap.decode import FLOATS, REFINEMENTS, refine_pixels

MAX_PEAKS = 2**15  # of one image, in what compares peaks: a crowd of 1,600 people has 26,000
CAPACITY = 2**12  # pixels of peaks that are listed at first


class Peaks(NamedTuple):
    """M peaks of K maps, ordered by map, then by falling score."""

    points: np.ndarray  # (M, 2): (x, y) in heatmap pixels
    scores: np.ndarray  # (M,): value of the highest pixel
    first: np.ndarray  # (K + 1,) int: peaks of map k are first[k] to first[k + 1]


def find_peaks(
    heatmaps: ArrayLike, threshold: float = 0.1, refine: str = "log_parabola",
    min_distance: float = 0.0, max_peaks: int | None = None,
) -> Peaks:  # fmt: skip
    """Return every local maximum above ``threshold``.

    Parameters
    ----------
    heatmaps : array_like, shape (K, H, W)
        float32 and float64 are read as they are, other real types as float64.
    threshold : float
        A peak's value must exceed it. 0.1 is Cao et al.'s.
    refine : "argmax", "quarter", "parabola" or "log_parabola"
    min_distance : float
        A peak nearer than this to a better one of the same map is dropped, heatmap pixels.
    max_peaks : int, optional
        The most peaks to keep for each map.

    Returns
    -------
    peaks : Peaks
        Of length 0 where no pixel exceeds the threshold.

    Raises
    ------
    ValueError
        Wrong shape, values that are not real numbers, or a parameter out of range.
    """
    heatmaps = check_read_only("heatmaps", heatmaps, "KHW", FLOATS)
    threshold = check_number("threshold", threshold)
    method = REFINEMENTS.index(check_choice("refine", refine, REFINEMENTS))
    min_distance = check_number("min_distance", min_distance, at_least=0)
    if max_peaks is not None:
        max_peaks = min(heatmaps.size, check_integer("max_peaks", max_peaks, 1, math.inf))
    points, scores, which = _sorted_maxima(heatmaps, threshold, method)
    if min_distance > 0 or max_peaks is not None:
        keep = _kept(points, which, heatmaps, min_distance, max_peaks)
        points, scores, which = points[keep], scores[keep], which[keep]
    return Peaks(points, scores, np.searchsorted(which, np.arange(len(heatmaps) + 1)))


def check_peaks(peaks, maps, size):
    """Return the peaks with arrays that kernels may index, or raise ValueError.

    They must be those of ``maps`` maps of ``size`` (H, W): a refined peak lies at most a pixel
    outside its map.
    """
    check_kind("peaks", peaks, Peaks)
    points = check_array("peaks.points", peaks.points, ("M", 2))
    scores = check_array("peaks.scores", peaks.scores, (len(points),))
    first = check_first(peaks.first, maps, len(points))
    outside = ((points < -1) | (points > size[::-1])).any(axis=1) | (0 in size)
    if outside.any():
        m = int(outside.argmax())
        raise ValueError(
            f"peaks.points[{m}]: expected (x, y) within a pixel of a map of {size} pixels, "
            f"got {points[m]}"
        )
    return Peaks(points, scores, first)


def check_first(first, maps, total):
    """Return ``peaks.first`` of ``total`` peaks of ``maps`` maps, or raise ValueError."""
    first = check_array("peaks.first", first, (maps + 1,), np.int64)
    if first[0] != 0 or first[-1] != total or (np.diff(first) < 0).any():
        raise ValueError(f"peaks.first: expected 0 up to {total}, ascending, got {first}")
    return first


def _sorted_maxima(heatmaps, threshold, method, limit=MAX_INTEGER):
    """Return the points (M, 2) of all peaks, their scores (M,) and maps (M,), in the order of
    `Peaks`. More than ``limit`` are refused."""
    heatmaps = heatmaps.view()
    heatmaps.setflags(write=False)  # one kernel for maps that may be written and for others
    pixels, which, starts, scores = _local_maxima(heatmaps, threshold, limit)
    if len(starts) > limit:
        raise ValueError(
            f"heatmaps: expected at most {limit} peaks above the threshold {threshold:g}, got "
            "more: noise, or another scale? Raise the threshold, or smooth the heatmaps"
        )
    refine_pixels(heatmaps, which, method, pixels)
    if len(starts) < len(pixels):  # plateaus
        sizes = np.diff(starts, append=len(pixels))
        pixels = np.add.reduceat(pixels, starts) / sizes[:, None]
        which = which[starts]
    order = np.lexsort((-scores, which))  # stable: raster order between equals
    return pixels[order], scores[order], which[order]


def _kept(points, which, heatmaps, min_distance, max_peaks):
    """Return which peaks (M,) stay, given in the order of `Peaks`."""
    side = max(min_distance, 1.0)
    shape = [int(length / side) + 3 for length in heatmaps.shape[1:]]
    cells = np.full(shape, -1, dtype=np.int64)
    below = np.empty(len(points), dtype=np.int64)
    keep = np.empty(len(points), dtype=np.bool_)
    limit = heatmaps.size if max_peaks is None else max_peaks
    _suppress(points, which, min_distance, limit, side, cells, below, keep)
    return keep


def _local_maxima(heatmaps, threshold, limit):
    """Return the pixels (R, 2) of all peaks and their maps (R,), and of each peak its first pixel
    (M,) and its value (M,).

    If there are more than ``limit`` peaks, some of them.
    """
    seen = np.full(heatmaps.shape[1:], -1, dtype=np.int64)
    for capacity in (min(CAPACITY, heatmaps.size), heatmaps.size):
        pixels, scores = np.empty((capacity, 2)), np.empty(capacity)
        numbers, counts = np.empty((2, capacity), dtype=np.int64), np.zeros(2, dtype=np.int64)
        _scan(heatmaps, threshold, limit, seen, pixels, scores, numbers, counts)
        r, m = counts.tolist()
        if r <= capacity:
            break
        seen[:] = -1
    return pixels[:r], numbers[0, :r], numbers[1, :m], scores[:m]


@kernel
def _scan(heatmaps, threshold, limit, seen, pixels, scores, numbers, counts):
    """List the pixels and the value of every peak.

    ``numbers`` gets the map of each pixel and the first pixel of each peak. ``seen`` holds the last
    map with a plateau at the pixel. It stops after ``limit`` + 1 peaks, or with a count beyond
    capacity.
    """
    r, m, tops = 0, 0, np.empty(heatmaps.shape[2], np.bool_)
    for k in range(heatmaps.shape[0]):
        image = heatmaps[k]
        for y in range(image.shape[0]):
            if not _exceeds(image, y, threshold):
                continue
            _mark_tops(image, y, threshold, tops)
            for x in range(image.shape[1]):
                if not tops[x] or seen[y, x] == k:
                    continue
                size = _follow(image, y, x, k, seen, pixels[r:])
                if r + size > len(pixels) or m > limit:
                    counts[0], counts[1] = r + size, m
                    return
                if size > 0:
                    numbers[0, r : r + size], numbers[1, m], scores[m] = k, r, image[y, x]
                    r += size
                    m += 1
    counts[0], counts[1] = r, m


@helper
def _exceeds(image, y, threshold):
    """Is any pixel of a row above the threshold? A loop without branches compares many at once."""
    above = 0
    for x in range(image.shape[1]):
        above |= image[y, x] > threshold
    return above > 0


@helper
def _mark_tops(image, y, threshold, tops):
    """Mark a row's pixels above the threshold and not lower than the four beside: no branches."""
    last = image.shape[1] - 1
    row, above, below = image[y], image[max(y - 1, 0)], image[min(y + 1, image.shape[0] - 1)]
    for x in range(1, last):
        is_top = _is_top(row[x], row[x - 1], row[x + 1])
        tops[x] = (threshold < row[x]) & is_top & _is_top(row[x], above[x], below[x])
    for x in (0, last):
        is_top = _is_top(row[x], row[max(x - 1, 0)], row[min(x + 1, last)])
        tops[x] = (threshold < row[x]) & is_top & _is_top(row[x], above[x], below[x])


@helper
def _is_top(here, before, after):
    """Is a pixel finite, and neither finite pixel beside it higher?"""
    lower = (here < before) & (before < np.inf) | (here < after) & (after < np.inf)
    return (here < np.inf) & (not lower)


@helper
def _rank(image, y, x):
    """1 if all neighbours are lower, 0 if some are equal, -1 if one is higher."""
    rank = 1
    for j in range(max(y - 1, 0), min(y + 2, image.shape[0])):
        for i in range(max(x - 1, 0), min(x + 2, image.shape[1])):
            if image[y, x] < image[j, i] < np.inf:
                return -1
            if image[j, i] == image[y, x] and (j != y or i != x):
                rank = 0
    return rank


@helper
def _follow(image, y, x, mark, seen, queue):
    """Queue the pixels (x, y) of the plateau at (y, x); return their number, 0 if it is no peak.

    A number beyond the queue's length if they do not fit.
    """
    rank = _rank(image, y, x)
    if rank < 0 or len(queue) == 0:
        return 0 if rank < 0 else 1
    queue[0, 0], queue[0, 1] = x, y
    if rank == 1:
        return 1 if image.size > 1 else 0
    seen[y, x] = mark
    is_peak, top, done = True, 1, 0
    while done < top:
        x, y = int(queue[done, 0]), int(queue[done, 1])
        done += 1
        is_peak = is_peak and _rank(image, y, x) == 0
        for j in range(max(y - 1, 0), min(y + 2, image.shape[0])):
            for i in range(max(x - 1, 0), min(x + 2, image.shape[1])):
                if image[j, i] == image[y, x] and seen[j, i] != mark:
                    if top == len(queue):
                        return top + 1
                    seen[j, i] = mark
                    queue[top, 0], queue[top, 1] = i, j
                    top += 1
    return top if is_peak and top < image.size else 0


@kernel
def _suppress(points, which, min_distance, limit, side, cells, below, keep):
    """Fill ``keep``: not too near a better peak of the same map, and among the best ``limit``.

    The map and a margin of one cell are divided into squares of ``side``. Each cell holds the
    last peak kept in it, or -1; ``below`` (M,) holds the peak that was kept there before.
    """
    start, kept = 0, 0
    for m in range(points.shape[0]):
        if m > 0 and which[m] != which[m - 1]:
            for n in range(start, m):  # clear the cells of the map before
                row = _cell(points[n, 1], side, cells.shape[0])
                cells[row, _cell(points[n, 0], side, cells.shape[1])] = -1
            start, kept = m, 0
        j = _cell(points[m, 1], side, cells.shape[0])
        i = _cell(points[m, 0], side, cells.shape[1])
        keep[m] = kept < limit and not _is_near(points, m, min_distance, cells, below, j, i)
        if keep[m]:
            below[m], cells[j, i] = cells[j, i], m
            kept += 1


@helper
def _is_near(points, m, min_distance, cells, below, j, i):
    """Is a kept peak in the cells around (j, i) nearer to peak m than ``min_distance``?"""
    for row in range(max(j - 1, 0), min(j + 2, cells.shape[0])):
        for col in range(max(i - 1, 0), min(i + 2, cells.shape[1])):
            n = cells[row, col]
            while n >= 0:
                dx, dy = points[m, 0] - points[n, 0], points[m, 1] - points[n, 1]
                if np.hypot(dx, dy) < min_distance:
                    return True
                n = below[n]
    return False


@helper
def _cell(x, side, count):
    """The cell of a coordinate; points lie at most a pixel outside the map."""
    return min(max(int((x + side) / side), 0), count - 1)
