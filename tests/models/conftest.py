"""Checks of networks: official outputs and gradients, overfitting, threads, smooth activations."""

import importlib.util
import json
import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from npkpose import nn
from npkpose.nn.batchnorm import freeze_statistics

FIXTURES = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"


@pytest.fixture(scope="session")
def assert_official():
    """A function (model, name): outputs, loss and gradients are the official network's.

    ``rtol`` is the tolerance of the gradients. The fixtures are in float32: rounding can change the
    sign of a ReLU's input near zero, and with it the gradient of the pixels behind it.
    """
    if not (FIXTURES / "named_weights.py").is_file():
        pytest.skip("needs ../shared/fixtures: outputs of the official implementations")
    spec = importlib.util.spec_from_file_location("named_weights", FIXTURES / "named_weights.py")
    named = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(named)

    def check(model, name, rtol=1e-3):
        shapes = json.loads((FIXTURES / f"{name}.shapes.json").read_text(encoding="utf-8"))
        state = {key: named.named_array(key, shape) for key, shape in shapes.items()}
        assert {key: list(array.shape) for key, array in model.state_dict().items()} == shapes
        model.load_state_dict(state)
        with np.load(FIXTURES / f"{name}.npz") as stored:
            official = {key: stored[key] for key in stored.files}
        x = named.named_input(name, tuple(official["input_shape"]))
        x *= np.float32(official.get("input_scale", 1))
        for k, y in enumerate(as_list(model.eval()(x))):
            assert_near(y, official[f"output{k}"], 1e-4)
            assert y.dtype == np.float32
        _check_gradients(model, x, official, name, named, rtol)

    return check


def _check_gradients(model, x, official, name, named, rtol):
    """Use float64, so that our own rounding changes no sign."""
    freeze_statistics(model.train().astype(np.float64))
    y = model(x.astype(np.float64))
    ys = as_list(y)
    probes = [named.named_input(f"{name}.probe{k}", a.shape) for k, a in enumerate(ys)]
    loss = sum((a * probe).mean() for a, probe in zip(ys, probes))
    np.testing.assert_allclose(loss, official["loss"], rtol=1e-5, atol=1e-5)
    dys = [probe / np.float64(probe.size) for probe in probes]
    assert_near(model.backward(dys[0] if y is ys[0] else dys), official["dinput"], rtol)
    gradients = dict(model.named_gradients())
    assert set(gradients) == set(official["grad_names"])
    ours = [gradients[key] for key in official["grad_names"]]
    assert_near([np.linalg.norm(g) for g in ours], official["grad_norms"], rtol)
    names = zip(official["grad_names"], ours)
    dots = [(g * named.named_input(f"{name}.grad", g.shape)).sum() for name, g in names]
    assert_near(dots, official["grad_dots"], rtol)


def assert_near(got, wanted, rtol):
    """Assert that errors are at most ``rtol`` times the largest of ``wanted``."""
    np.testing.assert_allclose(got, wanted, rtol=0, atol=rtol * abs(wanted).max())


def as_list(y):
    return [y] if isinstance(y, np.ndarray) else list(y)


@pytest.fixture(scope="session")
def assert_overfits():
    """A function (model, x, lr, steps): Adam reaches less than 1/100 of the loss.

    That is, of the first loss and of the loss of maps of zeros.
    """

    def check(model, x, lr, steps):
        optimizer = nn.Adam(model.train(), lr)
        y = model(x)
        targets = [blobs(a.shape) for a in as_list(y)]
        losses = []
        for _ in range(steps):
            y = model(x)
            pairs = [nn.mse_loss(a, target) for a, target in zip(as_list(y), targets)]
            losses.append(sum(loss for loss, _ in pairs))
            dys = [dy for _, dy in pairs]
            model.backward(dys[0] if isinstance(y, np.ndarray) else dys)
            optimizer.step()
        empty = sum((target**2).mean() for target in targets)
        assert losses[-1] < min(losses[0], empty) / 100

    return check


@pytest.fixture(scope="session")
def assert_threads_agree():
    """A function (forward, inputs): four threads that share a network give one thread's outputs."""

    def check(forward, inputs):
        wanted = [forward(x) for x in inputs]
        with ThreadPoolExecutor(4) as pool:
            np.testing.assert_array_equal(list(pool.map(forward, inputs)), wanted)

    return check


def blobs(shape):
    """Maps (N, K, H, W), each with a Gaussian of sigma 2 at a random position."""
    N, K, H, W = shape
    x, y = np.random.default_rng(0).uniform(0, (W, H), (N, K, 2)).transpose(2, 0, 1)  # (N, K)
    rows, columns = np.mgrid[:H, :W]
    squares = (columns - x[..., None, None]) ** 2 + (rows - y[..., None, None]) ** 2
    return np.exp(-squares / 8).astype(np.float32)


class Smooth(nn.Module):
    """x + 0.3 sin x: without a ReLU's kink, so that central differences are exact."""

    def forward(self, x):
        self.save_for_backward(x)
        return x + 0.3 * np.sin(x)

    def backward(self, dy):
        (x,) = self.saved()
        return dy * (1.0 + 0.3 * np.cos(x))


def smooth(part):
    """Replace every ReLU in a module or a list by Smooth, and return it."""
    if isinstance(part, nn.ReLU):
        return Smooth()
    if isinstance(part, nn.Module):
        for name, value in list(vars(part).items()):
            setattr(part, name, smooth(value))
    return [smooth(item) for item in part] if isinstance(part, list) else part


@pytest.fixture(scope="session")
def smoothed():
    """The function `smooth`."""
    return smooth
