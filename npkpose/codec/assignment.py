"""Optimal assignment: the one-to-one matching of rows and columns with the least total cost.

    minimise  sum over pairs (i, j) of cost[i, j],   no row and no column in two pairs

Solved by shortest augmenting paths. Rows enter one at a time; prices u_i, v_j keep every reduced
cost c_ij - u_i - v_j at 0 or above, and at 0 for matched pairs, which proves the matching of
these rows to be optimal. A row first tries its cheapest column. If that is taken, Dijkstra's
algorithm on reduced costs finds the shortest alternating path to a free column. The pairs along
this path swap, and the prices of each row and column that the search finished change by the
difference between the path's length and theirs. R rows and C >= R columns take O(R^2 C) steps.

Costs are float64: differences below 1e-15 of the largest cost are lost, or, with forbidden pairs,
below 1e-15 of the largest cost times min(R, C).

Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems", Computing 38, 1987; the rectangular form is Crouse's, "On implementing
2D rectangular assignment algorithms", IEEE Trans. Aerospace and Electronic Systems 52, 2016.

A pair that is forbidden, or costs more than leaving its row out, enters with cost 0 and is
dropped from the answer; so every matrix has an answer, even if all its costs are NaN. At equal
distances the search takes a free column first, then the one of lower index: the same costs always
give the same pairs.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_number
from npkpose._jit import helper, kernel

CHUNK = 2**27  # steps that one call of a kernel may take: some tenths of a second


def assign(cost: ArrayLike, unassigned: float | None = None) -> tuple[NDArray, NDArray]:
    """Return the pairs of the best matching: ``rows, cols``, int arrays of equal length.

    Parameters
    ----------
    cost : array_like, shape (R, C)
        Any finite costs, negative ones too; NaN and infinity forbid the pair.
    unassigned : float, optional
        The cost of leaving a row without a column. The pairs' total plus this cost for every
        row left out is then minimised, and a pair is made only if it costs less. Default:
        as many pairs as possible, and the least total among the matchings with as many pairs.

    Returns
    -------
    rows, cols : ndarray of int, shape (N,)
        Pair n is (rows[n], cols[n]); rows ascend. N <= min(R, C), less where pairs are
        forbidden or not worth their cost.

    Raises
    ------
    ValueError
        Wrong shape, not real numbers, minus infinity, or costs whose sum overflows.
    """
    cost = check_array("cost", cost, ("R", "C"), finite=False)
    if unassigned is None and math.isfinite(_longest(cost)):
        return _solve(cost)
    if (cost == -np.inf).any():
        raise ValueError("cost: expected finite values, or NaN or infinity, got -infinity")
    allowed = np.isfinite(cost)
    if unassigned is not None:
        leave = check_number("unassigned", unassigned)
    else:  # so high that one more pair always lowers the total
        leave = 1 + 2 * min(cost.shape) * float(abs(cost[allowed]).max(initial=0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        loss = np.where(allowed, cost - leave, 0.0)
    if not math.isfinite(_longest(loss)):
        raise ValueError("cost: expected values whose sum is finite")
    if unassigned is not None:
        loss = np.minimum(loss, 0.0)
    rows, cols = _solve(loss)
    made = allowed[rows, cols] & ((loss[rows, cols] < 0) | (unassigned is None))
    return rows[made], cols[made]


def _longest(cost):
    """Return a length that prices stay below; NaN or infinity if one of the costs is."""
    largest = max(-float(cost.min(initial=0.0)), float(cost.max(initial=0.0)))
    return 8 * (1 + min(cost.shape)) * largest


def _solve(cost):
    """Return rows, ascending, and columns of the complete matching."""
    if len(cost) <= cost.shape[1]:
        return np.arange(len(cost)), _columns(cost)
    rows = _columns(np.ascontiguousarray(cost.T))
    cols = np.argsort(rows)
    return rows[cols], cols


def _columns(cost):
    """Return the column of each row; no more rows than columns."""
    num_rows, num_cols = cost.shape
    u, v = np.zeros(num_rows), np.zeros(num_cols)
    col_of, row_of = np.empty(num_rows, dtype=np.int64), np.empty(num_cols, dtype=np.int64)
    step = max(CHUNK // max(cost.size, 1), 1)
    for start in range(0, num_rows, step):  # so that Ctrl-C stops a large matrix
        _match_rows(cost, start, min(start + step, num_rows), u, v, row_of, col_of)
    return col_of


@kernel
def _match_rows(cost, start, stop, u, v, row_of, col_of):
    """Give each row from ``start`` to ``stop`` a column; cost (R, C) finite, R <= C.

    ``u`` and ``v`` are the prices; ``col_of`` and ``row_of`` the pairs, -1 where there is none.
    """
    if start == 0:
        _take_cheapest(cost, u, row_of, col_of)
    num_cols = cost.shape[1]
    parent = np.empty(num_cols, dtype=np.int64)  # the row before each column on its path
    reach = np.empty(num_cols)  # length of the shortest path to each column so far
    done = np.empty(num_cols)  # infinity where that length is final, else 0
    for new in range(start, stop):
        if col_of[new] >= 0:
            continue
        reach[:] = np.inf
        done[:] = 0.0
        row, far, col = new, 0.0, -1
        while row >= 0:  # until the nearest column is free
            _extend(cost[row], far - u[row], v, row, parent, reach, done)
            col = _nearest(row_of, reach, done)
            done[col] = np.inf
            far, row = reach[col], row_of[col]
        u[new] += far
        for j in range(num_cols):
            if done[j] > 0 and j != col:
                u[row_of[j]] += far - reach[j]
                v[j] -= far - reach[j]
        _swap(new, col, parent, row_of, col_of)


@helper
def _take_cheapest(cost, u, row_of, col_of):
    """Match each row with its cheapest column if that is free, and set the rows' prices."""
    row_of[:] = -1
    col_of[:] = -1
    for i in range(cost.shape[0]):
        j = _cheapest(cost[i])
        u[i] = cost[i, j]  # the price at which the reduced cost of this column is 0
        if row_of[j] < 0:
            row_of[j], col_of[i] = i, j


@helper
def _swap(new, col, parent, row_of, col_of):
    """Swap the pairs along the path, from its free column back to the new row."""
    row = -1
    while row != new:
        row = parent[col]
        row_of[col] = row
        col_of[row], col = col, col_of[row]


@helper
def _cheapest(cost):
    """The first cheapest column. A loop compiles in a fifth of the time of NumPy's argmin."""
    best = 0
    for j in range(1, cost.shape[0]):
        if cost[j] < cost[best]:
            best = j
    return best


@helper
def _extend(cost, base, v, row, parent, reach, done):
    """Shorten the paths that are shorter through ``row``. No branches, so it vectorises."""
    for j in range(cost.shape[0]):
        length = base + cost[j] - v[j] + done[j]
        better = length < reach[j]
        reach[j] = length if better else reach[j]
        parent[j] = row if better else parent[j]


@helper
def _nearest(row_of, reach, done):
    """The nearest column that is not done; of equals, a free one, then that of lowest index."""
    best = 0
    for j in range(1, reach.shape[0]):
        length, least = reach[j] + done[j], reach[best] + done[best]
        if length < least or length == least and row_of[j] < 0 <= row_of[best]:
            best = j
    return best
