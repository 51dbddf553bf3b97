import numpy as np
import pytest

from npkpose import nn


def small_net():
    rng = np.random.default_rng(2)
    return nn.Sequential(nn.Conv2d(1, 2, 3, rng=rng), nn.ReLU(), nn.Conv2d(2, 1, 1, rng=rng))


def train(net, optimizer, steps, start=0, dtype=np.float32):
    """Steps number start, start + 1, ...: each has its own fixed batch."""
    for t in range(start, start + steps):
        x, target = np.random.default_rng(t).normal(size=(2, 3, 1, 5, 5)).astype(dtype)
        _, dy = nn.mse_loss(net(x), target[:, :, 1:-1, 1:-1])
        net.backward(dy)
        optimizer.step()


def test_first_steps_by_hand():
    layer = nn.Conv2d(1, 1, 1)
    for optimizer, drops in [
        (nn.SGD(layer, 0.5), [1.0, 1.0]),  # lr g
        (nn.SGD(layer, 0.5, momentum=0.5), [1.0, 1.5]),  # v = 2, then 3
        (nn.SGD(layer, 0.5, momentum=0.5, nesterov=True), [1.5, 1.75]),  # g + 0.5 v
        (nn.Adam(layer, 0.5), [0.5, 0.5]),  # a constant gradient moves by lr
    ]:
        layer.params["bias"][:] = 0.0
        layer.grads = {"bias": np.array([2.0], np.float32)}
        weight = layer.params["weight"].copy()
        for drop in drops:
            before = layer.params["bias"].copy()
            optimizer.step()
            np.testing.assert_allclose(before - layer.params["bias"], [drop], rtol=1e-6)
        np.testing.assert_array_equal(layer.params["weight"], weight)  # it has no gradient


CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.7, 0.8), "eps": 1e-3, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_every_step_agrees_with_torch(name, options):
    torch = pytest.importorskip("torch")
    net = small_net().astype(np.float64)
    twins = {key: torch.tensor(p, requires_grad=True) for key, p in net.named_parameters()}
    optimizer = getattr(nn, name)(net, **options)
    twin = getattr(torch.optim, name)(twins.values(), **options)
    for t in range(12):
        if t == 6:
            optimizer.lr = twin.param_groups[0]["lr"] = 0.002
        train(net, optimizer, 1, t, np.float64)
        for key, gradient in net.named_gradients():
            twins[key].grad = torch.tensor(gradient)
        twin.step()
        for key, p in net.named_parameters():
            np.testing.assert_allclose(p, twins[key].detach(), rtol=1e-12, atol=1e-15)


MUON = "Muon", {"lr": 0.01, "weight_decay": 0.1}  # against PyTorch's: test_muon.py


@pytest.mark.parametrize(("name", "options"), [*CASES, MUON])
def test_a_resumed_training_is_the_same_to_the_bit(name, options):
    straight, first, second = small_net(), small_net(), small_net()
    train(straight, getattr(nn, name)(straight, **options), 9)
    optimizer = getattr(nn, name)(first, **options)
    train(first, optimizer, 4)
    resumed = getattr(nn, name)(second, **{**options, "lr": 1.0})
    resumed.load_state_dict(optimizer.state_dict())
    second.load_state_dict(first.state_dict())
    train(second, resumed, 5, start=4)
    for key, p in second.named_parameters():
        np.testing.assert_array_equal(p, dict(straight.named_parameters())[key])
        assert p.dtype == np.float32


def test_parameters_are_updated_in_place_and_stay_float32():
    net = small_net()
    arrays = dict(net.named_parameters())
    optimizer = nn.Adam(net)
    optimizer.lr = np.float64(0.1)
    train(net, optimizer, 1)
    for key, p in net.named_parameters():
        assert p is arrays[key] and p.dtype == np.float32


def test_a_state_of_another_network_is_refused_and_changes_nothing():
    optimizer = nn.Adam(small_net())
    other = nn.Adam(nn.Sequential(nn.Conv2d(1, 2, 3)), lr=0.5)
    with pytest.raises(ValueError, match="state: .*missing: m.2.weight, m.2.bias, v.2.weight"):
        optimizer.load_state_dict(other.state_dict())
    with pytest.raises(ValueError, match="state: expected names mapped to arrays, got float"):
        optimizer.load_state_dict(0.5)
    assert optimizer.lr == 1e-3


def test_a_step_without_gradients_is_an_error():
    with pytest.raises(RuntimeError, match="expected a backward pass first"):
        nn.SGD(small_net(), 0.1).step()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.SGD(small_net(), -1), "lr: expected at least 0"),
    (lambda: nn.SGD(small_net(), 0.1, momentum=-1), "momentum: expected at least 0"),
    (lambda: nn.SGD(small_net(), 0.1, nesterov=True), "nesterov: expected momentum above 0"),
    (lambda: nn.Adam(small_net(), weight_decay="x"), "weight_decay: expected a finite number"),
    (lambda: nn.Adam(small_net(), betas=(0.9, 1.0)), "betas: expected numbers in"),
    (lambda: nn.Adam(small_net(), betas=0.9), "betas: expected"),
    (lambda: nn.Adam(small_net(), eps=-1), "eps: expected at least 0"),
    (lambda: nn.Adam(small_net(), eps=1e308), r"eps: expected at most 3.4e\+38, got 1e\+308"),
    (lambda: nn.SGD(small_net(), 1e308), r"lr: expected at most 3.4e\+38"),
    (lambda: nn.Adam([np.ones(3)]), r"module: expected a Module, got \[array"),
    (lambda: nn.SGD(small_net(), 0.1, 0.9, nesterov="no"), "nesterov: expected True or False"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name, options", CASES)
def test_a_gradient_of_another_shape_is_refused(name, options):
    layer = nn.Conv2d(1, 2, 3)
    optimizer = getattr(nn, name)(layer, **options)
    layer.grads = {"bias": np.ones(1, np.float32)}
    with pytest.raises(ValueError, match=r"bias: expected a gradient \(2,\), got \(1,\)"):
        optimizer.step()


def test_averages_of_another_shape_are_refused():
    layer = nn.Conv2d(1, 2, 3)
    optimizer = nn.Adam(layer)
    layer.params["bias"] = layer.grads["bias"] = np.ones(5, np.float32)
    with pytest.raises(ValueError, match=r"expected shape \(5,\), got \(2,\)|broadcast"):
        optimizer.step()
