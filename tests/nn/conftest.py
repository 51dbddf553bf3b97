"""The comparisons that most layers' tests share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def assert_same_as_torch():
    """A function (layer, torch_layer, x, rng): same output, dx and gradients in float64."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # for arrays this small

    def compare(layer, twin, x, rng):
        layer.astype(np.float64)
        twin = twin.double().train(layer.training)
        state = layer.state_dict()
        if state:
            twin.load_state_dict({name: torch.from_numpy(a) for name, a in state.items()})
        twin.zero_grad()
        x_twin = torch.from_numpy(x.copy()).requires_grad_()
        y_twin = twin(x_twin)
        y = layer.forward(x)
        close = {"rtol": 1e-10, "atol": 1e-10}
        np.testing.assert_allclose(y, y_twin.detach().numpy(), **close)
        dy = rng.normal(size=y.shape)
        y_twin.backward(torch.from_numpy(dy))
        np.testing.assert_allclose(layer.backward(dy), x_twin.grad.numpy(), **close)
        gradients = dict(layer.named_gradients())
        for name, p in twin.named_parameters():
            np.testing.assert_allclose(gradients.pop(name), p.grad.numpy(), **close)
        assert not gradients

    return compare


@pytest.fixture(scope="session")
def assert_adjoint():
    """A function (layer, x, rng): <forward(x), dy> = <x, backward(dy)>."""

    def check(layer, x, rng):
        y = layer.forward(x)
        dy = rng.normal(size=y.shape)
        dx = layer.backward(dy)
        scale = np.sqrt((y**2).sum() * (dy**2).sum()) + 1e-300
        assert abs((y * dy).sum() - (x * dx).sum()) <= 1e-12 * scale

    return check
