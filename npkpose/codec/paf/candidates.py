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

On noise, or without pruning, nearly all pairs of peaks are compared: M^2 of M peaks. So the cost is
bounded: an image is refused if more than MAX_COST pairs and samples would be looked at (2^26; each
scored pair counts ``num_samples``), or more than MAX_CANDIDATES accepted (2^19). A crowd of 1,600
people takes three quarters of the one and a ninth of the other; without pruning 600 people fit.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from npkpose._check import check_integer
from npkpose._jit import helper, kernel
from npkpose.codec.heatmap.peaks import check_peaks
from npkpose.codec.paf.fields import MAX_SAMPLES, check_fields

NEAR = 8.0  # pixels: a candidate up to this long is always scored
TINY = 1.0  # pixels: a shorter candidate is not judged by the field, and prunes no others
BIN = 8  # pixels: side of a bin
MAX_COST = 2**26  # pairs of peaks and samples looked at in one image: about a second
MAX_CANDIDATES = 2**19  # accepted in one image: 16 MB


class Limits(NamedTuple):
    """What a candidate must satisfy; `group_paf` describes each."""

    sample_threshold: float = 0.05
    sample_fraction: float = 0.8
    max_length_ratio: float = 8.0  # infinite: no pruning


class _Bins(NamedTuple):
    """The peaks, sorted by keypoint and, for each, into ``rows`` x ``cols`` square bins."""

    rows: int
    cols: int
    points: np.ndarray  # (M, 2): bin after bin
    peaks: np.ndarray  # (M,) int: their numbers
    starts: np.ndarray  # (K rows cols + 2,) int: where each bin starts


class _Candidates(NamedTuple):
    """A list of accepted candidates."""

    rows: np.ndarray  # (capacity, 3) int: limb type, a, b
    affinities: np.ndarray  # (capacity,)
    counts: np.ndarray  # (2,) int: candidates, with those beyond capacity; the cost


def candidate_limbs(peaks, pafs, skeleton, num_samples=10, limits=Limits()):
    """Return the accepted candidates, in no particular order.

    Parameters
    ----------
    peaks : Peaks of the skeleton's K maps
    pafs : ndarray, shape (C, H, W)
        float32, C-contiguous, finite, C at least ``skeleton.num_paf_channels``.
    skeleton : Skeleton
    num_samples : int, from 2 to 10,000
    limits : Limits

    Returns
    -------
    rows : ndarray of int, shape (N, 3)
        Limb type and peak numbers a, b.
    affinities : ndarray, shape (N,)
        Positive.

    Raises
    ------
    ValueError
        Peaks or fields that do not fit the skeleton or each other, or too many pairs or candidates.
    """
    pafs = check_fields(pafs, skeleton)
    peaks = check_peaks(peaks, skeleton.num_keypoints, pafs.shape[1:])
    num_samples = check_integer("num_samples", num_samples, 2, MAX_SAMPLES)
    return _candidates(peaks, pafs, skeleton, num_samples, Limits(*map(float, limits)))


def _candidates(peaks, pafs, skeleton, num_samples, limits):
    """Return what `candidate_limbs` does, for arguments that are checked."""
    bins, limbs = _sort_into_bins(peaks, pafs.shape[1:]), _limbs_and_channels(skeleton)
    for capacity in (4 * len(peaks.points), MAX_CANDIDATES):  # the first is nearly always enough
        capacity = min(capacity, MAX_CANDIDATES)
        rows, affinities = np.empty((capacity, 3), dtype=np.int64), np.empty(capacity)
        counts = np.zeros(2, dtype=np.int64)
        found = _Candidates(rows, affinities, counts)
        _score(pafs, limbs, peaks.first, bins, _steps(num_samples), limits, found)
        count, cost = counts.tolist()
        if cost > MAX_COST:
            break
        if count <= capacity:
            return rows[:count], affinities[:count]
    raise ValueError(
        f"peaks: expected at most {MAX_COST} pairs and samples to look at and {MAX_CANDIDATES} "
        f"candidate limbs, got more for {len(peaks.points)} peaks: if they are noise, raise "
        "threshold; else lower max_length_ratio or num_samples"
    )


@functools.lru_cache
def _limbs_and_channels(skeleton):
    """Return `Skeleton.limbs_and_channels`; making it takes as long as scoring one person."""
    return skeleton.limbs_and_channels


@functools.lru_cache
def _steps(num_samples):
    """Return where the samples of a limb lie, as shares of it, from the middle outwards."""
    steps = np.linspace(0.0, 1.0, num_samples)
    return steps[np.argsort(abs(steps - 0.5), kind="stable")]


def _sort_into_bins(peaks, shape):
    """Return the `_Bins` of peaks on maps of this shape (H, W)."""
    keypoints, rows, cols = len(peaks.first) - 1, shape[0] // BIN + 1, shape[1] // BIN + 1
    order = np.empty(len(peaks.points), dtype=np.int64)
    starts = np.zeros(keypoints * rows * cols + 2, dtype=np.int64)
    _count_and_sort(peaks.points, peaks.first, rows, cols, starts, order)
    return _Bins(rows, cols, peaks.points[order], order, starts)


@kernel
def _count_and_sort(points, first, rows, cols, starts, order):
    """Fill ``order`` with the peaks, bin after bin, and ``starts`` with where each bin starts."""
    for stage in range(2):  # first count, then sort
        for k in range(len(first) - 1):
            for m in range(first[k], first[k + 1]):
                row = min(max(int(points[m, 1]), 0) // BIN, rows - 1)
                col = min(max(int(points[m, 0]), 0) // BIN, cols - 1)
                n = (k * rows + row) * cols + col
                if stage == 0:
                    starts[n + 2] += 1
                else:
                    order[starts[n + 1]] = m
                    starts[n + 1] += 1
        if stage == 0:
            for n in range(2, len(starts)):
                starts[n] += starts[n - 1]


@kernel
def _score(pafs, limbs, first, bins, steps, limits, candidates):
    """Score the candidates of every limb type."""
    high, wide = pafs.shape[1:]
    fields = pafs.reshape(pafs.shape[0], high * wide)
    scratch = np.empty(len(bins.points)), np.empty(len(bins.points) + 1, np.int64)
    for limb in range(limbs.shape[0]):
        start, end, channel_x, channel_y = limbs[limb]
        field = fields[channel_x], fields[channel_y], high, wide
        ends = limb, first[start], first[start + 1], end
        _score_limb(ends, field, bins, steps, limits, scratch, candidates)


@helper
def _score_limb(ends, field, bins, steps, limits, scratch, candidates):
    """List the accepted candidates of a limb type, short ones first: those prune the long ones.

    It stops if they are too many or cost too much. Arrays are taken out of their tuples here and
    not further in: Numba counts references, and that takes as long as a few samples.
    """
    (limb, first, last, keypoint), (field_x, field_y, high, wide) = ends, field
    points, starts, grid = bins.points, bins.starts, (keypoint, bins.rows, bins.cols)
    peaks, counts, (max_length, others) = bins.peaks, candidates.counts, scratch
    max_length[:] = np.inf  # of the candidates of each peak
    for long in (False, True):
        for a in range(first, last):
            x, y = points[a, 0], points[a, 1]
            count, cost = _find_others(a, long, points, grid, starts, max_length, others)
            for n in range(count):
                b = others[n]
                line = x, y, points[b, 0] - x, points[b, 1] - y
                affinity = _affinity(field_x, field_y, (high, wide), line, steps, limits)
                cost += len(steps)
                if affinity > 0:
                    _append(candidates, limb, peaks[a], peaks[b], affinity)
                    length = _length(line[2], line[3])
                    if TINY < length <= NEAR:
                        most = limits.max_length_ratio * length
                        max_length[a] = min(max_length[a], most)
                        max_length[b] = min(max_length[b], most)
                if cost > MAX_COST:
                    break
            counts[1] += cost
            if counts[1] > MAX_COST or counts[0] > len(candidates.rows):
                return


@helper
def _find_others(a, long, points, grid, starts, max_length, others):
    """List the peaks of a keypoint at a short or long distance from peak a.

    Return how many, and how many were looked at. ``grid`` is (keypoint, rows, cols) of the bins.
    """
    keypoint, rows, cols = grid
    x, y = points[a, 0], points[a, 1]
    radius = max_length[a] if long else NEAR
    left, right = _bin_range(x, radius, cols)
    top, bottom = _bin_range(y, radius, rows)
    count, looked = 0, 0
    for row in range(top, bottom):
        first_bin = (keypoint * rows + row) * cols  # the bins of a row are adjacent
        first, last = starts[first_bin + left], starts[first_bin + right]
        looked += last - first
        for b in range(first, last):
            length = _length(points[b, 0] - x, points[b, 1] - y)
            is_long = (NEAR < length) & (length <= max_length[b])
            others[count] = b  # overwritten if it is not counted: faster than a branch
            count += (length <= radius) & (is_long | (not long))
    return count, looked


@helper
def _bin_range(x, radius, count):
    """Return the range of bins, of ``count``, within ``radius`` of a coordinate."""
    first = int(max(x - radius, 0.0)) // BIN
    return first, int(min(x + radius, BIN * count - 1.0)) // BIN + 1


@helper
def _affinity(field_x, field_y, size, line, steps, limits):
    """Return the affinity of the candidate from (x, y) to (x + dx, y + dy); <= 0: rejected."""
    x, y, dx, dy = line
    length = _length(dx, dy)
    rejected = max(limits.sample_threshold, 0.0) if length < TINY else 0.0
    if length == 0:
        return rejected
    total, passed = 0.0, len(steps)  # a sample that is not read yet has passed
    too_few = limits.sample_fraction * passed
    for s in range(len(steps)):
        u = steps[s]
        e = _project(field_x, field_y, size, x + u * dx, y + u * dy, dx, dy) / length
        total += e
        if e <= limits.sample_threshold:
            passed -= 1
            if passed <= too_few:
                return rejected
    if passed <= too_few:
        return rejected
    affinity = total / len(steps) + min(0.5 * size[0] / length - 1.0, 0.0)
    return max(affinity, rejected)


@helper
def _project(field_x, field_y, size, x, y, dx, dy):
    """The bilinear field at (x, y), times (dx, dy); a point outside takes the border's value.

    Pixels are numbered in raster order; an unsigned number spares a test for negative ones.
    """
    high, wide = size
    x, y = min(max(x, 0.0), float(wide - 1)), min(max(y, 0.0), float(high - 1))
    x0, y0 = int(x), int(y)
    right, below = int(x0 < wide - 1), wide * int(y0 < high - 1)
    n = y0 * wide + x0
    n00, n01, n10 = np.uintp(n), np.uintp(n + right), np.uintp(n + below)
    n11 = np.uintp(n + below + right)
    fx, fy = x - x0, y - y0
    w00, w01, w10, w11 = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
    along_x = w00 * field_x[n00] + w01 * field_x[n01] + w10 * field_x[n10]
    along_y = w00 * field_y[n00] + w01 * field_y[n01] + w10 * field_y[n10]
    return (along_x + w11 * field_x[n11]) * dx + (along_y + w11 * field_y[n11]) * dy


@helper
def _append(candidates, limb, a, b, affinity):
    """List a candidate if there is capacity for it, and count it in any case."""
    n, rows = candidates.counts[0], candidates.rows
    if n < len(rows):
        rows[n, 0], rows[n, 1], rows[n, 2], candidates.affinities[n] = limb, a, b, affinity
    candidates.counts[0] = n + 1


@helper
def _length(dx, dy):
    return math.sqrt(dx * dx + dy * dy)
