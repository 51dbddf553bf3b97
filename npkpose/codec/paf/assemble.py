"""Limbs to people: union-find over peaks, in which no person has a keypoint twice.

Each peak starts as a person of one keypoint. Connections are taken by falling affinity; one
merges the people at its two ends if they have no keypoint in common, and is dropped if they
do. So if limbs disagree the one of highest affinity decides, and two halves of a body become
one person as soon as any limb joins them. A *redundant* limb (ear to shoulder) comes after all
others and may join a keypoint to a person, never two single keypoints.

Cao et al., CVPR 2017, arXiv:1611.08050, section 2.4. Departure: their code takes limb type
after limb type, which differs only if the limbs form a loop or disagree. Union-find:
Tarjan, "Efficiency of a Good But Not Linear Set Union Algorithm", J. ACM 1975.
"""

import functools

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose._jit import helper, kernel
from npkpose.codec.heatmap.peaks import Peaks, check_first
from npkpose.skeleton import Skeleton


def assemble(peaks, connections, skeleton):
    """Return people as rows of peak numbers, and the sum of each person's limb affinities.

    Parameters
    ----------
    peaks : Peaks of the skeleton's K maps
    connections : Connections
        By falling affinity, as `connect_limbs` returns them.
    skeleton : Skeleton

    Returns
    -------
    members : ndarray of int, shape (P, K)
        Peak number of each keypoint, -1 where it is missing. Ordered by the person's lowest
        peak number; a peak without a limb is a person of one keypoint.
    affinities : ndarray, shape (P,)
    """
    check_kind("peaks", peaks, Peaks)
    check_kind("skeleton", skeleton, Skeleton)
    total = len(peaks.points)
    first = check_first(peaks.first, skeleton.num_keypoints, total)
    connections = _check_connections(connections, total, len(skeleton.limbs))
    return _assemble(peaks._replace(first=first), connections, skeleton)


def _assemble(peaks, connections, skeleton):
    """Return what `assemble` does, for arguments that are checked."""
    total = len(peaks.points)
    parent, affinities = np.empty(total, dtype=np.int64), np.empty(total)
    members = np.empty((total, skeleton.num_keypoints), dtype=np.int64)
    limbs, pairs, gains = connections
    redundant = _redundant(skeleton)
    count = _merge(peaks.first, limbs, pairs, gains, redundant, parent, members, affinities)
    return members[:count], affinities[:count]


@functools.lru_cache
def _redundant(skeleton):
    """Return which limb types are redundant."""
    redundant = np.zeros(len(skeleton.limbs), dtype=np.bool_)
    redundant[list(skeleton.redundant_limbs)] = True
    return redundant


def _check_connections(connections, peaks, limbs):
    """Return (limbs, pairs, affinities) of limb types and peaks that exist, or raise ValueError."""
    count, checked = len(connections.limbs), []
    for name, array, shape, end in (
        ("limbs", connections.limbs, ("C",), limbs),
        ("pairs", connections.pairs, (count, 2), peaks),
    ):
        array = check_array(f"connections.{name}", array, shape, np.int64)
        if array.size and not (0 <= array.min() and array.max() < end):
            raise ValueError(f"connections.{name}: expected 0 up to {end - 1}, got {array}")
        checked.append(array)
    return (*checked, check_array("connections.affinities", connections.affinities, (count,)))


@kernel
def _merge(first, limbs, pairs, gains, redundant, parent, members, affinities):
    """Merge people along the connections; return how many they are, in the first rows."""
    _start(first, parent, members, affinities)
    for last in (False, True):  # redundant limbs come last
        for c in range(len(limbs)):
            if redundant[limbs[c]] != last:
                continue
            a, b = _root(parent, pairs[c, 0]), _root(parent, pairs[c, 1])
            if a != b:
                if not _may_merge(members, a, b, last):
                    continue
                a, b = min(a, b), max(a, b)
                parent[b] = a
                affinities[a] += affinities[b]
                for k in range(members.shape[1]):
                    members[a, k] = max(members[a, k], members[b, k])
            affinities[a] += gains[c]
    return _move_to_front(parent, members, affinities)


@helper
def _start(first, parent, members, affinities):
    """Make each peak a person of one keypoint."""
    members[:], affinities[:] = -1, 0.0
    for k in range(len(first) - 1):
        for m in range(first[k], first[k + 1]):
            parent[m] = members[m, k] = m


@helper
def _move_to_front(parent, members, affinities):
    """Move the rows of roots, which hold the people, to the front; return their number."""
    count = 0
    for m in range(len(parent)):
        if parent[m] == m:
            affinities[count] = affinities[m]
            for k in range(members.shape[1]):
                members[count, k] = members[m, k]
            count += 1
    return count


@helper
def _root(parent, i):
    """Return the peak whose row holds the person of peak i."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]  # halve the path
        i = parent[i]
    return i


@helper
def _may_merge(members, a, b, redundant):
    """Return whether two people have no keypoint in common, and a redundant limb extends one."""
    size_a, size_b = 0, 0
    for k in range(members.shape[1]):
        has_a, has_b = members[a, k] >= 0, members[b, k] >= 0
        if has_a and has_b:
            return False
        size_a += has_a
        size_b += has_b
    return not redundant or size_a > 1 or size_b > 1
