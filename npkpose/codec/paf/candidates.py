"""Candidate limbs: pairs of peaks, scored by the line integral of the limb's field.

A candidate joins a peak a of the limb's first keypoint to a peak b of its second. With
samples e_s = F(p_s) . (b - a) / |b - a| evenly spaced from a to b, and d = |b - a|, it is
accepted if more than ``sample_fraction`` of the samples exceed ``sample_threshold`` and

    affinity = mean e_s + min(H / (2 d) - 1, 0)  >  0

The second term lowers the affinity of a limb longer than half the map's height H.

Cao et al., CVPR 2017, arXiv:1611.08050, section 2.3; the thresholds and the length term are those
of the authors' released code. Departures:

* End points lie between pixels and samples are bilinear, so the maps need no upsampling.
* The field says nothing about a limb shorter than a pixel: one that it would reject is accepted
  with affinity ``sample_threshold``, after all limbs that the field supports.
* Pruning (ours): a candidate over 8 pixels is scored only if it is at most ``max_length_ratio``
  times as long as every accepted candidate of 1 to 8 pixels that shares an end. Peaks are sorted
  into square bins, so few pairs of a crowd are compared. A peak without such a short candidate
  is compared with all.

Samples are read from the middle outwards, until too many have failed: most wrong candidates
leave the field half-way.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose._jit import kernel
from npkpose.codec.heatmap.peaks import check_peaks
from npkpose.codec.paf.fields import check_fields

NEAR = 8.0  # pixels: a candidate up to this long is always scored
TINY = 1.0  # pixels: a shorter candidate is not judged by the field, and prunes no others
BIN = 8  # pixels: side of a bin


class Limits(NamedTuple):
    """What a candidate must satisfy; `group_paf` describes each."""

    sample_threshold: float = 0.05
    sample_fraction: float = 0.8
    max_length_ratio: float = 8.0  # infinite: no pruning


class _Bins(NamedTuple):
    """The peaks of each keypoint, sorted into ``rows`` x ``cols`` square bins."""

    rows: int
    cols: int
    peaks: np.ndarray  # (M,) int: peak numbers, bin after bin of keypoint after keypoint
    starts: np.ndarray  # (K rows cols + 1,) int: where in ``peaks`` each bin starts


class _Candidates(NamedTuple):
    """A list of accepted candidates; ``count`` includes those beyond its capacity."""

    rows: np.ndarray  # (capacity, 3) int: limb type, a, b
    affinities: np.ndarray  # (capacity,)
    count: np.ndarray  # (1,) int


def candidate_limbs(peaks, pafs, skeleton, num_samples=10, limits=Limits()):
    """Return the accepted candidates, in no particular order.

    Parameters
    ----------
    peaks : Peaks of the skeleton's K maps
    pafs : ndarray, shape (C, H, W)
        float32, C-contiguous, finite, C at least ``skeleton.num_paf_channels``.
    skeleton : Skeleton
    num_samples : int, at least 2
    limits : Limits

    Returns
    -------
    rows : ndarray of int, shape (N, 3)
        Limb type and peak numbers a, b.
    affinities : ndarray, shape (N,)
        Positive.
    """
    pafs = check_fields(pafs, skeleton)
    peaks = check_peaks(peaks, skeleton.num_keypoints, pafs.shape[1:])
    steps = np.linspace(0.0, 1.0, num_samples)
    steps = steps[np.argsort(abs(steps - 0.5), kind="stable")]  # from the middle outwards
    limits = Limits(*map(float, limits))
    bins = _sort_into_bins(peaks, pafs.shape[1:])
    capacity = 4 * len(peaks.points)
    while True:  # at most twice: the first run counts all candidates
        rows, affinities = np.empty((capacity, 3), dtype=np.int64), np.empty(capacity)
        found = _Candidates(rows, affinities, np.zeros(1, dtype=np.int64))
        _score(pafs, skeleton.limbs_and_channels, peaks, bins, steps, limits, found)
        count = int(found.count[0])
        if count <= capacity:
            return rows[:count], affinities[:count]
        capacity = count


def _sort_into_bins(peaks, shape):
    """Return the `_Bins` of peaks on maps of this shape (H, W)."""
    keypoints, rows, cols = len(peaks.first) - 1, shape[0] // BIN + 1, shape[1] // BIN + 1
    cells = np.clip(peaks.points // BIN, 0, (cols - 1, rows - 1)).astype(np.int64)
    keypoint = np.repeat(np.arange(keypoints), np.diff(peaks.first))
    bins = (keypoint * rows + cells[:, 1]) * cols + cells[:, 0]
    starts = np.zeros(keypoints * rows * cols + 1, dtype=np.int64)
    np.cumsum(np.bincount(bins, minlength=len(starts) - 1), out=starts[1:])
    return _Bins(rows, cols, np.argsort(bins, kind="stable"), starts)


@kernel
def _score(pafs, limbs, peaks, bins, steps, limits, candidates):
    """Score the candidates of every limb type, short ones first: those prune the long ones."""
    max_length = np.empty(len(peaks.points))  # of the candidates of each peak
    others = np.empty(len(peaks.points), np.int64)
    for limb in range(limbs.shape[0]):
        start, end, channel_x, channel_y = limbs[limb]
        fields = pafs[channel_x], pafs[channel_y]
        max_length[:] = np.inf
        for long in (False, True):
            for a in range(peaks.first[start], peaks.first[start + 1]):
                count = _find_others(a, end, long, peaks.points, bins, max_length, others)
                ends = limb, a, others[:count]
                _score_pairs(ends, fields, peaks.points, steps, limits, max_length, candidates)


@kernel
def _find_others(a, keypoint, long, points, bins, max_length, others):
    """List the peaks of a keypoint at a short or long distance from peak a; return how many."""
    x, y = points[a, 0], points[a, 1]
    radius = max_length[a] if long else NEAR
    left, top = int(max(x - radius, 0.0)) // BIN, int(max(y - radius, 0.0)) // BIN
    right = int(min(x + radius, BIN * bins.cols - 1.0)) // BIN
    bottom = int(min(y + radius, BIN * bins.rows - 1.0)) // BIN
    count = 0
    for row in range(top, bottom + 1):
        first_bin = (keypoint * bins.rows + row) * bins.cols  # the bins of a row are adjacent
        start, stop = bins.starts[first_bin + left], bins.starts[first_bin + right + 1]
        for b in bins.peaks[start:stop]:
            length = _length(points[b, 0] - x, points[b, 1] - y)
            if length <= radius and (not long or NEAR < length <= max_length[b]):
                others[count] = b
                count += 1
    return count


@kernel
def _score_pairs(ends, fields, points, steps, limits, max_length, candidates):
    """List the accepted candidates of a limb type from peak a to each of the others."""
    (limb, a, others), (field_x, field_y) = ends, fields
    x, y = points[a, 0], points[a, 1]
    for b in others:
        dx, dy = points[b, 0] - x, points[b, 1] - y
        affinity = _affinity(field_x, field_y, x, y, dx, dy, steps, limits)
        if affinity > 0:
            _append(candidates, limb, a, b, affinity)
            length = _length(dx, dy)
            if TINY < length <= NEAR:
                max_length[a] = min(max_length[a], limits.max_length_ratio * length)
                max_length[b] = min(max_length[b], limits.max_length_ratio * length)


@kernel
def _affinity(field_x, field_y, x, y, dx, dy, steps, limits):
    """Return the affinity of the candidate from (x, y) to (x + dx, y + dy); <= 0: rejected."""
    length = _length(dx, dy)
    rejected = max(limits.sample_threshold, 0.0) if length < TINY else 0.0
    if length == 0:
        return rejected
    total, passed = 0.0, len(steps)  # a sample that is not read yet has passed
    too_few = limits.sample_fraction * passed
    for s in range(len(steps)):
        u = steps[s]
        e = _project(field_x, field_y, x + u * dx, y + u * dy, dx, dy) / length
        total += e
        if e <= limits.sample_threshold:
            passed -= 1
            if passed <= too_few:
                return rejected
    if passed <= too_few:
        return rejected
    affinity = total / len(steps) + min(0.5 * field_x.shape[0] / length - 1.0, 0.0)
    return max(affinity, rejected)


@kernel
def _project(field_x, field_y, x, y, dx, dy):
    """The bilinear field at (x, y), times (dx, dy); a point outside takes the border's value."""
    bottom, right = field_x.shape[0] - 1, field_x.shape[1] - 1
    x, y = min(max(x, 0.0), float(right)), min(max(y, 0.0), float(bottom))
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, right), min(y0 + 1, bottom)
    fx, fy = x - x0, y - y0
    w00, w01, w10, w11 = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
    along_x = w00 * field_x[y0, x0] + w01 * field_x[y0, x1] + w10 * field_x[y1, x0]
    along_y = w00 * field_y[y0, x0] + w01 * field_y[y0, x1] + w10 * field_y[y1, x0]
    return (along_x + w11 * field_x[y1, x1]) * dx + (along_y + w11 * field_y[y1, x1]) * dy


@kernel
def _append(candidates, limb, a, b, affinity):
    """List a candidate if there is capacity for it, and count it in any case."""
    n = candidates.count[0]
    if n < len(candidates.affinities):
        candidates.rows[n, 0], candidates.rows[n, 1], candidates.rows[n, 2] = limb, a, b
        candidates.affinities[n] = affinity
    candidates.count[0] = n + 1


@kernel
def _length(dx, dy):
    return math.sqrt(dx * dx + dy * dy)
