"""The faster ways to a convolution, against the plain one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._numba import COMPILES
from npkpose.engine.activations import CLIP, HARD_SWISH
from npkpose.engine.conv_forward import Epilogue, convolve
from npkpose.engine.threads import use_threads
from npkpose.nn.conv import conv2d

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")

# Costs of `conv_plan` that make one way the cheapest.
WAYS = {
    "as estimated": {},
    "copied once": {"COPIED_ROW": 1e9},
    "unfolded": {"TILE": (0, 1e9, 1e9, 1e9)},
    "row by row": {"SPREAD_NUMBER": 1e9, "COPIED_ROW": 1e6},
    "small chunks": {"CACHED": 1, "MIN_SHARED": 0},
    "image by image": {"FEW_WINDOWS": 0},
}


def plain(x, weight, window, groups):
    return conv2d.plain(x, weight, None, window, groups)


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_every_way_gives_the_sum_over_unfolded_columns(way, costs, convolutions, data):
    case = data.draw(convolutions)
    with costs(**WAYS[way]):
        np.testing.assert_allclose(convolve(*case), plain(*case), rtol=0, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("dtype, error", [(np.float32, 2e-5), (np.float64, 1e-12)])
def test_long_sums_and_large_images(threads, dtype, error, rng):
    """More terms, windows and channels than are taken at once."""
    for C, O, kernel, size in ((150, 21, (3, 3), (9, 61)), (3, 70, (5, 2), (70, 90))):
        x = rng.normal(size=(2, C, *size)).astype(dtype)
        weight = rng.normal(size=(O, C, *kernel)).astype(dtype)
        case = x, weight, (kernel, (1, 1), (1, 0), (1, 2)), 1
        with use_threads(threads):
            y = convolve(*case)
        wanted = plain(*(a.astype(float) for a in case[:2]), *case[2:])
        assert abs(y - wanted).max() < error * abs(wanted).max()


@given(data=st.data(), steps=st.tuples(*4 * [st.booleans()]))
def test_the_epilogue_does_its_steps_in_order(convolutions, data, steps):
    case = data.draw(convolutions)
    y = plain(*case)
    N, O, Ho, Wo = y.shape
    rng = np.random.default_rng(0)
    scale, shift = (rng.normal(size=O) if step else None for step in steps[:2])
    residual = rng.normal(size=(N, O, Ho * Wo)) if steps[2] else None
    got = convolve(*case, Epilogue(scale, shift, residual, steps[3]))
    y = y if scale is None else y * scale[:, None, None]
    y = y if shift is None else y + shift[:, None, None]
    y = y if residual is None else y + residual.reshape(y.shape)
    np.testing.assert_allclose(got, np.maximum(y, 0) if steps[3] else y, rtol=0, atol=1e-12)


@given(data=st.data(), residual=st.booleans())
@pytest.mark.parametrize("activation", [(CLIP, -0.5, 1), (HARD_SWISH, 1 / 6, 0.5)])
def test_an_activation_comes_last(convolutions, activation, data, residual):
    x, weight, window, groups = data.draw(convolutions)
    x, weight = x.astype(np.float32), weight.astype(np.float32)
    y, flat = plain(x, weight, window, groups), None
    N, O, Ho, Wo = y.shape
    if residual:
        flat = np.random.default_rng(0).normal(size=(N, O, Ho * Wo)).astype(np.float32)
        y += flat.reshape(y.shape)
    got = convolve(x, weight, window, groups, Epilogue(residual=flat, activation=activation))
    kind, a, b = activation
    wanted = np.clip(y, a, b) if kind == CLIP else y * np.clip(a * y + b, 0, 1)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * max(1, abs(y).max(initial=0)))


def test_nothing_outside_the_image_is_read_and_the_arguments_stay_as_they_are(rng):
    image = np.full((1, 2, 12, 14), np.nan)
    image[:, :, 3:9, 3:11] = rng.normal(size=(1, 2, 6, 8))
    inside, weight = np.ascontiguousarray(image[:, :, 3:9, 3:11]), rng.normal(size=(3, 2, 3, 3))
    before = inside.copy(), weight.copy()
    assert np.isfinite(convolve(inside, weight, ((3, 3), (1, 1), (1, 1), (1, 1)))).all()
    np.testing.assert_array_equal(inside, before[0])
    np.testing.assert_array_equal(weight, before[1])


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (4, 2, 2, 3), (5, 2, 3, 3), (4, 1, 3, 3)])
def test_a_weight_that_does_not_fit_is_refused(shape, groups, rng):
    x, window = rng.normal(size=(1, 2, 8, 9)), ((3, 3), (1, 1), (1, 1), (1, 1))
    if shape == (4, 2 // groups, 3, 3) or groups == 1 and shape == (5, 2, 3, 3):
        assert convolve(x, np.ones(shape), window, groups).shape == (1, shape[0], 8, 9)
        return
    with pytest.raises(ValueError, match="weight: expected shape"):
        convolve(x, np.ones(shape), window, groups)


@pytest.mark.parametrize("name, length", [("scale", 3), ("shift", 5), ("residual", (1, 4, 71))])
def test_an_epilogue_that_does_not_fit_is_refused(name, length, rng):
    x, window = rng.normal(size=(1, 2, 8, 9)), ((3, 3), (1, 1), (1, 1), (1, 1))
    with pytest.raises(ValueError, match=f"{name}: expected shape"):
        convolve(x, np.ones((4, 2, 3, 3)), window, 1, Epilogue(**{name: np.ones(length)}))
    with pytest.raises(ValueError, match="weight: expected shape .* and float64"):
        convolve(x, np.ones((4, 2, 3, 3), np.float32), window)


def test_a_residual_of_another_dtype_or_order_is_converted(rng):
    x, weight = rng.normal(size=(2, 3, 5, 6)).astype(np.float32), rng.normal(size=(4, 3, 1, 1))
    weight, window = weight.astype(np.float32), ((1, 1), (1, 1), (0, 0), (1, 1))
    residual = np.asfortranarray(rng.normal(size=(2, 4, 30)))
    y = convolve(x, weight, window, 1, Epilogue(residual=residual))
    wanted = plain(x, weight, window, 1) + residual.reshape(2, 4, 5, 6)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-5)
