import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.reference.space import refine as reference
from npkpose.space import refine
from npkpose.space.camera import Camera
from npkpose.space.refine import refine_points, reprojection_errors

MODELS = ("none", "opencv", "h36m")
lattice = st.integers(-16, 16).map(lambda n: 50.0 * n)
WEIGHTS = np.array([[1, 0.5, 0.25, 1, 1], [0, 1, 0, 2, 0], [1, 1, 1, 0, 0]])


def seen_by(cameras, points, sigma, seed=0):
    pixels = np.stack([camera.project(points) for camera in cameras], axis=1)
    return pixels + np.random.default_rng(seed).normal(0, sigma, pixels.shape)


def test_two_disagreeing_views_worked_by_hand():
    # Cameras at (-1, 0, 0) and (1, 0, 0) look along z at a point at depth 1. One reports row
    # +0.1, the other row -0.1: the point in the middle has an error of 0.1 in each, the minimum.
    cameras = [Camera(np.eye(3), (x, 0, 0), (1, 1), (0, 0)) for x in (1, -1)]
    pixels = np.array([[(1, 0.1), (-1, -0.1)]])
    points = refine_points(np.array([[0.2, 0.3, 1.5]]), pixels, np.ones((1, 2)), cameras)
    np.testing.assert_allclose(points, [[0, 0, 1]], rtol=0, atol=1e-6)
    errors = reprojection_errors(points, pixels, np.ones((1, 2)), cameras)
    np.testing.assert_allclose(errors, [[0.1, 0.1]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=15)
@given(points=arrays(np.float64, (3, 3), elements=lattice))
def test_points_and_errors_match_the_reference(ring, model, points):
    cameras = ring(model)
    pixels = seen_by(cameras, points, 3)
    start = points + 30
    found = refine_points(start, pixels, WEIGHTS, cameras)
    expected = reference.refine_points(start, pixels, WEIGHTS, cameras)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)  # a micrometre
    np.testing.assert_allclose(
        reprojection_errors(expected, pixels, WEIGHTS, cameras),
        reference.reprojection_errors(expected, pixels, WEIGHTS, cameras),
        rtol=0, atol=1e-9,
    )  # fmt: skip


def test_scipy_finds_the_same_least_squares(ring):
    least_squares = pytest.importorskip("scipy.optimize").least_squares
    cameras = ring("opencv")
    points = np.random.default_rng(2).uniform(-800, 800, (3, 3))
    pixels = seen_by(cameras, points, 3)
    found = refine_points(points, pixels, WEIGHTS, cameras)
    for m in range(3):

        def residuals(x):
            seen = np.stack([camera.project(x) for camera in cameras])
            return (WEIGHTS[m][:, None] * (seen - pixels[m])).ravel()

        best = least_squares(residuals, points[m], xtol=1e-14, ftol=1e-14, gtol=1e-14)
        np.testing.assert_allclose(found[m], best.x, rtol=0, atol=1e-3)


def test_points_that_are_nan_unseen_or_behind_a_camera_are_not_moved(ring):
    cameras = ring("opencv")
    pixels = seen_by(cameras, np.zeros((4, 3)), 1)
    weights = np.ones((4, 5))
    weights[1] = 0
    start = np.array([[np.nan] * 3, [1, 2, 3], [0, 1e6, 0], [10, 10, 10]])
    pixels[1] = np.nan
    found = refine_points(start, pixels, weights, cameras)
    np.testing.assert_array_equal(found[:3], start[:3])  # the third is behind a camera
    assert np.linalg.norm(found[3]) < 5
    errors = reprojection_errors(found, pixels, weights, cameras)
    assert np.isnan(errors[:2]).all() and np.isinf(errors[2]).any() and (errors[3] < 5).all()
    assert refine_points(start[:0], pixels[:0], weights[:0], cameras).shape == (0, 3)
    for kernel in (refine._refine, refine._errors):
        assert len(getattr(kernel, "signatures", [None])) == 1
