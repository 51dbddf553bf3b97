"""Peaks to limbs: candidate limbs, of which each peak keeps at most one of each type.

Greedy matching takes the candidates of a limb type by falling affinity (ties: the lower a, then
the lower b) and skips one if either end already has a limb of this type: the relaxation of Cao et
al., CVPR 2017, arXiv:1611.08050, section 2.4. Optimal matching has the largest total affinity, the
problem that this section relaxes.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_choice
from npkpose._jit import kernel
from npkpose.codec.assignment import assign
from npkpose.codec.paf.candidates import Limits, candidate_limbs

MATCHINGS = ("greedy", "optimal")


class Connections(NamedTuple):
    """C limbs found, by falling affinity (ties: the lower limb type, then a, then b)."""

    limbs: np.ndarray  # (C,) int: limb type
    pairs: np.ndarray  # (C, 2) int: peak numbers (a, b)
    affinities: np.ndarray  # (C,)


def connect_limbs(peaks, pafs, skeleton, num_samples=10, limits=Limits(), matching="greedy"):
    """Return the limbs between peaks: at most one of each type for every peak.

    Parameters
    ----------
    peaks, pafs, skeleton, num_samples, limits
        See `candidate_limbs`.
    matching : "greedy" or "optimal"

    Returns
    -------
    connections : Connections
    """
    check_choice("matching", matching, MATCHINGS)
    rows, affinities = candidate_limbs(peaks, pafs, skeleton, num_samples, limits)
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


def _best_matching(pairs, affinities):
    """Return which of the pairs (N, 2) form the matching of the largest total affinity."""
    (a, row), (b, col) = (np.unique(ends, return_inverse=True) for ends in pairs.T)
    cost = np.full((len(a), len(b)), np.nan)
    cost[row, col] = -affinities
    chosen = np.zeros(cost.shape, dtype=bool)
    chosen[assign(cost, unassigned=0.0)] = True
    return chosen[row, col]


@kernel
def _match(rows, taken, keep):
    """Keep each row unless an end has such a limb already; ``taken`` (L, M) starts False."""
    for c in range(rows.shape[0]):
        limb, a, b = rows[c]
        if not taken[limb, a] and not taken[limb, b]:
            taken[limb, a] = taken[limb, b] = True
            keep[c] = True
