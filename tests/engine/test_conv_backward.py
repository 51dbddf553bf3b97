"""The gradients of a convolution against `fold` and `unfold`, which do them as written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.engine import conv_backward as adjoint
from npkpose.engine import conv_forward as convolve
from npkpose.engine import threads
from npkpose.engine import tiling as strips
from npkpose.engine.conv_backward import input_gradient, weight_gradient
from npkpose.engine.conv_forward import Tail
from npkpose.nn.unfold import window_counts


def gradients(x, dy, weight, window, groups):
    """(dL/dx, dL/dweight), with every column stored and then added in its place."""
    (N, _, *size), O = x.shape, len(weight)
    L, K = dy.shape[2] * dy.shape[3], weight[0].size
    columns = nn.unfold(x, *window).reshape(N, groups, K, L)
    dy = dy.reshape(N, groups, O // groups, L)
    dcolumns = weight.reshape(groups, O // groups, K).swapaxes(1, 2) @ dy
    dweight = (dy @ columns.swapaxes(2, 3)).sum(axis=0).reshape(weight.shape)
    return nn.fold(dcolumns.reshape(N, groups * K, L), size, *window), dweight


WAYS = {"by remainder": (0, 0), "all at once": (0, 10**6), "scattered": (10**6, 0)}

# WIDE, SHORT and NARROW: products by pixels in one part, by pixels in kh, by channels.
WIDTHS = (64, 24, 64), (64, 0, 0), (0, 24, 64)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("strip", [1, 40, 10**6], ids=["single rows", "strips", "whole"])
@given(data=st.data())
def test_both_gradients_are_those_of_the_columns(way, strip, convolutions, data):
    x, weight, window, groups = data.draw(convolutions)
    rng = np.random.default_rng(0)
    size = x.shape[2:]
    dy = rng.normal(size=(len(x), len(weight), *window_counts(size, *window)))
    before = adjoint.FEW_WINDOWS, adjoint.SHUFFLED, strips.STRIP, strips.PIXELS
    adjoint.FEW_WINDOWS, adjoint.SHUFFLED, strips.STRIP, strips.PIXELS = *WAYS[way], strip, 1
    sizes = adjoint.WIDE, adjoint.SHORT, adjoint.NARROW
    adjoint.WIDE, adjoint.SHORT, adjoint.NARROW = data.draw(st.sampled_from(WIDTHS))
    convolve._plan.cache_clear()
    try:
        dx = input_gradient(dy, weight, window, groups, size)
        dweight, dbias = weight_gradient(x, dy, window, groups)
    finally:
        adjoint.FEW_WINDOWS, adjoint.SHUFFLED, strips.STRIP, strips.PIXELS = before
        adjoint.WIDE, adjoint.SHORT, adjoint.NARROW = sizes
        convolve._plan.cache_clear()
    expected = gradients(x, dy, weight, window, groups)
    np.testing.assert_allclose(dx, expected[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(dweight, expected[1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(dbias, dy.sum(axis=(0, 2, 3)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_the_tail_of_a_transposed_convolution(way, convolutions, data):
    x, weight, window, groups = data.draw(convolutions)
    rng = np.random.default_rng(0)
    size = x.shape[2:]
    dy = rng.normal(size=(len(x), len(weight), *window_counts(size, *window)))
    offset = rng.normal(size=x.shape[1])
    before = adjoint.FEW_WINDOWS, adjoint.SHUFFLED
    adjoint.FEW_WINDOWS, adjoint.SHUFFLED = WAYS[way]
    try:
        got = input_gradient(dy, weight, window, groups, size, Tail(offset=offset, relu=True))
    finally:
        adjoint.FEW_WINDOWS, adjoint.SHUFFLED = before
    expected = gradients(x, dy, weight, window, groups)[0] + offset[:, None, None]
    np.testing.assert_allclose(got, np.maximum(expected, 0), rtol=0, atol=1e-12)


def test_a_strip_of_small_images_gives_one_sum(rng):
    x, dy = rng.normal(size=(5, 3, 4, 4)), rng.normal(size=(5, 2, 4, 4))
    window = (3, 3), (1, 1), (1, 1), (1, 1)
    expected = gradients(x, dy, np.zeros((2, 3, 3, 3)), window, 1)[1]
    np.testing.assert_allclose(weight_gradient(x, dy, window, 1)[0], expected, rtol=0, atol=1e-12)


def test_shares_that_one_thread_does_alone_do_not_disturb_each_other(rng, monkeypatch):
    x, dy = rng.normal(size=(2, 5, 8, 40, 40))
    window = (3, 3), (1, 1), (1, 1), (1, 1)
    expected = gradients(x, dy, np.zeros((8, 8, 3, 3)), window, 1)
    monkeypatch.setattr(threads, "_cores", lambda: 3)
    assert len(strips.shares(5, (40, 40), 8 * 72)) == 3
    with threads._turn:  # another thread of the program has the workers
        dweight, dbias = weight_gradient(x, dy, window, 1)
        dx = input_gradient(dy, np.ones((8, 8, 3, 3)), window, 1, (40, 40))
    np.testing.assert_allclose(dweight, expected[1], rtol=0, atol=1e-10)
    np.testing.assert_allclose(dbias, dy.sum(axis=(0, 2, 3)), rtol=0, atol=1e-10)
    assert dx.shape == x.shape
