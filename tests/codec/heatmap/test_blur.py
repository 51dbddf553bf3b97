import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.blur import smooth_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps

MAPS = arrays(np.float64, (2, 5, 7), elements=st.integers(-8, 8))


def test_one_pixel_becomes_the_product_of_two_gaussians():
    pixel = np.zeros((9, 9))
    pixel[4, 4] = 1
    g = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    g[[0, -1]] = 0  # beyond 3 sigma
    np.testing.assert_allclose(smooth_heatmaps(pixel, 1), np.outer(g, g) / g.sum() ** 2)


def test_a_gaussian_becomes_a_wider_one_in_the_same_place():
    narrow = gaussian_heatmaps([[[10.3, 9.6]]], 21, 1.5, dtype=np.float64)
    wide = gaussian_heatmaps([[[10.3, 9.6]]], 21, 2.5, dtype=np.float64)
    wide *= 1.5**2 / 2.5**2  # the same sum
    np.testing.assert_allclose(smooth_heatmaps(narrow, 2), wide, atol=2e-3)


@given(MAPS, st.integers(1, 12))
def test_blurred_values_stay_within_the_range_of_the_map(maps, quarters):
    smooth = smooth_heatmaps(maps, quarters / 4)
    assert smooth.min() >= maps.min() - 1e-12 and smooth.max() <= maps.max() + 1e-12
    np.testing.assert_allclose(smooth_heatmaps(maps[..., ::-1], quarters / 4), smooth[..., ::-1])


def test_a_sigma_of_0_changes_nothing_and_the_dtype_is_kept():
    maps = np.ones((3, 4), np.float32)
    still = smooth_heatmaps(maps, 0)
    assert still is not maps and still.dtype == np.float32
    np.testing.assert_array_equal(still, maps)
    assert smooth_heatmaps(maps, 1.5).dtype == np.float32
    assert smooth_heatmaps(np.empty((0, 3, 4)), 1).shape == (0, 3, 4)


def test_a_negative_sigma_is_refused():
    with pytest.raises(ValueError, match="sigma: expected at least 0"):
        smooth_heatmaps(np.ones((3, 4)), -1)
