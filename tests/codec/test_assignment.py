import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec import assignment
from npkpose.codec.assignment import assign
from npkpose.reference.codec import assignment as reference

sizes = st.tuples(st.integers(0, 4), st.integers(0, 4))
eighths = st.integers(-16, 16).map(lambda i: i / 8)
costs = arrays(np.float64, sizes, elements=eighths | st.sampled_from([np.nan, np.inf]))


def pairs_of(cost, unassigned=None):
    return list(zip(*(indices.tolist() for indices in assign(cost, unassigned))))


def test_a_hand_worked_matrix_gives_the_hand_worked_pairs():
    # greedily 1 + 3 + 7 = 11; best is 2 + 3 + 4 = 9
    assert pairs_of([[1, 2, 8], [2, 9, 3], [4, 7, 6]]) == [(0, 1), (1, 2), (2, 0)]


def test_more_pairs_come_before_a_lower_total_unless_leaving_a_row_out_has_a_cost():
    cost = [[0.1, 0.9], [0.9, np.nan]]
    assert pairs_of(cost) == [(0, 1), (1, 0)]
    assert pairs_of(cost, unassigned=1.0) == [(0, 0)]
    assert pairs_of(cost, unassigned=0.1) == []  # a pair is made only if it costs less
    assert pairs_of([[5.0], [1.0]]) == [(1, 0)]
    assert pairs_of([[5.0, np.inf], [1.0, np.inf]]) == [(1, 0)]


@given(costs, st.none() | eighths)
def test_the_matching_is_as_good_as_the_best_of_all_matchings(cost, unassigned):
    pairs = pairs_of(cost, unassigned)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert np.isfinite([cost[pair] for pair in pairs]).all() and pairs == sorted(pairs)
    best = list(zip(*reference.assign(cost, unassigned)))
    got, expected = (reference.value(cost, p, unassigned) for p in (pairs, best))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (12, 20), (20, 12), (25, 25)])
def test_the_total_is_scipys(shape, rng):
    optimize = pytest.importorskip("scipy.optimize")
    for cost in (rng.normal(size=shape), rng.integers(0, 9, shape).astype(float)):
        expected = cost[optimize.linear_sum_assignment(cost)].sum()
        np.testing.assert_allclose(cost[assign(cost)].sum(), expected, rtol=0, atol=1e-9)


@given(arrays(np.float64, (4, 3), elements=eighths), arrays(np.float64, (4, 1), elements=eighths))
def test_transposing_keeps_the_total_and_raising_every_column_shifts_it(cost, raised):
    total = cost[assign(cost)].sum()
    np.testing.assert_allclose(cost.T[assign(cost.T)].sum(), total, atol=1e-12)
    lifted = cost + raised[:3, 0]
    np.testing.assert_allclose(lifted[assign(lifted)].sum(), total + raised[:3].sum(), atol=1e-12)


def test_ties_are_always_broken_alike_and_the_input_is_not_modified():
    cost = np.zeros((3, 4))
    assert pairs_of(cost) == pairs_of(cost.copy()) == [(0, 0), (1, 1), (2, 2)]
    assert (cost == 0).all()
    cost.flags.writeable = False
    assert len(pairs_of(cost)) == 3


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
def test_an_empty_matrix_gives_no_pairs(shape):
    rows, cols = assign(np.empty(shape))
    assert rows.shape == cols.shape == (0,) and rows.dtype.kind == "i"


@pytest.mark.parametrize("chunk", [1, 30, 200])
def test_rows_matched_in_several_calls_give_the_same_pairs(chunk, monkeypatch):
    cost = np.random.default_rng(0).integers(0, 9, (7, 9)).astype(float)  # with ties
    expected = assign(cost)
    monkeypatch.setattr(assignment, "CHUNK", chunk)
    np.testing.assert_array_equal(assign(cost), expected)
    np.testing.assert_array_equal(assign(cost.T), assign(cost.T.copy()))


def test_one_specialisation_serves_every_input():
    for cost in (np.ones((2, 3), np.float32), np.ones((3, 2), int), np.ones((4, 4))[::2]):
        assign(cost)
    assert len(getattr(assignment._match_rows, "signatures", [None])) == 1


@pytest.mark.parametrize(
    "cost, unassigned, message",
    [
        ([1, 2], None, r"cost: expected shape \(R, C\), got \(2,\)"),
        ([["a"]], None, "cost: expected real numbers"),
        ([[-np.inf]], None, "cost: expected finite values, or NaN or infinity"),
        ([[1e308, 1e308]], None, "cost: expected values whose sum is finite"),
        ([[1e308, np.nan]], None, "cost: expected values whose sum is finite"),
        (1.7e308 * (2 * np.eye(3) - 1), None, "cost: expected values whose sum is finite"),
        ([[1.0]], np.nan, "unassigned: expected a finite number"),
    ],
)
def test_bad_input_is_named(cost, unassigned, message):
    with pytest.raises(ValueError, match=message):
        assign(cost, unassigned)
