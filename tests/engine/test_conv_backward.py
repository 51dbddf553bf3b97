"""The faster ways to the gradients of a convolution, against the plain ones."""

import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._check import count_windows
from npkpose._numba import COMPILES
from npkpose.engine import (
    Epilogue,
    conv2d_input_gradient,
    conv2d_weight_gradient,
    conv_backward,
    run_all,
    use_threads,
)
from npkpose.nn import conv

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
WINDOW = (3, 3), (1, 1), (1, 1), (1, 1)


def draw_case(data, convolutions):
    x, weight, window, groups = data.draw(convolutions)
    size = x.shape[2:]
    dy = (len(x), len(weight), *count_windows(size, window))
    return x, np.random.default_rng(0).normal(size=dy), weight, window, groups, size


@given(data=st.data())
def test_both_gradients_are_those_of_the_columns(convolutions, data):
    x, dy, weight, window, groups, size = draw_case(data, convolutions)
    close = {"rtol": 0, "atol": 1e-12}
    dx = conv2d_input_gradient(dy, weight, window, groups, size)
    expected = conv.conv2d_input_gradient.plain(dy, weight, window, groups, size)
    np.testing.assert_allclose(dx, expected, **close)
    with patch.object(conv_backward, "MANY_WINDOWS", 0):  # the weight is copied first
        dx = conv2d_input_gradient(dy, weight, window, groups, size)
    np.testing.assert_allclose(dx, expected, **close)
    dweight, dbias = conv2d_weight_gradient(x, dy, window, groups)
    expected = conv.conv2d_weight_gradient.plain(x, dy, window, groups)
    np.testing.assert_allclose(dweight, expected[0], **close)
    np.testing.assert_allclose(dbias, expected[1], **close)


@given(data=st.data())
def test_the_epilogue_of_a_transposed_convolution(convolutions, data):
    x, dy, weight, window, groups, size = draw_case(data, convolutions)
    shift = np.random.default_rng(0).normal(size=x.shape[1])
    got = conv2d_input_gradient(dy, weight, window, groups, size, Epilogue(shift=shift, relu=True))
    expected = conv.conv2d_input_gradient.plain(dy, weight, window, groups, size)
    expected = np.maximum(expected + shift[:, None, None], 0)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_a_tile_of_small_images_gives_one_sum(rng):
    x, dy = rng.normal(size=(5, 3, 4, 4)), rng.normal(size=(5, 2, 4, 4))
    expected, _ = conv.conv2d_weight_gradient.plain(x, dy, WINDOW)
    got, _ = conv2d_weight_gradient(x, dy, WINDOW)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_tasks_that_one_thread_runs_alone_do_not_disturb_each_other(rng):
    x, dy = rng.normal(size=(2, 5, 8, 40, 40))
    expected = conv.conv2d_weight_gradient.plain(x, dy, WINDOW)
    inside, done = threading.Event(), threading.Event()
    with use_threads(3):
        tasks = 2 * [lambda: (inside.set(), done.wait(20))]
        other = threading.Thread(target=lambda: _with_threads(3, tasks))
        other.start()
        assert inside.wait(20)  # another thread of the program has the workers
        got = conv2d_weight_gradient(x, dy, WINDOW)
        done.set()
        other.join(20)
    for array, wanted in zip(got, expected):
        np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-10)


def _with_threads(count, tasks):
    with use_threads(count):
        run_all(tasks)
