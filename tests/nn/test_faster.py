"""Every plain function of nn against the fast one that stands beside it, and the switch."""

import os
import pathlib
import pkgutil
import subprocess
import sys
import threading
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import npkpose
from npkpose import engine, nn
from npkpose._check import count_windows
from npkpose._numba import COMPILES, HAS_NUMBA
from npkpose.nn.faster import faster

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
needs_fast = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")


def convolution(rng, dtype):
    """Images, dL/dy, a weight, a bias, a window, groups and the images' size."""
    groups = int(rng.choice([1, 1, 2, 3]))
    kernel, dilation, stride = (tuple(pair) for pair in rng.integers(1, 4, (3, 2)).tolist())
    padding = tuple(rng.integers(0, 3, 2).tolist())
    size = [max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding)]
    size = tuple(int(n) for n in size + rng.integers(0, 9, 2))
    window = kernel, dilation, padding, stride
    inputs, outputs = rng.integers(1, 4, 2).tolist()
    N = int(rng.integers(0, 4))
    x = rng.normal(size=(N, groups * inputs, *size)).astype(dtype)
    dy = rng.normal(size=(N, groups * outputs, *count_windows(size, window))).astype(dtype)
    weight = rng.normal(size=(groups * outputs, inputs, *kernel)).astype(dtype)
    return x, dy, weight, window, groups, size


def rows_and_statistics(rng, dtype):
    N, C, L = rng.integers(1, 6, 3)
    rows, dy = rng.normal(3, 2, (2, N, C, L)).astype(dtype)
    mean, scale, weight, bias = rng.normal(1, 0.5, (4, C))
    return rows, dy, mean, scale, weight, bias


def tokens(rng, dtype):
    return rng.normal(size=(3, *rng.integers(1, 4, 4))).astype(dtype)


def conv2d(rng, dtype):
    x, _, weight, window, groups, _ = convolution(rng, dtype)
    bias = rng.normal(size=len(weight)).astype(dtype) if rng.random() < 0.5 else None
    return x, weight, bias, window, groups


def conv2d_weight_gradient(rng, dtype):
    x, dy, _, window, groups, _ = convolution(rng, dtype)
    return x, dy, window, groups


def conv2d_input_gradient(rng, dtype):
    _, dy, weight, window, groups, size = convolution(rng, dtype)
    return dy, weight, window, groups, size


def conv_transpose2d(rng, dtype):
    x, dy, weight, window, groups, size = convolution(rng, dtype)
    return dy, weight, rng.normal(size=x.shape[1]).astype(dtype), window, groups, size


def moments(rng, dtype):
    return rows_and_statistics(rng, dtype)[:1]


def normalise(rng, dtype):
    rows, _, *statistics = rows_and_statistics(rng, dtype)
    return rows, *statistics


def gradient_sums(rng, dtype):
    rows, dy, mean, scale, *_ = rows_and_statistics(rng, dtype)
    return dy, rows, mean, scale


def normalise_backward(rng, dtype):
    rows, dy, mean, scale, weight, bias = rows_and_statistics(rng, dtype)
    return dy, rows, mean, scale, weight, bias, bias[::-1].copy()


def squared_error(rng, dtype):
    prediction, target, weight = rng.random((3, rng.integers(0, 50))).astype(dtype)
    return prediction, target, weight if rng.random() < 0.5 else None


def adam_step(rng, dtype):
    p, m, v, g = rng.random((4, rng.integers(0, 50))).astype(dtype)
    return p, m, v, g, int(rng.integers(1, 9)), 1e-2, (0.9, 0.99), 1e-8, 0.01


def gelu(rng, dtype):
    return rng.normal(0, 4, size=rng.integers(1, 6, 2)).astype(dtype), bool(rng.random() < 0.5)


def elu(rng, dtype):
    x = rng.normal(0, 4, size=rng.integers(1, 60, 2)).astype(dtype)
    return x, float(rng.random()), bool(rng.random() < 0.5)


def fold_statistics(rng, dtype):
    mean, var, weight, bias = rng.random((4, rng.integers(1, 50))).astype(dtype)
    return mean, var, weight, bias, 1e-5, dtype


def run(rng, dtype):
    layers = [
        nn.Conv2d(3, 4, 3, padding=1, rng=rng), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 4, 1, bias=False, rng=rng), nn.BatchNorm2d(4), nn.ReLU(),
    ]  # fmt: skip
    network = nn.Sequential(*layers).train(bool(rng.random() < 0.5))
    x, skip = (rng.normal(size=(2, C, 5, 6)).astype(dtype) for C in (3, 4))
    return network.layers, x, skip if rng.random() < 0.5 else None


# What each pair is called with: (rng, dtype) -> arguments, which both may write to.
CASES = {
    "conv2d": conv2d,
    "conv2d_weight_gradient": conv2d_weight_gradient,
    "conv2d_input_gradient": conv2d_input_gradient,
    "conv_transpose2d": conv_transpose2d,
    "channel_sums": lambda rng, dtype: (rng.normal(size=(2, 3, 4, 5)).astype(dtype),),
    "moments": moments,
    "elu": elu,
    "fold_statistics": fold_statistics,
    "normalise": normalise,
    "gradient_sums": gradient_sums,
    "normalise_backward": normalise_backward,
    "relu_backward": lambda rng, dtype: tuple(rng.normal(size=(2, 3, 4)).astype(dtype)),
    "matmul": lambda rng, dtype: tuple(rng.normal(size=(2, 5, 5)).astype(dtype)),
    "squared_error": squared_error,
    "adam_step": adam_step,
    "gelu": gelu,
    "attend": lambda rng, dtype: tuple(tokens(rng, dtype)),
    "run": run,
}
ELSEWHERE = {  # compared where their arguments are made
    "call_each",  # tests/nn/test_optim.py
    "refine",  # tests/models/lifting/test_mhformer_blocks.py
    "run_blocks",  # tests/engine/test_transformer.py
}


def pairs():
    """{name: function} of all functions of the package that stand beside a faster one."""
    found = {}
    for module in pkgutil.walk_packages(npkpose.__path__, "npkpose."):
        if module.name.startswith(("npkpose.nn", "npkpose.models")):
            for value in vars(import_module(module.name)).values():
                if hasattr(value, "plain") and hasattr(value, "fast"):
                    found[value.plain.__name__] = value
    return found


PAIRS = pairs()


def test_every_pair_is_compared_here():
    assert PAIRS.keys() == CASES.keys() | ELSEWHERE


@needs_fast
@DTYPES
@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10**6))
def test_the_fast_function_gives_what_the_plain_one_does(name, dtype, seed):
    results = []
    for function in (PAIRS[name].plain, PAIRS[name].fast):
        arguments = CASES[name](np.random.default_rng(seed), dtype)
        result = function(*arguments)
        results.append((arguments if result is None else result, arguments))
    assert_same(*(result for result, _ in results), dtype)
    if name not in ("run", "adam_step"):  # nothing else is written to
        fresh = CASES[name](np.random.default_rng(seed), dtype)
        assert_same(results[1][1], fresh, dtype, exact=True)


def assert_same(got, expected, dtype, exact=False):
    """Arrays of one dtype, shape and content, in (nested) sequences."""
    if isinstance(got, (tuple, list)):
        assert len(got) == len(expected)
        for one, other in zip(got, expected):
            assert_same(one, other, dtype, exact)
    elif isinstance(got, (np.ndarray, float)):
        assert np.asarray(got).dtype == np.asarray(expected).dtype
        tolerance = 0 if exact else 2e-4 if dtype == np.float32 else 1e-11
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    else:
        assert callable(got) or got == expected


@needs_fast
def test_both_keep_nan_and_make_no_negative_zero():
    window = (1, 1), (1, 1), (0, 0), (1, 1)
    layers = [nn.Conv2d(1, 1, 1, bias=False), nn.ReLU()]
    layers[0].params["weight"][:] = 1
    x = np.array([[[[np.nan, -1.0, -0.0, 2.0]]]], np.float32)
    for name in ("plain", "fast"):
        with nn.engine(name):
            y = nn.fuse.run(layers, x)
            np.testing.assert_array_equal(y, [[[[np.nan, 0, 0, 2]]]])
            norm = nn.Sequential(nn.BatchNorm2d(1, eps=0.0), nn.ReLU()).eval()
            np.testing.assert_array_equal(norm(x), [[[[np.nan, 0, 0, 2]]]])
            assert not np.signbit(np.nan_to_num(y)).any()
    assert layers[0].window == window


@faster(lambda: "fast")
def which():
    """Return the engine."""
    return "plain"


def test_the_switch_holds_for_a_block_and_for_the_threads_of_a_call():
    outside = which()
    for name in ["plain"] if not COMPILES else nn.faster.ENGINES:
        with nn.engine(name), engine.use_threads(3):
            assert which() == nn.current_engine() == name
            assert engine.run_all([which] * 6) == [name] * 6
            assert engine.run_ranks([which] * 3) == [name] * 3
            with nn.engine("plain"):
                assert which() == "plain"
            assert which() == name
            others = []
            thread = threading.Thread(target=lambda: others.append(which()))
            thread.start()
            thread.join()
            assert others == [outside]  # a thread of the caller's has the default
    assert which() == outside and which.__doc__ == "Return the engine."


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="name: expected one of fast, plain, got 'quick'"):
        with nn.engine("quick"):
            pass


def test_the_fast_engine_is_refused_where_nothing_compiles():
    environment = {**os.environ, "NPKPOSE_ENGINE": "fast", "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "import npkpose.nn"], capture_output=True, text=True, env=environment
    )
    assert 'NPKPOSE_ENGINE: expected "plain"' in done.stderr


@pytest.mark.parametrize("name", ["plain", "fast", "best"])
def test_the_environment_chooses_for_a_process(name):
    code = "from npkpose import nn; print(nn.current_engine())"
    compiles = "0" if name == "fast" else "1"
    environment = {**os.environ, "NPKPOSE_ENGINE": name, "NUMBA_DISABLE_JIT": compiles}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    if name == "best":
        assert "NPKPOSE_ENGINE: expected one of fast, plain, got 'best'" in done.stderr
    elif name == "fast" and not HAS_NUMBA:
        assert 'NPKPOSE_ENGINE: expected "plain" without Numba, got "fast"' in done.stderr
    else:
        assert done.stdout.strip() == name


@needs_fast
@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
def test_a_network_learns_the_same_under_both_engines(rng):
    x, target = rng.normal(size=(4, 3, 16, 16)), rng.normal(size=(4, 4, 8, 8))
    states = []
    for name in ("plain", "fast"):
        with nn.engine(name):
            net = npkpose.models.TinyKeypointNet(4).astype(np.float64).train()
            target = np.zeros_like(net(x)) + 0.3
            optimizer = nn.Adam(net, lr=1e-3)
            for _ in range(3):
                _, dy = nn.mse_loss(net(x), target)
                net.backward(dy)
                optimizer.step()
            states.append(net.state_dict())
    for name, array in states[0].items():
        np.testing.assert_allclose(states[1][name], array, rtol=0, atol=1e-9, err_msg=name)


def test_a_debugger_steps_through_plain_files_only():
    """Of a convolution's forward and backward passes: what lies outside of nn's plain files?"""
    conv = nn.Conv2d(2, 3, 3, padding=1)
    entered, package = set(), pathlib.Path(nn.__file__).parents[1]

    def trace(frame, event, argument):
        name = pathlib.Path(frame.f_code.co_filename)
        if name.is_relative_to(package):
            entered.add(name.relative_to(package).as_posix())

    x = np.ones((1, 2, 5, 5), np.float32)
    with nn.engine("plain"):
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            y = conv.forward(x)
            conv.backward(y)
        finally:
            sys.settrace(before)
    checks = {"_check.py", "nn/_shapes.py"}
    assert entered - checks <= {"nn/conv.py", "nn/unfold.py", "nn/module.py", "nn/faster.py"}
