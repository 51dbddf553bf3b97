"""exp and expm1 of float32 against NumPy's of float64."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from npkpose.engine.elementary import HIGHEST, LOWEST, exp, expm1

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")


@numba.njit
def run(x):
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = exp(x[i])
    return y


def test_the_relative_error_is_a_float32s_rounding_on_the_whole_range():
    x = np.linspace(LOWEST, HIGHEST, 2_000_001, dtype=np.float32)
    exact = np.exp(x.astype(float))
    assert (abs(run(x) - exact) / exact).max() <= 1.2e-7


def test_small_numbers_and_both_sides_of_half_a_doubling():
    halves = np.log(2) * (np.arange(-120, 120) + 0.5)
    x = np.concatenate([halves, halves.astype(np.float32)]).astype(np.float32)
    x = np.concatenate([np.nextafter(x, np.float32(99)), x, np.nextafter(x, np.float32(-99))])
    x = np.concatenate([x, np.float32([0, -0.0, 1e-45, -1e-45, 1e-8, -1e-8, 1, -1])])
    exact = np.exp(x.astype(float))
    assert (abs(run(x) - exact) / exact).max() <= 1.2e-7
    assert run(np.float32([0, -0.0])).tolist() == [1, 1]


def test_beyond_the_range_it_stays_at_its_ends():
    low, high = run(np.float32([LOWEST, HIGHEST]))
    x = np.float32([-np.inf, -1e38, -100, np.nextafter(LOWEST, np.float32(-99))])
    assert (run(x) == low).all() and 0 < low < 1.3e-38
    x = np.float32([np.inf, 1e38, 100, np.nextafter(HIGHEST, np.float32(99))])
    assert (run(x) == high).all() and 2e38 < high < np.inf


def test_nan_stays_nan():
    assert np.isnan(run(np.float32([np.nan, -np.nan]))).all()


def test_float64_is_numpys():
    x = np.linspace(-740, 709, 1001)
    np.testing.assert_allclose(run(x), np.exp(x), rtol=1e-15)
    assert run(np.array([-np.inf, np.inf])).tolist() == [0, np.inf]


@numba.njit
def run_expm1(x):
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = expm1(x[i])
    return y


def test_expm1_keeps_the_digits_of_small_numbers():
    small = np.float32(10.0) ** np.linspace(-38, 0, 1001, dtype=np.float32)
    x = np.concatenate([small, -small, np.linspace(LOWEST, HIGHEST, 200_001, dtype=np.float32)])
    exact = np.expm1(x.astype(float))
    nonzero = exact != 0
    error = abs(run_expm1(x) - exact)[nonzero] / abs(exact[nonzero])
    assert error.max() <= 3e-7
    assert run_expm1(np.float32([0, -0.0])).tolist() == [0, 0]
    assert np.isnan(run_expm1(np.float32([np.nan]))).all()
