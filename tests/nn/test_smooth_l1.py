import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from npkpose import nn


def test_small_errors_are_squared_and_large_ones_are_not():
    loss, gradient = nn.smooth_l1_loss([0.5, -3.0, 1.0], [0.0, 0.0, 1.0], [2.0, 1.0, 1.0])
    assert loss == (2 * 0.125 + 2.5 + 0) / 3
    np.testing.assert_allclose(gradient, [1 / 3, -1 / 3, 0])


@given(array_shapes(max_dims=3, max_side=3), st.integers(0, 99))
def test_loss_and_gradient_agree_with_torch(shape, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    prediction, target = rng.normal(size=(2, *shape))
    leaf = torch.tensor(prediction, requires_grad=True)
    expected = torch.nn.functional.smooth_l1_loss(leaf, torch.tensor(target))
    expected.backward()
    loss, gradient = nn.smooth_l1_loss(prediction, target)
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-12)


def test_no_elements_have_no_loss_and_float32_stays():
    loss, gradient = nn.smooth_l1_loss(np.ones((0, 3), np.float32), np.ones((0, 3)))
    assert loss == 0.0 and gradient.shape == (0, 3) and gradient.dtype == np.float32
    assert nn.smooth_l1_loss(np.ones(2, np.float32), np.zeros(2))[1].dtype == np.float32


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones(2), np.ones(3)), r"target: expected shape \(2\), got \(3,\)"),
    (([1.0, np.inf], np.ones(2)), r"prediction\[1\]: expected a finite value, got inf"),
    ((np.ones(2), np.ones(2), np.ones(3)), "weight: expected a shape that broadcasts"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.smooth_l1_loss(*arguments)
