import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.nn import check_layer
from npkpose.nn.spatial_softmax import SpatialSoftmax


def test_a_parabola_gives_the_gaussian_of_height_one():
    sigma = 1.25
    wanted = gaussian_heatmaps([[[9.3, 8.6]]], 20, sigma, dtype=np.float64)
    maps = SpatialSoftmax(sigma)(np.log(wanted) + 3)  # a constant cancels
    np.testing.assert_allclose(maps, wanted, atol=1e-3)


@given(arrays(np.float64, (2, 3, 2, 4), elements=st.integers(-50, 50)))
def test_maps_are_positive_and_of_one_sum(x):
    maps = SpatialSoftmax(2.0)(x)
    assert (maps > 0).all()
    np.testing.assert_allclose(maps.sum(axis=(2, 3)), 8 * np.pi)


def test_the_gradient_is_right(rng):
    check_layer(SpatialSoftmax(1.5), rng.normal(size=(2, 3, 4, 5)), rng)


def test_a_sigma_of_nothing_is_refused():
    with pytest.raises(ValueError, match="sigma: expected more than 0"):
        SpatialSoftmax(0)
