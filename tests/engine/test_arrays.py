"""Arrays of any strides, read-only, empty, of float16, and with NaN, against plain layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose._check import count_windows
from npkpose._numba import COMPILES
from npkpose.engine import (
    conv2d_input_gradient,
    conv2d_weight_gradient,
    convolve,
    matmul,
    use_threads,
)
from npkpose.nn import conv

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
WINDOW = (3, 3), (1, 1), (1, 1), (1, 1)
CLOSE = {"rtol": 0, "atol": 1e-12}


def laid_out(array, order, backward, gaps):
    """Return a read-only array equal to ``array`` whose memory is laid out otherwise."""
    other = np.full([n * 2 if gap else n for n, gap in zip(array.shape, gaps)], np.nan)
    other = np.ascontiguousarray(other.transpose(order)).transpose(np.argsort(order))
    steps = tuple(slice(None, None, (2 if gap else 1)) for gap in gaps)
    other = other[steps][tuple(slice(None, None, -1 if b else 1) for b in backward)]
    other[...] = array
    other.flags.writeable = False
    return other


four = st.tuples(*4 * [st.booleans()])
layouts = st.tuples(st.permutations(range(4)), four, four)


@pytest.mark.parametrize("threads", [1, 3])
@given(data=st.data(), layout=st.tuples(*3 * [layouts]))
def test_convolutions_of_arrays_of_any_strides(convolutions, threads, data, layout):
    x, weight, window, groups = data.draw(convolutions)
    size = x.shape[2:]
    dy = (len(x), len(weight), *count_windows(size, window))
    dy = np.random.default_rng(1).normal(size=dy)
    x, weight, dy = (laid_out(a, *how) for a, how in zip((x, weight, dy), layout))
    before = x.copy(), weight.copy(), dy.copy()
    with use_threads(threads):
        y = convolve(x, weight, window, groups)
        dx = conv2d_input_gradient(dy, weight, window, groups, size)
        dweight, dbias = conv2d_weight_gradient(x, dy, window, groups)
    np.testing.assert_allclose(y, conv.conv2d.plain(x, weight, None, window, groups), **CLOSE)
    wanted = conv.conv2d_input_gradient.plain(dy, weight, window, groups, size)
    np.testing.assert_allclose(dx, wanted, **CLOSE)
    wanted = conv.conv2d_weight_gradient.plain(x, dy, window, groups)
    np.testing.assert_allclose(dweight, wanted[0], **CLOSE)
    np.testing.assert_allclose(dbias, wanted[1], **CLOSE)
    for a, b in zip((x, weight, dy), before):
        np.testing.assert_array_equal(a, b)


@given(*3 * [st.integers(1, 40)], *4 * [st.sampled_from([1, -1, 2, -3])])
def test_products_of_matrices_of_any_strides(M, K, N, a, b, c, d):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(3 * M, 3 * K)), rng.normal(size=(3 * K, 3 * N))
    first, second = first[::a, ::b][:M, :K], second[::c, ::d][:K, :N]
    np.testing.assert_allclose(matmul(first, second), first @ second, **CLOSE)
    first, second = first.T[::-1], second.T
    np.testing.assert_allclose(matmul(second, first[::-1]), second @ first[::-1], **CLOSE)


@pytest.mark.parametrize("N, C, O", [(0, 2, 3), (0, 1, 1)])
def test_no_images_give_no_images_and_gradients_of_zero(N, C, O):
    x, weight, dy = np.ones((N, C, 5, 6)), np.ones((O, C, 3, 3)), np.ones((N, O, 5, 6))
    assert convolve(x, weight, WINDOW).shape == (N, O, 5, 6)
    assert conv2d_input_gradient(dy, weight, WINDOW, 1, (5, 6)).shape == (N, C, 5, 6)
    for got, shape in zip(conv2d_weight_gradient(x, dy, WINDOW), ((O, C, 3, 3), (O,))):
        np.testing.assert_array_equal(got, np.zeros(shape))


WINDOWS = [
    WINDOW,
    ((3, 3), (1, 1), (0, 0), (1, 1)),
    ((1, 1), (1, 1), (0, 0), (1, 1)),
    ((3, 2), (1, 2), (1, 1), (2, 2)),
    ((2, 2), (1, 1), (0, 0), (2, 2)),
]


def same(got, wanted):
    """Compare infinities, NaNs and numbers."""
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(wanted))
    np.testing.assert_allclose(got, wanted, **CLOSE)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("size", [(9, 11), (4, 5)])
def test_nan_and_infinity_reach_the_outputs_that_see_them(window, value, size, rng):
    weight = rng.normal(size=(5, 3, *window[0]))
    for place in np.ndindex(2, 3, *size):
        if sum(place) % 4:
            continue
        x = rng.normal(size=(2, 3, *size))
        x[place] = value
        with np.errstate(invalid="ignore"):
            wanted = conv.conv2d.plain(x, weight, None, window, 1)
        for threads in (1, 2):
            with use_threads(threads):
                same(convolve(x, weight, window), wanted)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_reach_the_input_gradients_that_see_them(window, value, rng):
    weight, size = rng.normal(size=(5, 3, *window[0])), (9, 11)
    shape = 2, 5, *count_windows(size, window)
    for place in list(np.ndindex(*shape))[::9]:
        dy = rng.normal(size=shape)
        dy[place] = value
        with np.errstate(invalid="ignore"):
            wanted = conv.conv2d_input_gradient.plain(dy, weight, window, 1, size)
        same(conv2d_input_gradient(dy, weight, window, 1, size), wanted)


@pytest.mark.parametrize("window", WINDOWS)
def test_nan_reaches_the_weights_whose_taps_see_it_alone(window, rng):
    x = rng.normal(size=(2, 3, 9, 11))
    dy = rng.normal(size=(2, 5, *count_windows((9, 11), window)))
    for array in x, dy:
        for place in list(np.ndindex(*array.shape))[::7]:
            before, array[place] = array[place], np.nan
            got, _ = conv2d_weight_gradient(x, dy, window)
            wanted, _ = conv.conv2d_weight_gradient.plain(x, dy, window)
            same(got, wanted)
            array[place] = before


def test_float16_is_treated_by_both_engines_alike(rng):
    x = rng.normal(size=(1, 2, 6, 7)).astype(np.float16)
    for layer in (nn.Conv2d(2, 3, 3, rng=rng), nn.Linear(7, 4, rng=rng), nn.GELU()):
        outcomes = []
        for engine in ("plain", "fast"):
            with nn.engine(engine):
                try:
                    outcomes.append(layer(x))
                except (TypeError, ValueError) as error:
                    outcomes.append(str(error))
        plain, fast = outcomes
        if isinstance(plain, str):
            assert fast == plain
        else:
            assert fast.dtype == plain.dtype
            np.testing.assert_allclose(fast, plain, rtol=0, atol=1e-2)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_call_gives_the_same_bits(threads, dtype, rng):
    for N, C, O, size in ((2, 40, 37, (33, 29)), (9, 64, 64, (6, 4)), (1, 300, 16, (14, 15))):
        x, weight = rng.normal(size=(N, C, *size)), rng.normal(size=(O, C, 3, 3))
        x, weight = x.astype(dtype), weight.astype(dtype)
        with use_threads(threads):
            first = convolve(x, weight, WINDOW)
            for _ in range(10):
                np.testing.assert_array_equal(convolve(x, weight, WINDOW), first)
