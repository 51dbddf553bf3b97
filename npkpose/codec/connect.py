"""Peaks to limbs: score every candidate limb on its field, and keep a one-to-one matching.

A candidate joins a peak a of the limb's first keypoint to a peak b of its second. With
samples e_s = F(p_s) . (b - a) / |b - a| evenly spaced from a to b, and d = |b - a|, it is
accepted where at least ``sample_fraction`` of the samples exceed ``sample_threshold`` and

    affinity = mean e_s + min(H / (2 d) - 1, 0)  >  0

whose second term costs a limb longer than half the map's height H. A limb type then takes
its candidates by falling affinity (ties: the lower a, then the lower b), each unless one of
its ends is taken: the greedy relaxation of section 2.4.

Cao et al., CVPR 2017, arXiv:1611.08050; the thresholds and the length term are those of the
authors' released code. Departures: sub-pixel end points and bilinear samples, so the maps
need no upsampling; and a limb of zero length, on which the field says nothing, is accepted
with affinity ``sample_threshold`` instead of being dropped.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose._jit import kernel


class Connections(NamedTuple):
    """C limbs found, ordered by limb type, then by falling affinity."""

    limbs: np.ndarray  # (C,) int: limb type
    pairs: np.ndarray  # (C, 2) int: peak numbers (a, b)
    affinities: np.ndarray  # (C,)


def connect_limbs(
    peaks, pafs, skeleton, num_samples=10, sample_threshold=0.05, sample_fraction=0.8
):
    """Return the limbs between peaks: at most one of each type for every peak.

    Parameters
    ----------
    peaks : Peaks of the skeleton's K maps
    pafs : ndarray, shape (C, H, W)
        C-contiguous, finite, C at least ``skeleton.num_paf_channels``.
    skeleton : Skeleton
    num_samples : int, at least 2
    sample_threshold, sample_fraction : float

    Returns
    -------
    connections : Connections
    """
    first = peaks.first
    sizes = first[1:] - first[:-1]
    limbs = np.array(
        [(a, b, *channels) for (a, b), channels in zip(skeleton.limbs, skeleton.paf_channels)],
        dtype=np.int64,
    ).reshape(-1, 4)
    room = int((sizes[limbs[:, 0]] * sizes[limbs[:, 1]]).sum())
    rows, affinities = np.empty((room, 3), dtype=np.int64), np.empty(room)
    limits = np.array([num_samples, sample_threshold, sample_fraction])
    count = np.zeros(1, dtype=np.int64)
    _score(pafs, limbs, peaks.points, first, limits, rows, affinities, count)
    rows, affinities = rows[: count[0]], affinities[: count[0]]
    order = np.lexsort((-affinities, rows[:, 0]))  # stable: rows come by limb, a, b
    rows, affinities = rows[order], affinities[order]
    keep = np.zeros(len(rows), dtype=np.bool_)
    _match(rows, np.full((len(peaks.points), 2), -1, dtype=np.int64), keep)
    return Connections(rows[keep, 0], rows[keep, 1:], affinities[keep])


@kernel
def _score(pafs, limbs, points, first, limits, rows, affinities, count):
    """List the accepted candidates: rows (limb, a, b) and their affinities."""
    c = 0
    for limb in range(limbs.shape[0]):
        for a in range(first[limbs[limb, 0]], first[limbs[limb, 0] + 1]):
            for b in range(first[limbs[limb, 1]], first[limbs[limb, 1] + 1]):
                field_x, field_y = pafs[limbs[limb, 2]], pafs[limbs[limb, 3]]
                affinity = _affinity(field_x, field_y, points[a], points[b], limits)
                if affinity > 0:
                    rows[c, 0], rows[c, 1], rows[c, 2] = limb, a, b
                    affinities[c] = affinity
                    c += 1
    count[0] = c


@kernel
def _affinity(field_x, field_y, a, b, limits):
    """The candidate's affinity; 0 where it is refused."""
    num_samples, sample_threshold, sample_fraction = int(limits[0]), limits[1], limits[2]
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    if length == 0:
        return sample_threshold
    total, passed = 0.0, 0
    for s in range(num_samples):
        u = s / (num_samples - 1)
        x, y = a[0] + u * dx, a[1] + u * dy
        e = (_bilinear(field_x, x, y) * dx + _bilinear(field_y, x, y) * dy) / length
        total += e
        passed += e > sample_threshold
    if passed < sample_fraction * num_samples:
        return 0.0
    return total / num_samples + min(0.5 * field_x.shape[0] / length - 1.0, 0.0)


@kernel
def _bilinear(image, x, y):
    """The image at (x, y); a point outside takes the border's value."""
    x, y = min(max(x, 0.0), image.shape[1] - 1.0), min(max(y, 0.0), image.shape[0] - 1.0)
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, image.shape[1] - 1), min(y0 + 1, image.shape[0] - 1)
    fx, fy = x - x0, y - y0
    top = (1.0 - fx) * image[y0, x0] + fx * image[y0, x1]
    bottom = (1.0 - fx) * image[y1, x0] + fx * image[y1, x1]
    return (1.0 - fy) * top + fy * bottom


@kernel
def _match(rows, taken, keep):
    """Keep a row unless an end has a better limb of its type; ``taken`` starts at -1."""
    for c in range(rows.shape[0]):
        limb, a, b = rows[c, 0], rows[c, 1], rows[c, 2]
        if taken[a, 0] != limb and taken[b, 1] != limb:
            taken[a, 0] = taken[b, 1] = limb
            keep[c] = True
