"""The two oracles of a loss: central differences, and PyTorch's autograd."""

import numpy as np
import pytest


@pytest.fixture
def assert_slope(rng):
    """A function (loss, x): loss(x) gives a value, and a gradient that is its slope.

    ``loss(x)`` is (value, gradient) in float64. The slope is that of central differences along
    three random directions.
    """

    def check(loss, x, eps=1e-6, rtol=1e-6):
        x = np.array(x, float)
        _, gradient = loss(x)
        assert gradient.shape == x.shape and gradient.dtype == x.dtype
        for _ in range(3):
            step = rng.normal(size=x.shape)
            above, below = (loss(x + e * step)[0] for e in (eps, -eps))
            slope, rounding = (above - below) / (2 * eps), 10 * np.finfo(float).eps / eps
            np.testing.assert_allclose(
                (gradient * step).sum(), slope, rtol=rtol, atol=rounding * max(abs(above), 1)
            )

    return check


@pytest.fixture(scope="session")
def assert_autograd():
    """A function (loss, twin, *arrays): value and gradients are those of PyTorch's ``twin``.

    ``loss(*arrays)`` is (value, gradient of each array) in float64; ``twin`` takes tensors.
    """
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)

    def check(loss, twin, *arrays):
        leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
        expected = twin(*leaves)
        expected.backward()
        value, *gradients = loss(*arrays)
        np.testing.assert_allclose(value, expected.item(), rtol=1e-12)
        for gradient, leaf in zip(gradients, leaves, strict=True):
            np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-10, atol=1e-14)

    return check
