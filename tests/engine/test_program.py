"""Jobs that follow each other in a program, each against NumPy."""

import math
import time

import numpy as np
import pytest

from npkpose import engine
from npkpose.engine import activations, channels, copies, pointwise, rows, windows
from npkpose.engine.conv_forward import Epilogue
from npkpose.engine.jobs import pool
from npkpose.engine.program import Program
from npkpose.nn.faster import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "plain", reason="jobs are compiled")
FLOAT = np.float32


@pytest.fixture
def normal(rng):
    """Return a function that draws float32 arrays."""
    return lambda *shape: rng.standard_normal(shape).astype(FLOAT)


def run(add, *arguments):
    """Run a program of one step twice: the second time, its counter is not 0 at first."""
    program = Program()
    add(program, *arguments)
    program.run()
    program.run()


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


ACTIVATIONS = {
    "SIGMOID": (sigmoid, ()), "SILU": (lambda x: x * sigmoid(x), ()),
    "CLIP": (lambda x: np.clip(x, -0.5, 1), (-0.5, 1)),
    "LEAKY": (lambda x: np.where(x < 0, 0.1 * x, x), (0.1,)),
    "HARD_SIGMOID": (lambda x: np.clip(x / 6 + 0.5, 0, 1), (1 / 6, 0.5)),
    "HARD_SWISH": (lambda x: x * np.clip(x / 6 + 0.5, 0, 1), (1 / 6, 0.5)),
    "GELU": (lambda x: x * np.vectorize(math.erfc)(-x / 2**0.5) / 2, ()),
    "EXP": (np.exp, ()), "SQUARE": (np.square, ()), "AFFINE": (lambda x: 2 * x - 1, (2, -1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_the_formula(normal, name):
    formula, numbers = ACTIVATIONS[name]
    x = 3 * normal(3, 4099)
    y = np.empty_like(x)
    run(pointwise.add_activation, getattr(activations, name), x, y, *numbers)
    np.testing.assert_allclose(y, formula(x), rtol=1e-6, atol=1e-6)


SHAPES = [
    ((2, 8, 13, 11), (2, 8, 13, 11)), ((2, 8, 13, 11), (1, 8, 1, 1)), ((2, 8, 13, 11), ()),
    ((2, 8, 1, 1), (2, 8, 13, 11)), ((2, 8, 13, 1), (1, 1, 13, 11)), ((3, 5000), (5000,)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", SHAPES)
def test_pairs_are_broadcast_as_in_numpy(normal, shapes):
    x, z = (normal(*shape) for shape in shapes)
    functions = {
        pointwise.ADD: np.add, pointwise.SUBTRACT: np.subtract, pointwise.MULTIPLY: np.multiply,
        pointwise.DIVIDE: np.divide, pointwise.SLOPE: lambda x, z: np.where(x < 0, x * z, x),
    }  # fmt: skip
    for kind, function in functions.items():
        expected = function(x, z)
        y = np.empty_like(expected)
        run(pointwise.add_binary, kind, x, z, y)
        np.testing.assert_array_equal(y, expected)


def test_copies_take_any_strides(normal):
    x = normal(2, 3, 4, 5)
    y = np.zeros((2, 4, 9, 6), FLOAT)
    target = y[:, :, ::2, 1:4]
    run(copies.add_copy, x.transpose(0, 2, 3, 1), target)
    np.testing.assert_array_equal(target, x.transpose(0, 2, 3, 1))
    assert np.count_nonzero(y) == x.size
    enlarged = np.empty((2, 3, 8, 15), FLOAT)
    run(copies.add_enlarged, x, enlarged, (2, 3))
    np.testing.assert_array_equal(enlarged, x.repeat(2, axis=2).repeat(3, axis=3))


def test_a_softmax_ignores_what_is_masked_and_keeps_nan():
    x = np.array([[1, -np.inf, 1, -np.inf], [0, np.nan, 0, 0]], FLOAT)
    y = np.empty_like(x)
    run(rows.add_rows, rows.SOFTMAX, x, y)
    np.testing.assert_allclose(y, [[0.5, 0, 0.5, 0], [np.nan] * 4], atol=1e-30)


@pytest.mark.parametrize("n", [7, 64, 150])
def test_rows_have_means_shares_and_deviations(normal, n):
    x, weight, bias = normal(9, n), normal(n), normal(n)
    y, mean = np.empty_like(x), np.empty(9, FLOAT)
    run(rows.add_rows, rows.SOFTMAX, x, y)
    shares = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(y, shares, rtol=1e-5)
    run(rows.add_rows, rows.MEAN, x, mean)
    np.testing.assert_allclose(mean, x.mean(axis=1), atol=1e-6)
    run(rows.add_rows, rows.LENGTH, x, mean)
    np.testing.assert_allclose(mean, np.linalg.norm(x, axis=1), rtol=1e-5)
    run(rows.add_rows, rows.NORMALISE, x, y, weight, bias, 1e-5)
    z = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, z * weight + bias, atol=1e-5)


@pytest.mark.parametrize("k, s, p", [(2, 2, 0), (3, 2, 1), (5, 1, 2), (13, 1, 6), (3, 3, 0)])
def test_windows_have_maxima(normal, k, s, p):
    x = normal(2, 3, 14, 13)
    around = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)], constant_values=-np.inf)
    views = np.lib.stride_tricks.sliding_window_view(around, (k, k), axis=(2, 3))
    expected = views[:, :, ::s, ::s].max(axis=(4, 5))
    y = np.empty_like(expected)
    run(windows.add_max_pool, x, y, (k, k), (s, s), (p, p))
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("size", [(9, 40), (4, 6)])
def test_interpolation_is_a_product_with_two_matrices(rng, normal, size):
    x = normal(2, 3, 5, 18)
    places = [rng.integers(0, n, (2, m)) for n, m in zip((5, 18), size)]
    weights = [rng.random((2, m)).astype(FLOAT) for m in size]
    matrices = []
    for n, place, weight in zip((5, 18), places, weights):
        matrix = np.zeros((place.shape[1], n))
        np.add.at(matrix, (np.arange(len(matrix)), place), weight)
        matrices.append(matrix)
    y = np.empty((2, 3, *size), FLOAT)
    run(windows.add_interpolated, x, y, *zip(places, weights))
    np.testing.assert_allclose(y, matrices[0] @ x @ matrices[1].T, atol=1e-5)


WINDOWS = [
    (20, 18, 3, 1, 1, 1), (21, 19, 5, 1, 1, 2), (21, 19, 5, 2, 1, 2), (96, 97, 3, 2, 1, 1),
    (30, 31, 3, 1, 2, 2), (9, 7, 7, 3, 1, 3), (130, 140, 3, 1, 1, 1), (7, 5, 2, 1, 1, 0),
]  # fmt: skip


@pytest.mark.parametrize("case", WINDOWS)
def test_channels_are_convolved_on_their_own(normal, case):
    H, W, k, s, d, p = case
    x, weight, bias = normal(2, 6, H, W), normal(6, 1, k, k), normal(6)
    window = (k, k), (d, d), (p, p), (s, s)
    expected = engine.convolve(x, weight, window, 6, Epilogue(shift=bias))
    y = np.full_like(expected, 7)
    run(channels.add_channels, x, weight, bias, y, window, (activations.CLIP, 0, 1))
    np.testing.assert_allclose(y, np.clip(expected, 0, 1), atol=1e-5)
    run(channels.add_channels, x, weight, bias, y, window, (activations.AFFINE, 2, 3))
    np.testing.assert_allclose(y, 2 * expected + 3, atol=2e-5)


def test_convolutions_and_products_are_those_of_the_engine(normal):
    x, weight, bias = normal(2, 8, 20, 18), normal(8, 4, 3, 3), normal(8)
    window, program = ((3, 3), (1, 1), (1, 1), (2, 2)), Program()
    residual = normal(2, 8, 10, 9)
    flat = Epilogue(shift=bias, residual=residual.reshape(2, 8, 90), relu=True)
    expected = engine.convolve(x, weight, window, 2, flat)
    y = np.empty_like(expected)
    program.add_convolution(x, weight, y, window, 2, flat._replace(residual=residual))
    a, b, product = normal(3, 7, 9), normal(3, 9, 33), np.empty((3, 7, 33), FLOAT)
    program.add_product(a, b, product)
    enlarged, up = np.empty((2, 4, 40, 36), FLOAT), normal(8, 4, 4, 4)
    doubling = (4, 4), (1, 1), (1, 1), (2, 2)
    program.add_transposed(x, up, enlarged, doubling, 1, Epilogue())
    program.run()
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_allclose(product, a @ b, atol=1e-5)
    expected = engine.conv_transpose2d(x, up, None, doubling, 1, (40, 36))
    np.testing.assert_array_equal(enlarged, expected)


def test_threads_that_fell_asleep_are_woken_before_the_next_step(rng, monkeypatch):
    sizes = (96, 96), (96, 192), (96, 192)
    w, x, y = (rng.normal(size=size).astype(np.float32) for size in sizes)
    program, woken = Program(), []
    with engine.use_threads(2):
        for _ in range(3):
            program.add_product(w[None], x[None], y[None])
    time.sleep(0.1)  # threads of earlier tests sleep by now
    monkeypatch.setattr(pool(), "wake", woken.append)
    program.run()
    assert woken == [1, 1, 1]
    np.testing.assert_allclose(y, w @ x, rtol=0, atol=1e-4)
