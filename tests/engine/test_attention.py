"""Attention by the register tile, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._numba import COMPILES
from npkpose.engine import attend, use_threads
from npkpose.engine.attention import COLUMNS, attend_columns, softmax_columns

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
sizes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 70), st.integers(1, 20))


def softmax(S, axis):
    E = np.exp(S - S.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


def expected(q, k, v):
    A = softmax(q.astype(float) @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -1)
    return A @ v, A


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype, error", [(np.float32, 3e-6), (np.float64, 1e-13)])
@given(sizes, st.booleans(), st.integers(0, 99))
def test_it_is_the_softmax_of_products_times_values(threads, dtype, error, size, weights, seed):
    q, k, v = np.random.default_rng(seed).normal(size=(3, *size)).astype(dtype)
    with use_threads(threads):
        y, A = attend(q, k, v, weights)
    wanted = expected(q, k, v)
    assert y.dtype == dtype and (A is not None) == weights
    np.testing.assert_allclose(y, wanted[0], rtol=0, atol=error * 4)
    if weights:
        np.testing.assert_allclose(A, wanted[1], rtol=0, atol=error)


def test_queries_and_keys_may_differ_in_number(rng):
    q, k, v = (rng.normal(size=(2, n, 5)) for n in (7, 11, 11))
    y = np.empty((2, 7, 5))
    S = attend_columns(np.ascontiguousarray(q.swapaxes(1, 2)), k, v, y.swapaxes(1, 2))
    wanted = expected(q, k, v)
    np.testing.assert_allclose(y, wanted[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(S.swapaxes(1, 2), wanted[1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("N, J, I", [(1, 1, 1), (3, 200, COLUMNS), (2, 130, 2 * COLUMNS + 1)])
def test_columns_of_any_number_become_their_softmax(threads, N, J, I, rng):
    S = 30 * rng.normal(size=(N, J, I)).astype(np.float32)
    wanted = softmax(S.astype(float), 1)
    with use_threads(threads):
        softmax_columns(S)
    np.testing.assert_allclose(S, wanted, rtol=0, atol=1e-6)
    softmax_columns(S[:0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_do_not_overflow_and_a_nan_stays_in_its_column(dtype, rng):
    S = rng.normal(size=(1, 9, 70)).astype(dtype)
    S[0, :, 3] *= dtype(1e30)
    S[0, 4, 5] = np.nan
    S[0, 2, 7] = np.inf
    S[0, 2, 8] = -np.inf
    with np.errstate(invalid="ignore"):
        wanted = softmax(S.astype(float), 1)
    softmax_columns(S)
    np.testing.assert_allclose(S, wanted, rtol=0, atol=1e-6)
    assert np.isnan(S[0, :, [5, 7]]).all() and np.isfinite(np.delete(S, [5, 7], axis=2)).all()


def test_arguments_stay_as_they_are_and_may_have_any_strides(rng):
    q, k, v = rng.normal(size=(3, 2, 17, 3, 8)).swapaxes(2, 3)[..., ::-1]
    for a in (q, k, v):
        a.flags.writeable = False
    before = [a.copy() for a in (q, k, v)]
    y, _ = attend(q, k, v)
    np.testing.assert_allclose(y, expected(q, k, v)[0], rtol=0, atol=1e-13)
    for a, b in zip((q, k, v), before):
        np.testing.assert_array_equal(a, b)
    assert attend(q[:0], k[:0], v[:0])[0].shape == (0, 3, 17, 8)
