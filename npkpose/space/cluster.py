"""Agglomerative clustering of detections into people, at most one detection of each view.

Two groups may join if they have no view in common and their mean distance is at most a maximum.
Of all pairs that may, the one with the largest mean support joins, again and again (ties: the
first in the order of detections). Means are over the pairs of detections that can be compared.

A table has a row for each group with its best partner among later groups, so that a step looks at
N numbers and not at N^2. After two groups joined, the best of another row can only have become
smaller, unless the new group is better, which is looked at: a row is searched anew when it comes
first. N detections take memory as N^2 and, but for contrived cases, time as N^2.
"""

import numpy as np


class PairTable:
    """Sums over the pairs of detections of two groups: distance, support and number of pairs."""

    def __init__(self, distances, support, in_view):
        """``distances``, ``support`` (N, N), NaN if there is nothing to compare; views (N, V)."""
        known = ~np.isnan(distances)
        self.distance, self.support = np.where(known, distances, 0.0), np.where(known, support, 0.0)
        self.count, self.in_view = known.astype(np.int32), in_view.copy()
        self.is_group = np.ones(len(distances), bool)

    def mean_support(self, i, max_distance):
        """Return the mean support (N,) of group i and each other, -inf if they may not join."""
        count = np.maximum(self.count[i], 1)
        may = self.is_group & (self.count[i] > 0) & (self.distance[i] / count <= max_distance)
        may &= ~(self.in_view & self.in_view[i]).any(axis=1)
        return np.where(may, self.support[i] / count, -np.inf)

    def join(self, i, j):
        """Add group j to group i."""
        for sums in (self.distance, self.support, self.count):
            sums[i] += sums[j]
            sums[:, i] += sums[:, j]
        self.in_view[i] |= self.in_view[j]
        self.is_group[j] = False


def cluster(distances, support, in_view, max_distance):
    """Return (mean distance, indices) of the groups, in the order of their first detections.

    Parameters
    ----------
    distances, support : ndarray, shape (N, N)
        Of each two detections, symmetric; NaN if there is nothing to compare.
    in_view : ndarray of bool, shape (N, V)
        The view of each detection.
    max_distance : float
    """
    if len(distances) == 0:
        return []
    table, members = PairTable(distances, support, in_view), [[n] for n in range(len(distances))]
    best = np.full(len(members), np.inf)  # of each group and the later ones, or a bound of it
    partner, is_bound = np.zeros(len(members), int), np.ones(len(members), bool)
    while best[i := int(np.argmax(best))] > -np.inf:
        if is_bound[i]:
            later = table.mean_support(i, max_distance)[i + 1 :]
            best[i] = later.max(initial=-np.inf)
            partner[i] = i + 1 + np.argmax(later) if len(later) else i
            is_bound[i] = False
        else:
            j = partner[i]
            table.join(i, j)
            members[i] += members[j]
            is_bound |= (partner == i) | (partner == j)
            is_bound[i], best[i], best[j] = True, np.inf, -np.inf
            _offer(table.mean_support(i, max_distance)[:i], i, best, partner, is_bound)
    mean = np.diagonal(table.distance) / np.maximum(np.diagonal(table.count), 1)
    return [(mean[i], members[i]) for i in np.flatnonzero(table.is_group)]


def _offer(support, i, best, partner, is_bound):
    """Make group i the partner of the earlier groups that have more ``support`` (i,) with it."""
    k = np.arange(i)
    is_better = (support > best[:i]) | (support == best[:i]) & ~is_bound[:i] & (partner[:i] > i)
    k = k[is_better & (support > -np.inf)]
    best[k], partner[k], is_bound[k] = support[k], i, False
