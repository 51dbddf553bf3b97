"""The compiled parts of a convolution against their NumPy twins."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine import conv_kernels as windows
from npkpose.engine.gemm import LINKED
from npkpose.reference.engine import conv_kernels as reference

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
linked = pytest.mark.skipif(
    not LINKED or bool(numba.config.DISABLE_JIT), reason="for compiled code, with OpenBLAS"
)


def after(rng, dtype, channels, shape, steps):
    """What follows a sum: slope, offset, skip, each there or empty, and whether ReLU."""
    slope = rng.normal(size=channels if steps[0] else 0).astype(dtype)
    offset = rng.normal(size=channels if steps[1] else 0).astype(dtype)
    skip = rng.normal(size=shape if steps[2] else (0, 0, 0)).astype(dtype)
    return slope, offset, skip, steps[3]


@st.composite
def cases(draw):
    """Images, a window, how many there are, shares of rows and channels, and a block."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    N, C, H, W, Ho, Wo = (*rng.integers(1, 4, 2).tolist(), *rng.integers(1, 9, 4).tolist())
    if draw(st.booleans()):
        Wo = -(-W // 2)
    kernel, dilation, stride = (tuple(pair) for pair in rng.integers(1, 4, (3, 2)).tolist())
    padding = tuple(rng.integers(-2, 4, 2).tolist())
    P = kernel[0] if stride[0] == 1 and draw(st.booleans()) else 1
    inputs = sorted(rng.integers(0, C + 1, 2).tolist())
    inputs = tuple(inputs) if inputs[0] < inputs[1] else (0, C)
    first = int(rng.integers(0, N * Ho))
    end = int(rng.integers(first, N * Ho)) + 1
    several = P == 1 and draw(st.booleans())
    block = Ho * Wo * int(rng.integers(1, 4)) if several else Wo * int(rng.integers(1, Ho + 1))
    window = kernel, dilation, padding, stride
    return rng, N, (H, W), (Ho, Wo), window, P, inputs, (first, end), block


@linked
@DTYPES
@given(cases(), st.tuples(*4 * [st.booleans()]), st.booleans())
def test_rows_of_a_convolution_equal_the_twin(dtype, case, steps, shuffled):
    rng, N, (H, W), size, window, P, inputs, rows, block = case
    shuffle = tuple(rng.integers(1, 4, 2).tolist()) if shuffled else (1, 1)
    each, C = shuffle[0] * shuffle[1], inputs[1]
    channels = int(rng.integers(1, 4)) * each
    channel = int(rng.integers(0, channels))
    O = int(rng.integers(1, channels - channel + 1))
    steps = steps if each == 1 else (*steps[:2], False, steps[3])
    x = rng.normal(size=(N, C, H, W)).astype(dtype)
    K = (inputs[1] - inputs[0]) * window[0][0] * window[0][1] // P
    matrices = rng.normal(size=(P, O, K)).astype(dtype)
    length = block + (P - 1) * window[1][0] * size[1]
    y = np.zeros((N, channels // each, size[0] * size[1] * each), dtype)
    tail = after(rng, dtype, channels // each, y.shape, steps)
    results = []
    for module in (windows, reference):
        columns, sums = np.full((K, length), np.nan, dtype), np.full((O, block), np.nan, dtype)
        written = y.copy()
        module.convolve_rows(
            x, matrices, written, *rows, inputs, channel, window, size, shuffle, block, columns,
            sums, *tail,
        )  # fmt: skip
        results.append(written)
    np.testing.assert_allclose(*results, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


@linked
@DTYPES
@given(cases(), st.booleans())
def test_rows_of_a_weight_gradient_equal_the_twin(dtype, case, swapped):
    rng, N, (H, W), size, window, P, inputs, rows, block = case
    outputs = 1, 1 + int(rng.integers(1, 4))
    O, K = outputs[1] - 1, (inputs[1] - inputs[0]) * window[0][0] * window[0][1] // P
    x = rng.normal(size=(N, inputs[1], H, W)).astype(dtype)
    dy = rng.normal(size=(N, outputs[1], size[0] * size[1])).astype(dtype)
    length = block + (P - 1) * window[1][0] * size[1]
    results = []
    for module in (windows, reference):
        columns = np.full((K, length), np.nan, dtype)
        values = np.full((block, O) if swapped else (O, block), np.nan, dtype)
        dweight = np.full((P, K, O) if swapped else (P, O, K), np.nan, dtype)
        dbias = np.ones(O, dtype)
        module.weight_gradient_rows(
            x, dy, dweight, dbias, *rows, inputs, outputs, window, size, block, swapped, columns,
            values,
        )  # fmt: skip
        results.append((dweight, dbias))
    tolerance = 1e-3 if dtype == np.float32 else 1e-11
    for got, expected in zip(*results):
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)


@linked
def test_nan_stays_nan_and_zero_is_not_negative():
    x, y = np.array([[[[np.nan, -1.0, -0.0, 2.0]]]]), np.ones((1, 1, 4))
    none, scratch, one = np.empty(0), np.empty((1, 4)), np.ones((1, 1, 1))
    window = (1, 1), (1, 1), (0, 0), (1, 1)
    share = 0, 1, (0, 1), 0, window, (1, 4), (1, 1), 4, scratch, scratch, none, none
    windows.convolve_rows(x, one, y, *share, np.empty((0, 0, 0)), True)
    np.testing.assert_array_equal(y, [[[np.nan, 0, 0, 2]]])


@DTYPES
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
    windows.sum_shifted(padded, *share, y, *last)
    reference.sum_shifted(padded, *share, expected, *last)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5)
