import numpy as np
import pytest

from npkpose import nn


class Scale:
    """A reader's own layer, not a Module: y = weight x^2 + bias."""

    def __init__(self):
        self.params = {"weight": np.float32([1.5, 2.0]), "bias": np.float32([0.5, 0.25])}
        self.grads = {}

    def forward(self, x):
        self._x = x
        return self.params["weight"] * x**2 + self.params["bias"]

    def backward(self, dy):
        self.grads["weight"] = (dy * self._x**2).sum(axis=0)
        self.grads["bias"] = dy.sum(axis=0)
        return dy * 2 * self.params["weight"] * self._x


class WrongInput(Scale):
    def backward(self, dy):
        return super().backward(dy) * (1 + 1e-5)


class WrongOneBias(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["bias"][1] *= 1.001
        return dx


class ForgottenBias(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        del self.grads["bias"]
        return dx


class MisshapenWeight(Scale):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["weight"] = self.grads["weight"].sum()
        return dx


class NotANumber(Scale):
    def backward(self, dy):
        return super().backward(dy) * np.nan


class ChangesItsInput(Scale):
    def forward(self, x):
        x *= 2
        return super().forward(x)


class WrongConv(nn.Conv2d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["weight"] = self.grads["weight"][:, :, ::-1]  # upside down
        return dx


def test_a_right_layer_passes_and_is_left_alone(rng):
    layer, x = Scale(), rng.normal(size=(5, 2)).astype(np.float32)
    before = x.copy()
    nn.check_layer(layer, x, rng)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(layer.params["weight"], np.float32([1.5, 2.0]))
    assert layer.params["weight"].dtype == np.float32
    assert layer.grads == {} and not hasattr(layer, "_x")


@pytest.mark.parametrize(("layer", "message"), [
    (WrongInput(), "dL/dx of WrongInput: expected slope"),
    (WrongOneBias(), "dL/dbias of WrongOneBias: expected slope"),
    (ForgottenBias(), r"dL/dbias of ForgottenBias: expected shape \(2,\), got none"),
    (MisshapenWeight(), r"dL/dweight of MisshapenWeight: expected shape \(2,\), got \(\)"),
    (NotANumber(), "dL/dx of NotANumber: expected slope"),
    (ChangesItsInput(), "x of ChangesItsInput: expected to be left alone"),
])
def test_a_wrong_layer_fails_and_is_named(layer, message, rng):
    for _ in range(5):
        with pytest.raises(AssertionError, match=message):
            nn.check_layer(layer, rng.normal(size=(5, 2)), rng)


def test_a_wrong_layer_inside_a_network_is_named(rng):
    net = nn.Sequential(nn.ReLU(), nn.Sequential(WrongConv(1, 1, 3)))
    with pytest.raises(AssertionError, match="dL/d1.0.weight of Sequential"):
        nn.check_layer(net, rng.normal(size=(1, 1, 6, 6)), rng)


def test_a_slope_of_zero_passes_and_a_small_wrong_one_does_not(rng):
    net = nn.Sequential(nn.Conv2d(2, 3, 3, rng=rng), nn.BatchNorm2d(3))  # the bias cancels
    x = rng.normal(size=(4, 2, 6, 6))
    for seed in range(20):
        nn.check_layer(net, x, np.random.default_rng(seed))

    class Biased(nn.BatchNorm2d):
        def backward(self, dy):
            return super().backward(dy) + 1e-6

    net.layers[1] = Biased(3)
    with pytest.raises(AssertionError, match="of Sequential"):
        nn.check_layer(net, x, rng)


@pytest.mark.parametrize(("arguments", "message"), [
    (([[Scale()]], np.ones(2), np.random.default_rng(0)), "layer: expected forward and backward"),
    ((Scale(), np.full(2, 1e160), np.random.default_rng(0)), r"x\[0\]: expected at most 1e\+150"),
    ((Scale(), "x", np.random.default_rng(0)), "x: expected real numbers"),
    ((Scale(), np.ones((2, 2)), 0), "rng: expected a numpy.random.Generator"),
    ((Scale(), np.ones((2, 2)), np.random.default_rng(0), 0.0), "eps: expected more than 0"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.check_layer(*arguments)
