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

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose._jit import kernel
from npkpose.codec.heatmap.peaks import Peaks
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
    _check_connections(connections, total, len(skeleton.limbs))
    keypoint = np.repeat(np.arange(skeleton.num_keypoints), np.diff(peaks.first))
    parent = np.arange(total)
    members = np.full((total, skeleton.num_keypoints), -1, dtype=np.int64)
    members[parent, keypoint] = parent
    affinities = np.zeros(total)
    redundant = np.zeros(len(skeleton.limbs), dtype=np.bool_)
    redundant[list(skeleton.redundant_limbs)] = True
    _merge(connections, redundant[connections.limbs], parent, members, affinities)
    roots = parent == np.arange(total)
    return members[roots], affinities[roots]


def _check_connections(connections, peaks, limbs):
    """Raise ValueError unless all connections are of limb types and peaks that exist."""
    for name, array, shape, end in (
        ("limbs", connections.limbs, ("C",), limbs),
        ("pairs", connections.pairs, (len(connections.limbs), 2), peaks),
    ):
        array = check_array(f"connections.{name}", array, shape, np.int64)
        if array.size and not (0 <= array.min() and array.max() < end):
            raise ValueError(f"connections.{name}: expected 0 up to {end - 1}, got {array}")
    check_array("connections.affinities", connections.affinities, (len(connections.limbs),))


@kernel
def _merge(connections, redundant, parent, members, affinities):
    """Merge people along the connections; the rows of ``members`` at roots hold the people."""
    for last in (False, True):  # redundant limbs come last
        for c in range(len(redundant)):
            if redundant[c] != last:
                continue
            a, b = connections.pairs[c, 0], connections.pairs[c, 1]
            a, b = _root(parent, a), _root(parent, b)
            if a != b:
                if not _disjoint(members[a], members[b]):
                    continue
                if last and _size(members[a]) == 1 and _size(members[b]) == 1:
                    continue
                a, b = min(a, b), max(a, b)
                parent[b] = a
                affinities[a] += affinities[b]
                for k in range(members.shape[1]):
                    members[a, k] = max(members[a, k], members[b, k])
            affinities[a] += connections.affinities[c]


@kernel
def _root(parent, i):
    """Return the peak whose row holds the person of peak i."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]  # halve the path
        i = parent[i]
    return i


@kernel
def _disjoint(one, other):
    """Return whether two people have no keypoint in common."""
    for k in range(one.shape[0]):
        if one[k] >= 0 and other[k] >= 0:
            return False
    return True


@kernel
def _size(members):
    """Return the number of a person's keypoints."""
    size = 0
    for k in range(members.shape[0]):
        size += members[k] >= 0
    return size
