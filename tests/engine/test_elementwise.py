"""The compiled passes against their NumPy twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine import elementwise as passes
from npkpose.reference.engine import elementwise as reference

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def both(name, inputs, *outputs):
    """Call a pass and its twin; return what each wrote, and returned."""
    results = []
    for module in (passes, reference):
        written = [output.copy() for output in outputs]
        results.append((*written, getattr(module, name)(*inputs, *written)))
    return zip(*results)


def images(rng, dtype):
    return rng.normal(3, 2, size=rng.integers(1, 6, 3)).astype(dtype)


def check(pairs, dtype):
    for got, expected in pairs:
        if expected is not None:
            tolerance = 1e-4 if dtype == np.float32 else 1e-12
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@DTYPES
@given(st.integers(0, 99))
def test_sums_over_a_channel(dtype, seed):
    rng = np.random.default_rng(seed)
    x = images(rng, dtype)
    C, dy, middle = x.shape[1], rng.normal(size=x.shape).astype(dtype), x.mean(axis=(0, 2))
    check(both("moments", (x,), np.zeros(C), np.zeros(C)), dtype)
    check(both("gradient_moments", (dy, x, middle), np.zeros(C), np.zeros(C)), dtype)
    check(both("channel_sums", (x,), np.zeros(C)), dtype)


@DTYPES
@given(st.integers(0, 99), st.booleans(), st.booleans())
def test_normalisation_and_its_gradient(dtype, seed, skipped, relu):
    rng = np.random.default_rng(seed)
    x = images(rng, dtype)
    dy, skip = rng.normal(size=(2, *x.shape)).astype(dtype)
    lines = rng.normal(size=(4, x.shape[1])).astype(dtype)
    skip = skip if skipped else np.empty((0, 0, 0), dtype)
    check(both("normalise", (x, *lines[:3], skip, relu), np.empty_like(x)), dtype)
    check(both("normalise_gradient", (dy, x, *lines), np.empty_like(x)), dtype)


@DTYPES
@given(st.integers(0, 99), st.booleans())
def test_squares(dtype, seed, weighted):
    rng = np.random.default_rng(seed)
    prediction, target, weight = rng.random((3, rng.integers(0, 50))).astype(dtype)
    weight = weight if weighted else weight[:0]
    factor = dtype(0.3)
    pairs = both("squares", (prediction, target, weight, factor), np.empty_like(prediction))
    check(list(pairs)[::-1], dtype)


@DTYPES
@given(st.integers(0, 99))
def test_adam_and_the_slope_of_a_relu(dtype, seed):
    rng = np.random.default_rng(seed)
    p, m, v, g = rng.random((4, rng.integers(0, 50))).astype(dtype)
    numbers = [dtype(x) for x in (0.01, 0.1, 0.99, 0.01, 1e-3, 1e-8)]
    results = []
    for module in (passes, reference):
        arrays = p.copy(), m.copy(), v.copy()
        module.adam(*arrays, g, *numbers)
        results.append(arrays)
    check(zip(*results), dtype)
    check(both("rectify_gradient", (g, p - dtype(0.5)), np.empty_like(g)), dtype)


def test_nan_stays_nan_and_zero_is_not_negative():
    x, none = np.array([[[np.nan, -1.0, -0.0, 2.0]]]), np.empty((0, 0, 0))
    y, zero, one = np.ones((1, 1, 4)), np.zeros(1), np.ones(1)
    passes.normalise(x, zero, one, zero, none, True, y)
    np.testing.assert_array_equal(y, [[[np.nan, 0, 0, 2]]])
