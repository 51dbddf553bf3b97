import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

borders = st.tuples(*[st.integers(0, 2)] * 4)


def test_left_right_top_bottom():
    layer = nn.ZeroPad2d((1, 2, 0, 1))
    y = layer(np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(y[0, 0], [[0, 1, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(layer.backward(np.arange(8.0).reshape(y.shape)), [[[[1]]]])


@given(borders, st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, padding, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    layer, twin = nn.ZeroPad2d(padding), torch.nn.ZeroPad2d(padding)
    assert_same_as_torch(layer, twin, rng.normal(size=(2, 2, 3, 2)), rng)


@given(borders, st.integers(0, 99))
def test_backward_is_the_adjoint_of_forward(assert_adjoint, padding, seed):
    rng = np.random.default_rng(seed)
    assert_adjoint(nn.ZeroPad2d(padding), rng.normal(size=(2, 1, 2, 3)), rng)
    nn.check_layer(nn.ZeroPad2d(padding), rng.normal(size=(2, 1, 2, 3)), rng)


@pytest.mark.parametrize("padding", [-1, 1.5, (1, 1), (1, 1, 1, -1), "same"])
def test_bad_padding_is_named(padding):
    with pytest.raises(ValueError, match="padding: expected"):
        nn.ZeroPad2d(padding)
