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
    return _connect(rows, affinities, len(peaks.points), matching)


def _connect(rows, affinities, num_peaks, matching):
    """Return the `Connections` among candidates, as `candidate_limbs` returns them."""
    order = _by_falling_affinity(rows, affinities)
    if matching == "greedy":
        order = order[: _match(rows, order, num_peaks)]
    else:
        limbs, keep = rows[order, 0], np.zeros(len(rows), dtype=np.bool_)
        for limb in np.unique(limbs):
            own = np.flatnonzero(limbs == limb)
            keep[own[_best_matching(rows[order[own], 1:], affinities[order[own]])]] = True
        order = order[keep]
    return Connections(rows[order, 0], rows[order, 1:], affinities[order])


def _by_falling_affinity(rows, affinities):
    """Return the order of candidates: by falling affinity, ties by limb type, a, then b.

    Most affinities differ, so all are sorted by them alone, and ties again by all four.
    """
    order = np.argsort(-affinities)
    ordered = affinities[order]
    ties = ordered[1:] == ordered[:-1]
    if ties.any():
        tied = np.flatnonzero(np.append(ties, False) | np.append(False, ties))
        own = order[tied]
        limb, a, b = rows[own].T
        order[tied] = own[np.lexsort((b, a, limb, -affinities[own]))]
    return order


def _best_matching(pairs, affinities):
    """Return which of the pairs (N, 2) form the matching of the largest total affinity."""
    (a, row), (b, col) = (np.unique(ends, return_inverse=True) for ends in pairs.T)
    cost = np.full((len(a), len(b)), np.nan)
    cost[row, col] = -affinities
    chosen = np.zeros(cost.shape, dtype=bool)
    chosen[assign(cost, unassigned=0.0)] = True
    return chosen[row, col]


@kernel
def _match(rows, order, num_peaks):
    """Keep each row unless an end has a limb of this type already; return how many are kept.

    Their numbers move to the front of ``order``.
    """
    limbs, kept = 0, 0
    for c in range(rows.shape[0]):
        limbs = max(limbs, rows[c, 0] + 1)
    taken = np.zeros((limbs, num_peaks), np.bool_)
    for i in range(order.shape[0]):
        limb, a, b = rows[order[i], 0], rows[order[i], 1], rows[order[i], 2]
        if not taken[limb, a] and not taken[limb, b]:
            taken[limb, a] = taken[limb, b] = True
            order[kept] = order[i]
            kept += 1
    return kept
