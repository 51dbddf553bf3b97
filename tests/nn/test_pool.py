import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn


@st.composite
def pools(draw):
    """Constructor arguments of a MaxPool2d, and an input size it accepts."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = draw(st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(max(1, k - 2 * p) + draw(st.integers(0, 4)) for k, p in zip(kernel, padding))
    return (kernel, stride, padding), size


def test_the_largest_of_four_and_the_way_back():
    layer = nn.MaxPool2d(2)
    x = np.array([[[[1.0, 2.0, -1.0, -2.0], [4.0, 3.0, -4.0, -3.0]]]])
    np.testing.assert_array_equal(layer(x), [[[[4, -1]]]])
    dx = layer.backward([[[[5.0, 6.0]]]])
    np.testing.assert_array_equal(dx[0, 0], [[0, 0, 6, 0], [5, 0, 0, 0]])


def test_of_equal_values_the_first_in_raster_order_wins():
    layer = nn.MaxPool2d(2)
    layer(np.zeros((1, 1, 2, 2)))
    np.testing.assert_array_equal(layer.backward([[[[1.0]]]])[0, 0], [[1, 0], [0, 0]])


def test_padding_never_wins_and_nan_always_does():
    layer = nn.MaxPool2d(3, 1, 1)
    np.testing.assert_array_equal(layer(np.full((1, 1, 2, 2), -9.0)), np.full((1, 1, 2, 2), -9.0))
    assert np.isnan(layer(np.array([[[[np.nan, 1.0]]]]))).all()
    assert np.isnan(layer.eval()(np.array([[[[np.nan, 1.0]]]]))).all()


@given(pools(), st.integers(0, 99), st.booleans())
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, case, seed, ties):
    torch = pytest.importorskip("torch")
    arguments, size = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 2, *size))
    x = np.round(x) if ties else x
    layer = nn.MaxPool2d(*arguments)
    assert_same_as_torch(layer, torch.nn.MaxPool2d(*arguments), x, rng)
    np.testing.assert_array_equal(layer(x), layer.eval()(x))


@given(pools(), st.integers(0, 99))
def test_gradients_agree_with_central_differences(case, seed):
    arguments, size = case
    rng = np.random.default_rng(seed)
    x = rng.permutation(2 * size[0] * size[1]).reshape(1, 2, *size)  # no two within 1
    nn.check_layer(nn.MaxPool2d(*arguments), x, rng)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.MaxPool2d(0), "kernel_size: expected at least 1"),
    (lambda: nn.MaxPool2d(2, stride=1.5), "stride: expected an integer"),
    (lambda: nn.MaxPool2d((2, 3), padding=(1, 2)), "padding: expected at most half"),
    (lambda: nn.MaxPool2d(2, padding=1)(np.ones((1, 1, 3, 0))), "x: expected pixels, got an image"),
    (lambda: nn.MaxPool2d(3)(np.ones((1, 1, 2, 5))), "x: expected at least 3 pixels"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
