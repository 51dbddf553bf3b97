import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.reference.space import dlt as reference
from npkpose.space import dlt
from npkpose.space.camera import Camera
from npkpose.space.dlt import BEHIND, DEGENERATE, OK, TOO_FEW_VIEWS, linear_points, middle_of

lattice = st.integers(-16, 16).map(lambda n: 50.0 * n)
clouds = arrays(np.float64, (4, 3), elements=lattice)
NOISE = np.random.default_rng(0).normal(0, 0.002, (4, 5, 2))  # 2 pixels


def rays_of(cameras, points):
    return np.stack([c.rays(c.project(points)) for c in cameras], axis=1)


def straight(x):
    """A camera at (x, 0, 0) that looks along z."""
    return Camera(np.eye(3), (-x, 0, 0), (1, 1), (0, 0))


def test_two_rays_worked_by_hand_meet():
    # from (0, 0, 0) along (1, 1, 1) and from (2, 0, 0) along (-1, 1, 1): at (1, 1, 1)
    rays = np.array([[(1, 1), (-1, 1)]], float)
    points, status = linear_points(rays, np.ones((1, 2)), [straight(0), straight(2)])
    np.testing.assert_allclose(points, [[1, 1, 1]], rtol=1e-14)
    assert status.tolist() == [OK]


@given(clouds, st.integers(2, 5))
def test_noisy_rays_give_the_singular_vector(ring, points, views):
    cameras = ring("opencv")[:views]
    rays = rays_of(cameras, points) + NOISE[:, :views]
    weights = np.linspace(0.5, 1, views) * np.ones((4, 1))
    weights[0, 0] = 0
    found, _ = linear_points(rays, weights, cameras)
    expected = reference.linear_points(rays, weights, cameras)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-6)  # in mm


@given(clouds)
def test_exact_rays_give_the_point_and_noisy_ones_do_not_depend_on_the_world_frame(ring, points):
    cameras, weights = ring("none"), np.ones((4, 5))
    rays = rays_of(cameras, points)
    found, status = linear_points(rays, weights, cameras)
    assert (status == OK).all()
    np.testing.assert_allclose(found, points, rtol=0, atol=1e-8)
    before, _ = linear_points(rays + NOISE, weights, cameras)
    shift = np.array([1000.0, -2000, 500])
    moved = [Camera(c.R, (c.t - c.R @ shift) / 1000, c.focal, c.centre) for c in cameras]
    after, _ = linear_points(rays + NOISE, weights, moved)
    np.testing.assert_allclose(1000 * after, before + shift, rtol=0, atol=1e-6)


def test_opencv_finds_the_same_points_in_two_views(ring):
    cv2 = pytest.importorskip("cv2")
    cameras = ring("none", 5)[:2]
    points = np.random.default_rng(0).uniform(-900, 900, (50, 3))
    pixels = [c.project(points) + 1000 * NOISE[0, v] for v, c in enumerate(cameras)]
    origin, unit = middle_of(cameras[:2])
    to_world = np.vstack([np.column_stack([unit * np.eye(3), origin]), [0, 0, 0, 1]])
    P = [camera.P @ to_world for camera in cameras]
    x = cv2.triangulatePoints(*P, pixels[0].T, pixels[1].T)
    rays = np.stack([c.rays(p) for c, p in zip(cameras, pixels)], axis=1)
    found, _ = linear_points(rays, np.ones((50, 2)), cameras)
    expected = unit * (x[:3] / x[3]).T + origin
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_every_reason_for_a_missing_point_has_a_status():
    cameras = [straight(0), straight(2), straight(0)]
    rays = np.zeros((6, 3, 2))
    rays[:, 1, 0] = -1  # the first two meet at (0, 0, 2)
    weights = np.ones((6, 3)) * [1, 1, 0]
    weights[0], weights[1] = 0, [1, 0, 0]
    weights[2] = 1, 0, 1  # two cameras at one position
    rays[3, 1] = 0  # parallel rays
    rays[4, 1, 0] = 1  # diverging: they meet at (0, 0, -2)
    points, status = linear_points(rays, weights, cameras)
    assert status.tolist() == [TOO_FEW_VIEWS, TOO_FEW_VIEWS, DEGENERATE, DEGENERATE, BEHIND, OK]
    np.testing.assert_array_equal(np.isnan(points[:, 0]), [True] * 5 + [False])
    np.testing.assert_allclose(points[5], [0, 0, 2], atol=1e-15)
    assert linear_points(np.empty((0, 3, 2)), np.empty((0, 3)), cameras)[0].shape == (0, 3)
    assert len(getattr(dlt._linear, "signatures", [None])) == 1
