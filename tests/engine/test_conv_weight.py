"""The gradient of a weight by the tile, against the plain one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._check import count_windows
from npkpose._numba import COMPILES
from npkpose.engine import conv2d_weight_gradient, conv_weight, use_threads
from npkpose.nn import conv

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")


@st.composite
def _cases(draw, convolutions):
    x, weight, window, groups = draw(convolutions)
    dy = (len(x), len(weight), *count_windows(x.shape[2:], window))
    return x, np.random.default_rng(1).normal(size=dy), window, groups


WAYS = {  # constants of `conv_weight`
    "one product of few windows": {},
    "the tile": {"FEW_WINDOWS": 0},
    "row by row": {"FEW_WINDOWS": 0, "PIECE": 1, "PLANES": 1},
    "small pieces": {"FEW_WINDOWS": 0, "PIECE": 9, "PLANES": 40},
}


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_every_way_gives_the_plain_gradient(convolutions, way, data):
    case = data.draw(_cases(convolutions))
    conv_weight._plan.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in WAYS[way].items():
            patch.setattr(conv_weight, name, value)
        got = conv2d_weight_gradient(*case)
    conv_weight._plan.cache_clear()
    for array, expected in zip(got, conv.conv2d_weight_gradient.plain(*case)):
        np.testing.assert_allclose(array, expected, rtol=0, atol=1e-12)


LARGE = [  # N, C, O, size, kernel, dilation, padding, stride
    (4, 20, 37, (30, 28), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 16, 24, (31, 40), (5, 2), (1, 2), (0, 1), (2, 2)),
    (16, 40, 48, (6, 5), (3, 3), (1, 1), (1, 1), (1, 1)),
    (2, 30, 33, (40, 40), (1, 1), (1, 1), (0, 0), (1, 1)),
]


@pytest.mark.parametrize("case", LARGE)
@pytest.mark.parametrize("dtype, error", [(np.float32, 3e-6), (np.float64, 1e-14)])
def test_large_ones_are_the_plain_gradient_and_the_same_bits_for_all_threads(
    case, dtype, error, rng
):
    N, C, O, size, *window = case
    x = rng.normal(size=(N, C, *size)).astype(dtype)
    dy = rng.normal(size=(N, O, *count_windows(size, window))).astype(dtype)
    wanted, _ = conv.conv2d_weight_gradient.plain(x.astype(float), dy.astype(float), window)
    found = []
    for threads in (1, 2, 3, 5):
        with use_threads(threads):
            found.append(conv2d_weight_gradient(x, dy, tuple(window))[0])
    assert abs(found[0] - wanted).max() < error * abs(wanted).max()
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
