import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npkpose import nn
from npkpose._numba import COMPILES
from npkpose.engine.gelu import CHUNK
from npkpose.nn.gelu import gelu

shapes = array_shapes(max_dims=4, max_side=4)


def exact(x):
    """x Phi(x) in float64, by Python's erfc."""
    return np.array([0.5 * v * math.erfc(-v / math.sqrt(2)) for v in x.astype(float)])


def test_some_values():
    np.testing.assert_allclose(nn.GELU()([-1.0, 0.0, 1.0]), [-0.15865525, 0, 0.84134475], rtol=1e-6)


def test_float32_is_right_to_its_last_bit():
    powers = 10.0 ** np.linspace(-30, 2, 4001)
    x = np.concatenate([np.linspace(-15, 15, 30001), powers, -powers]).astype(np.float32)
    error = abs(nn.GELU()(x) - exact(x))
    assert (error <= 2 * np.finfo(np.float32).eps * abs(x)).all()
    negative = (x < 0) & (x > -3)
    assert (error[negative] <= 1e-6 * abs(exact(x[negative]))).all()  # no digits cancel


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
@given(arrays(np.float32, st.integers(1, 20), elements=st.floats(-20, 20, width=32)))
def test_the_fast_float32_is_near_the_definition(x):
    (y, slope), (wanted_y, wanted_slope) = gelu.fast(x), gelu.plain(x)
    np.testing.assert_allclose(y, wanted_y, rtol=3e-7, atol=3e-7)
    np.testing.assert_allclose(slope, wanted_slope, rtol=0, atol=1e-6)


def test_float32_slopes_are_those_of_float64():
    x = np.linspace(-15, 15, 3001).astype(np.float32)
    slopes = []
    for dtype in (np.float32, np.float64):
        layer = nn.GELU()
        layer(x.astype(dtype))
        slopes.append(layer.backward(np.ones(len(x))))
    np.testing.assert_allclose(*slopes, rtol=0, atol=5e-7)


def test_what_is_infinite_or_not_a_number():
    y = nn.GELU()([-np.inf, np.inf, np.nan])
    assert abs(y[0]) < 1e-30 and y[1] == np.inf and np.isnan(y[2])


@pytest.mark.filterwarnings("error")
def test_numbers_whose_squares_overflow_are_kept_without_a_warning():
    layer, x = nn.GELU(), np.array([-1e160, 1e160])
    np.testing.assert_array_equal(layer(x), [0, 1e160])
    np.testing.assert_array_equal(layer.backward(np.ones(2)), [0, 1])


def test_long_arrays_are_done_in_chunks_and_any_order(rng):
    x = rng.normal(size=(3, CHUNK // 2 * 2 + 1)).astype(np.float32)
    y = nn.GELU()(x)
    np.testing.assert_allclose(y.ravel(), exact(x.ravel()), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(nn.GELU()(x.T), y.T)


@given(arrays(np.float64, shapes, elements=st.floats(-8, 8)), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, x, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    assert_same_as_torch(nn.GELU(), torch.nn.GELU(), x, rng)
    nn.check_layer(nn.GELU(), x, rng)
