import numpy as np
import pytest

from npkpose import nn
from npkpose.nn.branches import backward_branches, run_branches


@pytest.mark.parametrize("count", range(6))
def test_branches_give_what_their_layers_give_one_by_one(count, rng):
    layers = [nn.Sequential(nn.Conv2d(2, 3, 3, rng=rng), nn.ReLU()) for _ in range(count)]
    xs = [rng.normal(size=(1, 2, 5 + i, 6)) for i in range(count)]
    ys = [layer(x) for layer, x in zip(layers, xs)]
    dxs = [layer.backward(y) for layer, y in zip(layers, ys)]
    wanted = [dict(layer.named_gradients()) for layer in layers]
    for got, y in zip(run_branches(layers, xs), ys):
        np.testing.assert_array_equal(got, y)
    for got, dx in zip(backward_branches(layers, ys), dxs):
        np.testing.assert_array_equal(got, dx)
    for layer, gradients in zip(layers, wanted):
        for name, gradient in layer.named_gradients():
            np.testing.assert_array_equal(gradient, gradients[name])


def test_an_error_in_a_branch_is_raised():
    with pytest.raises(ValueError, match=r"x: expected shape \(N, 2, H, W\)"):
        run_branches(3 * [nn.Conv2d(2, 1, 1)], 3 * [np.zeros((1, 3, 4, 4))])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: run_branches(2.5, []), "layers: expected a sequence, got 2.5"),
    (lambda: run_branches(["relu"], [1.0]), r"layers\[0\]: expected a Callable, got 'relu'"),
    (lambda: run_branches([nn.ReLU()], None), "inputs: expected a sequence, got None"),
    (lambda: run_branches([nn.ReLU()], [1.0, 2.0]), "inputs: expected 1 items, got .1.0, 2.0"),
    (lambda: backward_branches([len], [1.0]), r"layers\[0\]: expected a Module"),
    (lambda: backward_branches([nn.ReLU()], []), "dys: expected 1 items, got ..$"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
