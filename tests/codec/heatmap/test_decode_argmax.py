"""The highest pixel of every map, before it is refined."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.codec.heatmap.simcc import decode_simcc
from npkpose.reference.codec.heatmap import decode as reference

values = st.sampled_from([-np.inf, -2.5, -1.0, -1e-30, -0.0, 0.0, 1e-30, 1.0, 2.5, np.inf, np.nan])
shapes = st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(1, 40))


def highest_pixels(maps):
    """Pixels (M, 2) and scores (M,) of maps (M, H, W)."""
    coords, scores = decode_heatmaps(maps[None], "argmax")
    return coords[0], scores[0]


def test_hand_worked_maps_give_their_first_highest_finite_pixel():
    maps = np.array([[[1, 3, 3]], [[-2, -1, -1]], [[np.nan, 5, np.inf]], [[4, np.nan, 2]]])
    pixels, scores = highest_pixels(maps)
    np.testing.assert_array_equal(pixels, [(1, 0), (1, 0), (np.nan, np.nan), (0, 0)])
    np.testing.assert_array_equal(scores, [3, -1, 0, 4])


@given(shapes.flatmap(lambda s: arrays(np.float64, s, elements=values)), st.booleans())
def test_the_highest_pixels_match_the_reference(maps, single):
    maps = maps.astype(np.float32) if single else maps
    for got, expected in zip(highest_pixels(maps), reference.highest_pixels(maps)):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("low, high", [(0, 1e-30), (-3, -2), (-1, 0), (-1e38, 1e38)])
def test_a_lone_peak_is_found_wherever_it_is_whatever_its_sign(low, high, dtype):
    maps = np.full((300, 12, 25), low, dtype)
    maps.reshape(300, 300)[range(300), range(300)] = high
    pixels, scores = highest_pixels(maps)
    np.testing.assert_array_equal(pixels @ [1, 25], range(300))
    assert (scores == maps.max()).all()


def test_minus_zero_equals_zero():
    maps = np.array([[[-1.0, -0.0, 0.0]], [[-1.0, 0.0, -0.0]], [[0.0, -0.0, 0.0]]])
    pixels, _ = highest_pixels(maps)
    np.testing.assert_array_equal(pixels[:, 0], [1, 1, np.nan])


@pytest.mark.parametrize("function", [
    lambda maps: decode_heatmaps(maps[None]),
    lambda maps: decode_heatmaps(maps[None], "dark"),
    lambda maps: find_peaks(maps),
    lambda maps: decode_simcc(maps.reshape(1, 3, -1), maps.reshape(1, 3, -1)),
])  # fmt: skip
def test_read_only_maps_are_not_copied(function):
    maps = gaussian_heatmaps([(20.2, 30.4), (3.0, 4.5), (40.1, 0.2)], (64, 48))
    mapped = maps.copy()  # read-only, as np.load(..., mmap_mode="r") gives them
    mapped.flags.writeable = False
    peaks = []
    for each in (maps, maps, mapped):  # the first call compiles
        tracemalloc.start()
        function(each)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + maps.nbytes / 4
