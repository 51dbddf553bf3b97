import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npkpose import nn

numbers = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-20, 20))


def test_two_numbers():
    np.testing.assert_allclose(nn.Softmax()([0, np.log(3)]), [0.25, 0.75], rtol=1e-6)


@given(numbers, st.floats(-1e3, 1e3))
def test_shares_sum_to_one_and_a_shift_does_not_matter(x, shift):
    y = nn.Softmax()(x)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(nn.Softmax()(x + shift), y, rtol=0, atol=1e-11)


@given(numbers, st.data())
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, x, data):
    torch = pytest.importorskip("torch")
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    rng = np.random.default_rng(0)
    assert_same_as_torch(nn.Softmax(dim), torch.nn.Softmax(dim), x, rng)
    nn.check_layer(nn.Softmax(dim), x, rng)


def test_large_numbers_do_not_overflow():
    np.testing.assert_array_equal(nn.Softmax()([1e30, -1e30]), [1, 0])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Softmax(1.0), "dim: expected an integer"),
    (lambda: nn.Softmax(2)(np.ones((2, 2))), "x: expected an axis 2"),
    (lambda: nn.Softmax()(1.0), "x: expected an axis -1"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
