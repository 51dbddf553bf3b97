"""The compiled passes against their NumPy twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.nn import passes
from npkpose.reference import passes as reference


def after(rng, dtype, channels, shape, steps):
    """What follows a sum: slope, offset, skip, each there or empty, and whether ReLU."""
    slope = rng.normal(size=channels if steps[0] else 0).astype(dtype)
    offset = rng.normal(size=channels if steps[1] else 0).astype(dtype)
    skip = rng.normal(size=shape if steps[2] else (0, 0, 0)).astype(dtype)
    return slope, offset, skip, steps[3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(st.tuples(*4 * [st.booleans()]), st.booleans(), st.integers(0, 99))
def test_finish_equals_its_twin(dtype, steps, joined, seed):
    rng = np.random.default_rng(seed)
    shuffle = tuple(rng.integers(1, 3, 2).tolist())
    each = shuffle[0] * shuffle[1]
    steps = steps if each == 1 else (*steps[:2], False, steps[3])
    n, channels, width, rows, P = rng.integers(1, 4, 5).tolist()
    skipped = int(rng.integers(0, channels * each))  # sums before those of this call
    O = int(rng.integers(1, channels * each - skipped + 1))
    a, b = sorted(rng.integers(0, rows + 1, 2).tolist())
    L = (b - a) * width
    shape = (P, 1, O, n * L) if joined else (P, n, O, L)
    products = np.full((*shape[:3], shape[3] + 2), np.nan, dtype)
    products[..., : shape[3]] = rng.normal(size=shape)
    y = np.zeros((n + 1, channels, rows * width * each), dtype)
    share = skipped, (a * width, b * width), width, shuffle
    share += after(rng, dtype, channels, y.shape, steps)
    expected = y.copy()
    passes.finish(products, y, (1, n + 1), *share, joined)
    reference.finish(products, expected, (1, n + 1), *share, joined)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)


def test_nan_stays_nan_and_zero_is_not_negative():
    products = np.array([[[[np.nan, -1.0, -0.0, 2.0]]]])
    y, none = np.ones((1, 1, 4)), np.empty(0)
    share = (0, 1), 0, (0, 4), 4, (1, 1), none, none, np.empty((0, 0, 0)), True, False
    passes.finish(products, y, *share)
    np.testing.assert_array_equal(y, [[[np.nan, 0, 0, 2]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(st.tuples(*4 * [st.booleans()]), st.integers(0, 99))
def test_sum_shifted_equals_its_twin(dtype, steps, seed):
    rng = np.random.default_rng(seed)
    kernel, dilation, stride, size = (tuple(pair) for pair in rng.integers(1, 4, (4, 2)).tolist())
    channels, C = 2, 4
    extent = [s * (n - 1) + d * (k - 1) + 1 for k, d, s, n in zip(kernel, dilation, stride, size)]
    padded = rng.normal(size=(channels, *extent)).astype(dtype)
    weight = rng.normal(size=(C, 1, *kernel)).astype(dtype)
    y = np.zeros((3, C, size[0] * size[1]), dtype)
    share = weight, (kernel, dilation, (0, 0), stride), size
    last = 1, 2, *after(rng, dtype, C, y.shape, steps)
    expected = y.copy()
    passes.sum_shifted(padded, *share, y, *last)
    reference.sum_shifted(padded, *share, expected, *last)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5)
