import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.nn.muon import ITERATIONS, QUINTIC, orthogonalise


def quintic(values):
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        values = a * values + b * values**3 + c * values**5
    return values


def test_two_steps_by_hand():
    """Of a matrix of one row, the only direction is the row itself."""
    layer = nn.Conv2d(2, 1, 1, bias=False).astype(np.float64)
    weight = layer.params["weight"]
    weight[:] = np.reshape([1.0, 2.0], weight.shape)
    optimizer = nn.Muon(layer, lr=np.float64(0.1), momentum=0.5, weight_decay=0.2)
    expected, average = np.array([1.0, 2.0]), np.zeros(2)
    for gradient in np.array([[3.0, 4.0], [0.0, -5.0]]):
        average = (average + gradient) / 2
        ahead = (average + gradient) / 2
        unit = ahead / np.linalg.norm(ahead)
        expected = 0.98 * expected - 0.1 * 0.2 * np.sqrt(2) * quintic(1.0) * unit
        layer.grads = {"weight": gradient.reshape(weight.shape)}
        optimizer.step()
        np.testing.assert_allclose(weight.ravel(), expected, rtol=1e-6)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 100))
def test_it_changes_singular_values_alone(rows, columns, seed):
    matrix = np.random.default_rng(seed).normal(size=(rows, columns))
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values /= np.linalg.norm(matrix) + 1e-7
    np.testing.assert_allclose(orthogonalise(matrix), left * quintic(values) @ right, atol=1e-9)


def test_five_iterations_lift_a_hundredth_near_one():
    values = quintic(np.linspace(0.01, 1, 1000))
    assert 0.65 < values.min() and values.max() < 1.25


def test_zeros_stay_zeros():
    np.testing.assert_array_equal(orthogonalise(np.zeros((3, 2))), np.zeros((3, 2)))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_first_step_has_adams_size_whatever_the_gradients(scale):
    layer = nn.Conv2d(8, 32, 3, rng=np.random.default_rng(1))
    before = {name: p.copy() for name, p in layer.params.items()}
    gradient = np.random.default_rng(0).normal(size=layer.params["weight"].shape)
    layer.grads = {
        "weight": (scale * gradient).astype(np.float32), "bias": np.full(32, 1e-3, np.float32)
    }  # fmt: skip
    nn.Muon(layer, 0.1).step()
    moved = {name: p - before[name] for name, p in layer.params.items()}
    np.testing.assert_allclose(moved["bias"], -0.1, rtol=1e-4)
    assert np.sqrt(np.mean(moved["weight"] ** 2)) == pytest.approx(0.02, rel=0.15)
    assert np.vdot(moved["weight"], gradient) < 0


@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_every_step_agrees_with_torch(shape):
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")
    rng = np.random.default_rng(3)
    net = nn.Sequential(nn.Conv2d(shape[1], shape[0], 1, bias=False, rng=rng))
    weight = net[0].params["weight"]
    twin = torch.tensor(weight[:, :, 0, 0], requires_grad=True)
    options = {"lr": 0.03, "momentum": 0.9, "weight_decay": 0.1}
    optimizer = nn.Muon(net, **options)
    theirs = torch.optim.Muon([twin], **options, adjust_lr_fn="match_rms_adamw")
    for _ in range(6):
        gradient = rng.normal(size=shape).astype(np.float32)
        net[0].grads = {"weight": gradient[:, :, None, None]}
        twin.grad = torch.tensor(gradient)
        before = twin.detach().numpy().copy()
        weight[:, :, 0, 0] = before
        optimizer.step()
        theirs.step()
        step = twin.detach().numpy() - before
        error = weight[:, :, 0, 0] - twin.detach().numpy()
        assert np.abs(error).max() < 0.06 * np.abs(step).max()  # they count in bfloat16


@pytest.mark.parametrize(("call", "message"), [
    (lambda net: nn.Muon(net, -1), "lr: expected at least 0"),
    (lambda net: nn.Muon(net, momentum=1.0), "momentum: expected less than 1"),
    (lambda net: nn.Muon(net, weight_decay=-1), "weight_decay: expected at least 0"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(nn.Conv2d(1, 2, 3))
