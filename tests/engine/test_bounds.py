"""No kernel reads outside an array: each array ends, or begins, where memory does."""

import ctypes
import faulthandler
import mmap
import os

import numpy as np
import pytest

from npkpose._check import count_windows
from npkpose._numba import COMPILES
from npkpose.engine import (
    Epilogue,
    attend,
    channels,
    conv2d_input_gradient,
    conv2d_weight_gradient,
    convolve,
    convolve_in_evaluation,
    gelu,
    matmul,
    normalise_tokens,
    use_threads,
    winograd,
)
from npkpose.engine.activations import SILU
from npkpose.engine.program import Program

pytestmark = [
    pytest.mark.skipif(not COMPILES, reason="nothing is compiled here"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
PAGE = mmap.PAGESIZE


def at_the_edge(array, end):
    """Return a copy between two pages that may not be read; it touches the second if ``end``."""
    pages = -(-max(array.nbytes, 1) // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    first = PAGE + (pages * PAGE - array.nbytes if end else 0)
    copy = np.frombuffer(memory, array.dtype, array.size, first).reshape(array.shape)
    copy[...] = array
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for guard in start, start + (pages + 1) * PAGE:
        assert protect(guard, PAGE, 0) == 0  # PROT_NONE
    return copy


def survives(function):
    """Return whether a forked child calls the function to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        faulthandler.disable()
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def test_a_read_beyond_the_edge_would_end_the_child():
    for end, place in ((True, 0), (False, -8)):
        def read():
            array = at_the_edge(np.ones(3), end)
            ctypes.string_at(array.ctypes.data + (array.nbytes if end else place), 8)

        assert not survives(read)
        assert survives(lambda: at_the_edge(np.ones(3), end).sum())


def draw(rng):
    """Return a convolution of random size: x, weight, dy, residual, window."""
    kernel, stride, dilation = (tuple(rng.integers(1, 4, 2)) for _ in range(3))
    padding = tuple(rng.integers(0, 3, 2))
    window = tuple(tuple(map(int, pair)) for pair in (kernel, dilation, padding, stride))
    size = [max(1, d * (k - 1) + 1 - 2 * p) + rng.integers(0, 40) for k, d, p, _ in zip(*window)]
    N, C, O = rng.integers(1, (4, 6, 20))
    y = N, O, *count_windows(size, window)
    shapes = (N, C, *size), (O, C, *kernel), y, (*y[:2], y[2] * y[3])
    dtype = rng.choice([np.float32, np.float64])
    return [rng.normal(size=shape).astype(dtype) for shape in shapes], window


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("end", [True, False])
def test_convolutions_and_their_gradients(end, threads, rng):
    def run():
        with use_threads(threads):
            for _ in range(150):
                arrays, window = draw(rng)
                x, weight, dy, residual = (at_the_edge(a, end) for a in arrays)
                numbers = (at_the_edge(a, end) for a in np.ones((2, len(weight)), x.dtype))
                convolve(x, weight, window, 1, Epilogue(*numbers, residual, True))
                conv2d_input_gradient(dy, weight, window, 1, x.shape[2:])
                conv2d_weight_gradient(x, dy, window)

    assert survives(run)


@pytest.mark.parametrize("end", [True, False])
def test_convolutions_in_evaluation(end, rng, monkeypatch):
    monkeypatch.setattr(winograd, "pays", lambda *_: True)

    def run():
        for _ in range(60):
            N, C, O, H, W, d, p = rng.integers(1, (3, 20, 20, 40, 40, 3, 3))
            window = (3, 3), (int(d),) * 2, (int(d + p),) * 2, (1, 1)
            y = N, O, *count_windows((H, W), window)
            shapes = (N, C, H, W), (O, C, 3, 3), (O,), (O,), (*y[:2], y[2] * y[3])
            x, weight, *numbers = (
                at_the_edge(rng.normal(size=shape).astype(np.float32), end) for shape in shapes
            )
            convolve_in_evaluation(x, weight, window, 1, Epilogue(*numbers, True))

    assert survives(run)


@pytest.mark.parametrize("end", [True, False])
def test_products_attention_gelu_and_means(end, rng):
    def run():
        for _ in range(150):
            M, K, N, heads = rng.integers(1, (40, 40, 70, 4))
            dtype = rng.choice([np.float32, np.float64])
            a, b, q, x = (
                at_the_edge(rng.normal(size=shape).astype(dtype), end)
                for shape in ((M, K), (K, N), (3, 1, heads, N, K), (M, 2, N))
            )
            matmul(a, b)
            matmul(b.T, a.T)
            attend(*q)
            gelu(x)
            normalise_tokens(x, *at_the_edge(np.ones((2, M), dtype), end), 1e-5)

    assert survives(run)


@pytest.mark.parametrize("end", [True, False])
def test_convolutions_of_each_channel(end, rng):
    def run():
        for _ in range(60):
            k, s, size = rng.integers(1, 6), rng.integers(1, 4), rng.integers(5, 40, 2)
            window = (k, k), (1, 1), (k // 2, k // 2), (s, s)
            y = 1, 3, *count_windows(size, window)
            x, weight, bias, y = (
                at_the_edge(rng.normal(size=shape).astype(np.float32), end)
                for shape in ((1, 3, *size), (3, 1, k, k), (3,), y)
            )
            program = Program()
            channels.add_channels(program, x, weight, bias, y, window, (SILU, 0.0, 0.0))
            program.run()
            expected = convolve(x, weight, window, 3, Epilogue(shift=bias, activation=(SILU, 0, 0)))
            assert abs(y - expected).max() < 1e-5

    assert survives(run)
