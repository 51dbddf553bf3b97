import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.reference.space import consensus as reference
from npkpose.space import consensus as module
from npkpose.space.consensus import consensus

POINTS = np.array([[0, 0, 0], [300, -200, 500], [-700, 400, 900.0]])
errors = arrays(np.float64, (3, 5, 2), elements=st.sampled_from([0, 0, 0, 0.001, 0.1, -0.2]))


def rays_of(cameras, points):
    return np.stack([c.rays(c.project(points)) for c in cameras], axis=1)


@pytest.mark.parametrize("wrong", range(5))
def test_the_one_wrong_view_is_dropped(ring, wrong):
    cameras = ring("opencv")
    rays = rays_of(cameras, POINTS)
    rays[:, wrong] += 0.05, 0.1  # about 120 pixels
    weights = np.full((3, 5), 0.5)
    expected = weights.copy()
    expected[:, wrong] = 0
    np.testing.assert_array_equal(consensus(rays, weights, cameras, 15.0), expected)


@settings(max_examples=30)
@given(errors, arrays(np.float64, (3, 5), elements=st.sampled_from([0, 0.5, 1])))
def test_the_agreeing_views_match_the_reference(ring, noise, weights):
    cameras = ring("none")
    rng = np.random.default_rng(0)  # a little noise, so that no two sums are equal
    rays = rays_of(cameras, POINTS) + noise + rng.normal(0, 1e-3, (3, 5, 2))
    expected = reference.consensus(rays, weights, cameras, 15.0)
    np.testing.assert_array_equal(consensus(rays, weights, cameras, 15.0), expected)


def test_no_view_is_kept_if_no_two_agree(ring):
    cameras = ring("none")
    rays = rays_of(cameras, POINTS)
    rays[0] += np.random.default_rng(0).normal(0, 0.3, (5, 2))
    rays[1] = np.nan
    weights = np.ones((3, 5))
    weights[1] = 0  # seen by no camera
    weights[2, 1:] = 0  # seen by one
    assert not consensus(rays, weights, cameras, 2.0).any()
    assert consensus(rays[:0], weights[:0], cameras, 2.0).shape == (0, 5)


def test_for_many_cameras_some_of_the_pairs_are_enough(ring):
    cameras = ring("none", 70)  # 2415 pairs
    rays = rays_of(cameras, POINTS)
    rays[:, ::3] += 0.2
    kept = consensus(rays, np.ones((3, 70)), cameras, 5.0)
    np.testing.assert_array_equal(kept > 0, np.ones((3, 1)) * (np.arange(70) % 3 > 0))
    assert len(getattr(module._consensus, "signatures", [None])) == 1
