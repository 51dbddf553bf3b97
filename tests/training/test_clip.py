import numpy as np
import pytest

from npkpose import nn
from npkpose.training.clip import clip_gradients


def layer_with_gradient():
    layer = nn.Conv2d(1, 1, 1)
    layer.grads = {"weight": np.full((1, 1, 1, 1), 3.0), "bias": np.full(1, 4.0)}
    return layer


def test_a_long_gradient_is_scaled_down():
    layer = layer_with_gradient()
    assert clip_gradients(layer, 1.0) == 5
    assert layer.grads["weight"].item() == pytest.approx(0.6)
    assert layer.grads["bias"].item() == pytest.approx(0.8)


def test_a_short_gradient_does_not_change():
    for limit in (5.0, 7.0, np.inf):
        layer = layer_with_gradient()
        assert clip_gradients(layer, limit) == 5 and layer.grads["bias"].item() == 4


def test_bad_limits_are_named():
    with pytest.raises(ValueError, match="max_norm: expected more than 0, got 0"):
        clip_gradients(layer_with_gradient(), 0)
    with pytest.raises(ValueError, match="max_norm: expected a finite number, got array"):
        clip_gradients(layer_with_gradient(), np.ones(2))
    with pytest.raises(ValueError, match="module: expected a Module, got 3"):
        clip_gradients(3)
