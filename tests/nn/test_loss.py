import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from npkpose import nn


def test_the_mean_over_all_elements_of_weighted_squares():
    loss, gradient = nn.mse_loss([1.0, 2.0], [0.0, 4.0], [3.0, 0.5])
    assert loss == (3 * 1 + 0.5 * 4) / 2
    np.testing.assert_array_equal(gradient, [3, -1])  # (2 / 2) weight difference
    assert isinstance(loss, float) and gradient.dtype == np.float64


def test_a_float32_prediction_has_a_float32_gradient_and_a_float64_loss():
    prediction = np.full(10**6, 0.1, np.float32)
    loss, gradient = nn.mse_loss(prediction, np.zeros(10**6))
    assert gradient.dtype == np.float32
    assert abs(loss - float(np.float32(0.1)) ** 2) < 1e-8


def test_no_elements_have_no_loss():
    loss, gradient = nn.mse_loss(np.ones((0, 3)), np.ones((0, 3)))
    assert loss == 0.0 and gradient.shape == (0, 3)


@given(array_shapes(min_dims=4, max_dims=4, max_side=3), st.integers(0, 99))
def test_loss_and_gradient_agree_with_torch(shape, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    prediction, target = rng.normal(size=(2, *shape))
    weight = rng.uniform(size=(*shape[:2], 1, 1))
    leaf = torch.tensor(prediction, requires_grad=True)
    expected = (torch.tensor(weight) * (leaf - torch.tensor(target)) ** 2).mean()
    expected.backward()
    loss, gradient = nn.mse_loss(prediction, target, weight)
    np.testing.assert_allclose(loss, expected.detach(), rtol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-12)


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones(2), np.ones(3)), r"target: expected shape \(2\), got \(3,\)"),
    ((np.ones((2, 3)), np.ones((2, 3)), np.ones(2)), r"weight: expected a shape that broadcasts"),
    ((np.ones(2), np.ones(2), np.ones((3, 2))), r"weight: expected a shape that broadcasts"),
    ((np.ones(2, complex), np.ones(2)), "prediction: expected real numbers"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.mse_loss(*arguments)
