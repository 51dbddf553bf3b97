"""Twin of `npkpose.codec.assignment`: lists every possible matching and takes the best."""

import numpy as np


def assign(cost, unassigned=None):
    """Return rows and cols of a best matching, as the compiled `assign` does."""
    best = min(matchings(np.isfinite(cost)), key=lambda pairs: value(cost, pairs, unassigned))
    return np.array(best, dtype=np.int64).reshape(-1, 2).T


def value(cost, pairs, unassigned=None):
    """What a best matching minimises: the total, or first the number of rows left out."""
    total = sum(cost[i, j] for i, j in pairs)
    left_out = len(cost) - len(pairs)
    return (left_out, total) if unassigned is None else (total + unassigned * left_out,)


def matchings(allowed, row=0, taken=frozenset()):
    """Yield every list of allowed pairs, from ``row`` on, that uses no column twice."""
    if row == len(allowed):
        yield []
        return
    yield from matchings(allowed, row + 1, taken)
    for col in np.flatnonzero(allowed[row]):
        if col not in taken:
            for rest in matchings(allowed, row + 1, taken | {col}):
                yield [(row, int(col)), *rest]
