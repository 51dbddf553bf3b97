import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.space.procrustes import Similarity, procrustes
from npkpose.space.rotations import axis_angle_to_matrix

sixteenths = st.integers(-32, 32).map(lambda n: n / 16)
clouds = arrays(np.float64, (2, 6, 3), elements=sixteenths)
SCENE = np.random.default_rng(0).normal(size=(6, 3))


def test_a_rotated_scaled_and_moved_triangle_is_matched():
    # rotated by 90 degrees about z, twice the size, moved by (1, 2, 3)
    triangle = np.array([[0, 0, 0], [1, 0, 0], [0, 3, 0.0]])
    moved = np.array([[1, 2, 3], [1, 4, 3], [-5, 2, 3.0]])
    fit = procrustes(triangle, moved)
    np.testing.assert_allclose(fit.scale, 2)
    np.testing.assert_allclose(fit.R, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-15)
    np.testing.assert_allclose(fit.t, [1, 2, 3])
    np.testing.assert_allclose(fit.apply(triangle), moved, atol=1e-14)


@given(clouds, arrays(np.float64, (2, 3), elements=sixteenths), st.integers(1, 32))
def test_any_similarity_is_recovered(points, turn, sixteenth):
    R = axis_angle_to_matrix(turn)
    truth = Similarity(np.full(2, sixteenth / 16), R, turn[:, ::-1])
    moved = truth.apply(points)
    np.testing.assert_allclose(procrustes(points, moved).apply(points), moved, atol=1e-7)


@given(clouds)
def test_no_small_change_of_the_result_fits_better(points):
    targets = points[::-1] ** 2
    fit = procrustes(points, targets)
    best = ((fit.apply(points) - targets) ** 2).sum(axis=(1, 2))
    for step in 0.01 * np.concatenate([np.eye(3), -np.eye(3)]):
        turned = axis_angle_to_matrix(step) @ fit.R
        for other in (
            fit._replace(scale=fit.scale + step[0]),
            fit._replace(R=turned),
            fit._replace(t=fit.t + step),
        ):
            assert (((other.apply(points) - targets) ** 2).sum(axis=(1, 2)) >= best - 1e-9).all()
    np.testing.assert_allclose(np.linalg.det(fit.R), 1)


def test_scipy_finds_the_same_rotation():
    Rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    targets = np.random.default_rng(1).normal(size=(6, 3))
    weights = np.arange(6.0)
    p, q = (a - np.average(a, axis=0, weights=weights) for a in (SCENE, targets))
    expected, _ = Rotation.align_vectors(q, p, weights)
    fit = procrustes(SCENE, targets, scale=False, weights=weights)
    np.testing.assert_allclose(fit.R, expected.as_matrix(), rtol=0, atol=1e-12)
    assert fit.scale == 1


def test_a_mirror_image_is_not_a_rotation():
    fit = procrustes(SCENE, SCENE * [-1, 1, 1])
    assert np.linalg.det(fit.R) == pytest.approx(1)
    assert abs(fit.apply(SCENE) - SCENE * [-1, 1, 1]).max() > 0.1


def test_missing_points_and_points_of_weight_0_are_ignored():
    R = axis_angle_to_matrix([1, 2, 3])
    moved = 2 * SCENE @ R.T
    points, weights = SCENE.copy(), np.ones(6)
    points[0], moved[1], moved[2], weights[2] = np.nan, np.nan, 100, 0
    fit = procrustes(points, moved, weights=weights)
    np.testing.assert_allclose(fit.R, R, atol=1e-12)
    np.testing.assert_allclose(fit.scale, 2)


def test_sets_without_points_give_nan_and_coinciding_points_scale_1():
    assert all(
        np.isnan(part).all() for part in procrustes(np.full((4, 3), np.nan), np.ones((4, 3)))
    )
    assert procrustes(np.empty((0, 4, 3)), np.empty((0, 4, 3))).R.shape == (0, 3, 3)
    fit = procrustes(np.ones((4, 3)), np.zeros((4, 3)))
    assert fit.scale == 1 and np.linalg.det(fit.R) == pytest.approx(1)
    np.testing.assert_allclose(fit.apply(np.ones((4, 3))), 0, atol=1e-15)


@pytest.mark.parametrize("p_size, q_size", [
    (1e154, 1e154), (1e300, 1e300), (1e-300, 1e-300), (1e-160, 1e120), (1e150, 1e-150), (1, 1e300),
])  # fmt: skip
@pytest.mark.parametrize("weight", [1, 1e-300, 1e300])
def test_points_of_any_size_that_float64_can_hold_are_matched(p_size, q_size, weight):
    R = axis_angle_to_matrix([1, 2, 3])
    points, targets = SCENE * p_size, (3 * SCENE @ R.T + 5) * q_size
    fit = procrustes(points, targets, weights=np.full(6, float(weight)))
    np.testing.assert_allclose(fit.R, R, atol=1e-9)  # the smallest numbers have few digits
    np.testing.assert_allclose(fit.scale / q_size * p_size, 3, rtol=1e-9)
    np.testing.assert_allclose(fit.t / q_size, 5, rtol=1e-9)
    rigid = procrustes(SCENE * p_size, SCENE @ R.T * p_size + 2 * p_size, scale=False)
    np.testing.assert_allclose(rigid.t / p_size, 2, rtol=1e-9)


def test_numbers_whose_products_overflow_do_not_hang_the_solver():
    points = np.array([[0.22661552958050238, 3.471579490088339, 0], [-8.559295790684905, 9.65, 0]])
    targets = np.array([[1e308, -1e308, 1e308], [-1e308, 1e308, 1e308]])
    with pytest.raises(ValueError, match="targets: expected a size that the points can be scaled"):
        procrustes(points, targets)  # t would be 2e308
    fit = procrustes(points, targets / 2)
    assert np.linalg.det(fit.R) == pytest.approx(1)
    np.testing.assert_allclose(fit.apply(points) / 1e308, targets / 2 / 1e308, atol=1e-12)
    with pytest.raises(ValueError, match="targets: expected a size that the points can be scaled"):
        procrustes(points * 1e-300, targets)
    with pytest.raises(ValueError, match="targets: expected a size that the points can be scaled"):
        procrustes(targets, points * 1e-300)


def test_what_are_no_points_cannot_be_moved():
    for points in (None, "text", [[1, 2]], 10**400):
        with pytest.raises(ValueError, match="^points: expected"):
            procrustes(SCENE, SCENE).apply(points)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([[1, 2]], [[1, 2]]), r"points: expected shape \(..., K, 3\)"),
        ((SCENE, SCENE[:5]), r"targets: expected shape \(6, 3\), got \(5, 3\)"),
        ((SCENE, SCENE * np.inf), "targets: expected finite values or NaN"),
        ((SCENE, SCENE, {1, 2}), "scale: expected True or False"),
        ((SCENE, SCENE, True, -np.ones(6)), "weights: expected at least 0, got -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        procrustes(*arguments)
