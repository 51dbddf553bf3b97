"""Peaks to limbs: score candidate limbs on their field, and keep a one-to-one matching.

A candidate joins a peak a of the limb's first keypoint to a peak b of its second. With
samples e_s = F(p_s) . (b - a) / |b - a| evenly spaced from a to b, and d = |b - a|, it is
accepted where more than ``sample_fraction`` of the samples exceed ``sample_threshold`` and

    affinity = mean e_s + min(H / (2 d) - 1, 0)  >  0

whose second term costs a limb longer than half the map's height H. A limb type takes its
candidates by falling affinity (ties: the lower a, then the lower b), each unless one of its
ends is taken: the greedy relaxation of section 2.4. Or it takes the matching of the largest
total affinity, which that section relaxes.

Cao et al., CVPR 2017, arXiv:1611.08050; the thresholds and the length term are those of the
authors' released code. Departures:

* End points lie between pixels and samples are bilinear, so the maps need no upsampling.
* Of a limb shorter than a pixel the field says nothing: where it would refuse one, the limb is
  accepted with affinity ``sample_threshold``, after all that the field supports.
* A candidate longer than 8 pixels counts only if it is at most ``reach`` times as long as each
  accepted one of 1 to 8 pixels at either of its ends. So, with peaks in square bins, few pairs
  of a crowd are looked at. A peak without any such short candidate is compared with all.

Samples are read from the middle outwards, and no further once too many have failed: most
wrong candidates leave the field half-way.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose._jit import kernel
from npkpose.codec.assignment import assign

MATCHINGS = ("greedy", "optimal")
NEAR = 8.0  # pixels: a candidate up to this long always counts
TINY = 1.0  # pixels: the field says nothing of a shorter candidate, nor that of the others
BIN = 8  # pixels: side of a bin


class Connections(NamedTuple):
    """C limbs found, by falling affinity (ties: the lower limb type, then a, then b)."""

    limbs: np.ndarray  # (C,) int: limb type
    pairs: np.ndarray  # (C, 2) int: peak numbers (a, b)
    affinities: np.ndarray  # (C,)


def connect_limbs(
    peaks, pafs, skeleton, num_samples=10, limits=(0.05, 0.8, 8.0), matching="greedy"
):
    """Return the limbs between peaks: at most one of each type for every peak.

    Parameters
    ----------
    peaks : Peaks of the skeleton's K maps
    pafs : ndarray, shape (C, H, W)
        float32, C-contiguous, finite, C at least ``skeleton.num_paf_channels``.
    skeleton : Skeleton
    num_samples : int, at least 2
    limits : (sample_threshold, sample_fraction, reach)
        An infinite reach considers every candidate.
    matching : "greedy" or "optimal"

    Returns
    -------
    connections : Connections
    """
    rows, affinities = _candidates(peaks, pafs, skeleton, num_samples, np.array(limits))
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0], -affinities))
    rows, affinities = rows[order], affinities[order]
    keep = np.zeros(len(rows), dtype=np.bool_)
    if matching == "greedy":
        taken = np.zeros((len(skeleton.limbs), len(peaks.points)), dtype=np.bool_)
        _match(rows, taken, keep)
    else:
        for limb in range(len(skeleton.limbs)):
            own = np.flatnonzero(rows[:, 0] == limb)
            keep[own[_best_matching(rows[own, 1:], affinities[own])]] = True
    return Connections(rows[keep, 0], rows[keep, 1:], affinities[keep])


def _candidates(peaks, pafs, skeleton, num_samples, limits):
    """Return the candidates that count: rows (limb, a, b) and their affinities, in no order."""
    limbs = [(*ends, *channels) for ends, channels in zip(skeleton.limbs, skeleton.paf_channels)]
    limbs = np.array(limbs, dtype=np.int64).reshape(-1, 4)
    steps = np.linspace(0.0, 1.0, num_samples)
    steps = steps[np.argsort(abs(steps - 0.5), kind="stable")]
    bins = _sort_into_bins(peaks, pafs.shape[1:])
    room = 4 * len(peaks.points)
    while True:  # at most twice: a kernel that lacks room says how much it needs
        rows, affinities = np.empty((room, 3), dtype=np.int64), np.empty(room)
        count = np.zeros(1, dtype=np.int64)
        _score(pafs, limbs, peaks, bins, steps, limits, (rows, affinities, count))
        if count[0] <= room:
            return rows[: count[0]], affinities[: count[0]]
        room = int(count[0])


def _sort_into_bins(peaks, shape):
    """Return the number of bins (rows, cols), the peaks (M,) bin after bin of every keypoint, and
    where in that list each bin starts."""
    parts, rows, cols = len(peaks.first) - 1, shape[0] // BIN + 1, shape[1] // BIN + 1
    cells = np.clip(peaks.points // BIN, 0, (cols - 1, rows - 1)).astype(np.int64)
    part = np.repeat(np.arange(parts), np.diff(peaks.first))
    homes = (part * rows + cells[:, 1]) * cols + cells[:, 0]
    starts = np.zeros(parts * rows * cols + 1, dtype=np.int64)
    np.cumsum(np.bincount(homes, minlength=len(starts) - 1), out=starts[1:])
    return rows, cols, np.argsort(homes, kind="stable"), starts


def _best_matching(pairs, affinities):
    """Return which of the pairs (N, 2) make the matching of the largest total affinity."""
    (a, row), (b, col) = (np.unique(ends, return_inverse=True) for ends in pairs.T)
    cost = np.full((len(a), len(b)), np.nan)
    cost[row, col] = -affinities
    chosen = np.zeros(cost.shape, dtype=bool)
    chosen[assign(cost, unassigned=0.0)] = True
    return chosen[row, col]


@kernel
def _score(pafs, limbs, peaks, bins, steps, limits, candidates):
    """List the candidates that count, and count even those that there is no room to list."""
    longest = np.empty(len(peaks.points))  # candidate of each peak that counts
    for limb in range(limbs.shape[0]):
        part_a, part_b = limbs[limb, 0], limbs[limb, 1]
        fields = pafs[limbs[limb, 2]], pafs[limbs[limb, 3]]
        longest[:] = np.inf
        for far in (False, True):
            for a in range(peaks.first[part_a], peaks.first[part_a + 1]):
                search = limb, a, part_b, far
                _search(search, fields, peaks.points, bins, steps, limits, longest, candidates)


@kernel
def _search(search, fields, points, bins, steps, limits, longest, candidates):
    """List what counts of peak a's candidates: its near ones, or those that are far."""
    limb, a, part_b, far = search
    rows, cols, members, starts = bins
    listed, affinities, count = candidates
    (field_x, field_y), reach = fields, limits[2]
    x, y, radius = points[a, 0], points[a, 1], longest[a] if far else NEAR
    left, top = int(max(x - radius, 0.0)) // BIN, int(max(y - radius, 0.0)) // BIN
    right = int(min(x + radius, BIN * cols - 1.0)) // BIN
    bottom = int(min(y + radius, BIN * rows - 1.0)) // BIN
    for j in range(top, bottom + 1):
        row = (part_b * rows + j) * cols
        for b in members[starts[row + left] : starts[row + right + 1]]:  # bins side by side
            dx, dy = points[b, 0] - x, points[b, 1] - y
            length = math.sqrt(dx * dx + dy * dy)
            if length > radius or far and not NEAR < length <= longest[b]:
                continue
            affinity = _affinity(field_x, field_y, x, y, dx, dy, steps, limits)
            if affinity > 0:
                if count[0] < len(affinities):
                    listed[count[0], 0], listed[count[0], 1], listed[count[0], 2] = limb, a, b
                    affinities[count[0]] = affinity
                count[0] += 1
                if not far and length > TINY:
                    longest[a] = min(longest[a], reach * length)
                    longest[b] = min(longest[b], reach * length)


@kernel
def _affinity(field_x, field_y, x, y, dx, dy, steps, limits):
    """The affinity of the candidate from (x, y) to (x + dx, y + dy); 0 or less: it is refused."""
    length = math.sqrt(dx * dx + dy * dy)
    refused = max(limits[0], 0.0) if length < TINY else 0.0
    if length == 0:
        return refused
    total, left = 0.0, steps.shape[0]
    enough = limits[1] * left
    for s in range(steps.shape[0]):
        u = steps[s]
        e = _project(field_x, field_y, x + u * dx, y + u * dy, dx, dy) / length
        total += e
        if e <= limits[0]:
            left -= 1
            if left <= enough:
                return refused
    if left <= enough:
        return refused
    affinity = total / steps.shape[0] + min(0.5 * field_x.shape[0] / length - 1.0, 0.0)
    return max(affinity, refused)


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
def _match(rows, taken, keep):
    """Keep each row unless an end has such a limb already; ``taken`` (L, M) starts False."""
    for c in range(rows.shape[0]):
        limb, a, b = rows[c, 0], rows[c, 1], rows[c, 2]
        if not taken[limb, a] and not taken[limb, b]:
            taken[limb, a] = taken[limb, b] = True
            keep[c] = True
