"""CLEAR MOT: how well a tracker finds objects and keeps their identities, frame after frame.

In each frame an object keeps the hypothesis that it had last, if both are there and near enough;
the others are matched so that as many as possible are, and the sum of distances is smallest. Then

    MOTA = 1 - (misses + false positives + switches) / objects
    MOTP = 1 - mean distance of the matches (distances of 0 to 1)

A switch is a match with another hypothesis than the object's last one. Bernardin and Stiefelhagen,
"Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics", EURASIP JIVP 2008; the
order of the steps is that of py-motmetrics.
"""

from typing import NamedTuple

import numpy as np


class MotCounts(NamedTuple):
    """Counts over frames; add two for those of both."""

    misses: int = 0
    false_positives: int = 0
    switches: int = 0
    matches: int = 0  # switches included
    objects: int = 0
    distance: float = 0.0  # sum over the matches

    def __add__(self, other):
        return MotCounts(*(a + b for a, b in zip(self, other)))

    @property
    def mota(self):
        """At most 1; NaN without objects."""
        wrong = self.misses + self.false_positives + self.switches
        return 1.0 - wrong / self.objects if self.objects else float("nan")

    @property
    def motp(self):
        """At most 1; 0 without matches."""
        return 1.0 - self.distance / self.matches if self.matches else 0.0

    @property
    def precision(self):
        """The share of hypotheses that are matched; NaN without any."""
        found = self.matches + self.false_positives
        return self.matches / found if found else float("nan")

    @property
    def recall(self):
        """The share of objects that are matched; NaN without objects."""
        return self.matches / self.objects if self.objects else float("nan")


def clear_mot(frames):
    """Return the `MotCounts` of one sequence.

    Parameters
    ----------
    frames : iterable of (objects, hypotheses, distances)
        Ids of G objects and D hypotheses, and their distances (G, D), NaN where too far.
    """
    total, last = MotCounts(), {}
    for objects, hypotheses, distances in frames:
        pairs = _kept(objects, hypotheses, distances, last)
        free = np.array(distances, dtype=np.float64)
        for g, d in pairs:
            free[g], free[:, d] = np.nan, np.nan
        pairs += nearest_pairs(free)
        switches = 0
        for g, d in pairs:
            switches += last.get(objects[g], hypotheses[d]) != hypotheses[d]
            last[objects[g]] = hypotheses[d]
        total += MotCounts(
            len(objects) - len(pairs), len(hypotheses) - len(pairs), switches, len(pairs),
            len(objects), float(sum(distances[g, d] for g, d in pairs)),
        )  # fmt: skip
    return total


def _kept(objects, hypotheses, distances, last):
    """Return the pairs (g, d) of objects with the hypothesis that they had last."""
    where, pairs, taken = {id: d for d, id in enumerate(hypotheses)}, [], set()
    for g, id in enumerate(objects):
        d = where.get(last.get(id, _NOBODY))
        if d is not None and d not in taken and np.isfinite(distances[g, d]):
            pairs.append((g, d))
            taken.add(d)
    return pairs


_NOBODY = object()


def nearest_pairs(distances):
    """Return as many pairs (g, d) as possible, of the smallest sum of distances (G, D).

    NaN: no pair. Each object in turn is added along the shortest path of exchanges (Jonker and
    Volgenant, Computing, 1987).
    """
    rows, columns = np.nonzero(np.isfinite(distances))
    if not len(rows):
        return []
    g, d = np.unique(rows), np.unique(columns)
    costs = distances[np.ix_(g, d)]
    forbidden = 1.0 + 2.0 * np.nansum(abs(costs))  # more than any set of pairs
    costs = np.where(np.isnan(costs), forbidden, costs)
    if len(g) > len(d):
        pairs = [(row, column) for column, row in _assignment(costs.T)]
    else:
        pairs = _assignment(costs)
    return [(int(g[r]), int(d[c])) for r, c in sorted(pairs) if costs[r, c] < forbidden]


def _assignment(costs):
    """Return (row, column) of each row of costs (R, C), R <= C, of the smallest sum."""
    R, C = costs.shape
    u, v, row_of = np.zeros(R + 1), np.zeros(C + 1), np.full(C + 1, R)
    for r in range(R):
        row_of[C], at = r, C  # column C stands for "not yet"
        shortest, before, done = np.full(C + 1, np.inf), np.full(C + 1, C), np.zeros(C + 1, bool)
        while row_of[at] != R:
            done[at], row = True, row_of[at]
            lengths = costs[row] - u[row] - v[:C]
            nearer = ~done[:C] & (lengths < shortest[:C])
            shortest[:C][nearer], before[:C][nearer] = lengths[nearer], at
            target = int(np.where(done[:C], np.inf, shortest[:C]).argmin())
            step = shortest[target]
            u[row_of[done]] += step
            v[done] -= step
            shortest[~done] -= step
            at = target
        while at != C:
            row_of[at] = row_of[before[at]]
            at = before[at]
    return [(int(row_of[c]), c) for c in range(C) if row_of[c] != R]
