import threading

import numba
import numpy as np
import pytest

from npkpose import nn
from npkpose.engine.threads import num_threads
from npkpose.nn.branches import backward_branches, run_branches, run_concurrently


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


@pytest.fixture
def fast_engine():
    """The engine that runs branches concurrently; the plain one runs them one by one."""
    if numba.config.DISABLE_JIT:
        pytest.skip("needs a NumPy with OpenBLAS")
    with nn.engine("fast"):
        yield


def test_as_many_branches_as_threads_run_at_once(fast_engine):
    T = num_threads()
    meeting = threading.Barrier(T, timeout=10)  # breaks unless all arrive together
    assert set(run_branches([meeting.wait for _ in range(T)], T * [10])) == set(range(T))
    assert set(run_concurrently(T * [meeting.wait])) == set(range(T))


def test_a_branch_that_remains_has_all_threads(fast_engine):
    T = num_threads()
    found = run_branches((2 * T + 1) * [lambda _: num_threads()], (2 * T + 1) * [None])
    assert found == 2 * T * [1] + [T]


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
    (lambda: run_concurrently(float("-inf")), "tasks: expected a sequence, got -inf"),
    (lambda: run_concurrently([len, 3]), r"tasks\[1\]: expected a Callable, got 3"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
