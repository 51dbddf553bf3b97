import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.argmax import highest_pixels
from npkpose.reference.codec.heatmap import argmax as reference

values = st.sampled_from([-np.inf, -2.5, -1.0, -1e-30, -0.0, 0.0, 1e-30, 1.0, 2.5, np.inf, np.nan])
shapes = st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(1, 40))


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


@pytest.mark.parametrize("size", [(0, 3), (3, 0)])
def test_a_map_without_pixels_is_refused(size):
    with pytest.raises(ValueError, match="maps: expected H and W of at least 1"):
        highest_pixels(np.empty((1, *size)))
