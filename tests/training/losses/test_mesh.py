import numpy as np
import pytest

from npkpose.training.losses import (
    camera_loss,
    keypoint_2d_loss,
    keypoint_3d_loss,
    parameter_loss,
    vertex_loss,
)
from npkpose.training.losses.mesh import HIPS

VALID = np.array([True, False, True])


def test_2d_keypoints_worked_by_hand():
    keypoints, true = np.array([[(1.0, 2), (0, 0)]]), [[(0, 0), (0.5, 0)]]
    loss, gradient = keypoint_2d_loss(keypoints, true, [[0.5, 1]])
    assert loss == (0.5 * (1 + 4) + 0.25) / 4
    np.testing.assert_allclose(gradient, [[(0.25, 0.5), (-0.25, 0)]])
    loss, gradient = keypoint_2d_loss(keypoints, true, [[0, 1]])
    assert loss == 0.25 / 4 and not gradient[0, 0].any()  # a mean over both keypoints


def test_3d_keypoints_are_compared_from_the_middle_of_the_hips():
    true = np.array([[(0.0, 0, 0), (2, 0, 0), (1, 3, 0)]])
    points = true + (5, 6, 7)
    points[0, 2, 1] += 3
    loss, gradient = keypoint_3d_loss(points, true, hips=(0, 1))
    assert loss == 9 / 9
    np.testing.assert_allclose(gradient[0, :, 1], (-1 / 3, -1 / 3, 2 / 3), atol=1e-15)
    assert not gradient[..., [0, 2]].any()
    assert keypoint_3d_loss(true + 1, true, hips=(0, 1))[0] == 0


def test_vertices_worked_by_hand():
    loss, gradient = vertex_loss([[(1.0, -2, 0)], [(9, 9, 9)]], np.zeros((2, 1, 3)), [1, 0])
    assert loss == 3 / 3
    np.testing.assert_allclose(gradient, [[(1 / 3, -1 / 3, 0)], [(0, 0, 0)]])


def test_parameters_worked_by_hand():
    loss, gradient = parameter_loss([(1.0, 3), (9, 9)], [(0, 1), (0, 0)], [True, False])
    assert loss == (1 + 4) / 2
    np.testing.assert_allclose(gradient, [(1, 2), (0, 0)])


def test_a_camera_worked_by_hand():
    loss, gradient = camera_loss([(0.0, 1, 1), (0.1, 0, 0)])
    assert loss == pytest.approx((1 + np.exp(-2)) / 2)
    np.testing.assert_allclose(gradient, [(-10, 0, 0), (-10 * np.exp(-2), 0, 0)])


def test_a_camera_far_behind_has_a_finite_loss_that_grows():
    scales = np.array([-2.9, -3.1, -5, -50, -1e6])
    cameras = np.stack([scales, 0 * scales, 0 * scales], axis=1).astype(np.float32)
    losses = [camera_loss(camera[None])[0] for camera in cameras]
    assert np.isfinite(losses).all() and (np.diff(losses) > 0).all()
    _, gradient = camera_loss(cameras)
    assert np.isfinite(gradient).all() and (gradient[:, 0] < 0).all()
    slope = (camera_loss([(-5 + 1e-4, 0, 0)])[0] - camera_loss([(-5 - 1e-4, 0, 0)])[0]) / 2e-4
    assert camera_loss([(-5.0, 0, 0)])[1][0, 0] == pytest.approx(slope, rel=1e-6)


def random_labels(rng):
    """Three bodies of 5 keypoints, some without labels; and confidences."""
    true, confidence = rng.normal(size=(3, 5, 3)), rng.uniform(size=(3, 5))
    confidence[0, 1] = 0
    return true, confidence


def test_gradients_are_slopes(rng, assert_slope):
    true, c = random_labels(rng)
    true[2, 4] = np.nan
    x = rng.normal(size=(3, 5, 3))
    assert_slope(lambda p: keypoint_2d_loss(p, true[..., :2], c), x[..., :2])
    assert_slope(lambda p: keypoint_3d_loss(p, true, c, VALID), x)
    assert_slope(lambda p: vertex_loss(p, np.nan_to_num(true), VALID), x)
    assert_slope(lambda p: parameter_loss(p, np.nan_to_num(true), VALID), x)
    assert_slope(camera_loss, rng.normal(0.5, 0.2, (4, 3)))


def test_values_and_gradients_are_autograds(rng, assert_autograd):
    """The sums of the authors' code, over the valid bodies."""
    true, c = random_labels(rng)
    x = rng.normal(size=(3, 5, 3))

    def squared(p, dims, valid=slice(None)):
        q, weight = p.new_tensor(true[valid, :, :dims]), p.new_tensor(c[valid])[..., None]
        p = p[valid]
        if dims == 3:
            p, q = (a - (a[:, 2:3] + a[:, 3:4]) / 2 for a in (p, q))
        return (weight * (p - q) ** 2).mean()

    assert_autograd(
        lambda p: keypoint_2d_loss(p, true[..., :2], c), lambda p: squared(p, 2), x[..., :2]
    )
    assert_autograd(
        lambda p: keypoint_3d_loss(p, true, c, VALID), lambda p: squared(p, 3, VALID), x
    )
    both = VALID, true[VALID]
    assert_autograd(lambda p: vertex_loss(p, true, VALID),
                    lambda p: (p[both[0]] - p.new_tensor(both[1])).abs().mean(), x)  # fmt: skip
    assert_autograd(lambda p: parameter_loss(p, true, VALID),
                    lambda p: ((p[both[0]] - p.new_tensor(both[1])) ** 2).mean(), x)  # fmt: skip
    cameras = rng.normal(size=(4, 3))
    assert_autograd(camera_loss, lambda c: ((-10 * c[:, 0]).exp() ** 2).mean(), cameras)


LOSSES = {
    "keypoints 2-D": (keypoint_2d_loss, (2, 5, 2)),
    "keypoints 3-D": (keypoint_3d_loss, (2, 5, 3)),
    "vertices": (vertex_loss, (2, 7, 3)),
    "rotations": (parameter_loss, (2, 24, 3, 3)),
    "shape": (parameter_loss, (2, 10)),
}


@pytest.mark.parametrize("function, shape", LOSSES.values(), ids=LOSSES)
def test_equal_bodies_and_no_bodies_have_no_loss(rng, function, shape):
    true = rng.normal(size=shape)
    loss, gradient = function(true, true)
    assert loss == 0 and not gradient.any()
    loss, gradient = function(np.ones((0, *shape[1:]), np.float32), np.ones((0, *shape[1:])))
    assert loss == 0 and gradient.shape == (0, *shape[1:]) and gradient.dtype == np.float32
    single = function(true.astype(np.float32), true + 1)[1]
    assert single.dtype == np.float32 and single.shape == shape


@pytest.mark.parametrize("function", [keypoint_3d_loss, vertex_loss, parameter_loss])
def test_bodies_without_labels_change_nothing(rng, function):
    x, true = rng.normal(size=(2, 3, 5, 3))
    loss, gradient = function(x, true, valid=VALID)
    alone, own = function(x[VALID], true[VALID])
    assert loss == pytest.approx(alone, rel=1e-12) and not gradient[1].any()
    np.testing.assert_allclose(gradient[VALID], own, rtol=1e-12, atol=1e-16)
    loss, gradient = function(x, true, valid=np.zeros(3))
    assert loss == 0 and not gradient.any()


def test_a_missing_hip_or_keypoint_is_confidence_0(rng):
    x, true = rng.normal(size=(2, 2, 5, 3))
    confidence = np.ones((2, 5))
    true[0, HIPS[0], 1] = true[1, 4, 0] = np.nan
    loss, gradient = keypoint_3d_loss(x, true)
    confidence[0], confidence[1, 4] = 0, 0
    known = np.nan_to_num(true)
    expected, wanted = keypoint_3d_loss(x, known, confidence)
    assert loss == expected
    np.testing.assert_array_equal(gradient, wanted)


def test_no_camera_has_no_loss():
    loss, gradient = camera_loss(np.empty((0, 3)))
    assert loss == 0 and gradient.shape == (0, 3)


POINTS = np.ones((2, 5, 3))


NESTED = []
for _ in range(3000):
    NESTED = [NESTED]


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (keypoint_2d_loss, (POINTS, POINTS), r"keypoints: expected shape \(N, K, 2\)"),
    (keypoint_2d_loss, (POINTS[..., :2], POINTS), r"true_keypoints: expected shape \(2, 5, 2\)"),
    (keypoint_2d_loss, (POINTS[..., :2], POINTS[..., :2], np.ones((2, 4))), "confidence: expected"),
    (keypoint_3d_loss, (POINTS, POINTS, -1), "confidence: expected at least 0"),
    (keypoint_3d_loss, (POINTS, POINTS * np.inf), r"true_points\[0, 0, 0\]: expected at most"),
    (keypoint_3d_loss, (POINTS, POINTS, 1, [1, 2]), r"valid\[1\]: expected True or False, got 2"),
    (keypoint_3d_loss, (POINTS, POINTS, 1, [1]), r"valid: expected shape \(2\)"),
    (keypoint_3d_loss, (POINTS, POINTS, 1, None, (2, 5)), "hips: expected less than 5"),
    (keypoint_3d_loss, (POINTS, POINTS, 1, None, 2), "hips: expected a pair"),
    (vertex_loss, (POINTS, POINTS * np.nan), r"true_vertices\[0, 0, 0\]: expected a finite"),
    (vertex_loss, (POINTS[0], POINTS[0]), r"vertices: expected shape \(N, V, 3\)"),
    (keypoint_3d_loss, (POINTS, POINTS, None, None, NESTED), "hips: expected a pair, got"),
    (parameter_loss, (1.0, 1.0), r"parameters: expected shape \(N, \.\.\.\)"),
    (parameter_loss, (POINTS, POINTS[0]), r"true_parameters: expected shape \(2, 5, 3\)"),
    (camera_loss, ([1.0, 2, 3],), r"camera: expected shape \(N, 3\)"),
    (camera_loss, ([[1e16, 2, 3]],), r"camera\[0, 0\]: expected at most 1e\+15"),
])
def test_bad_arguments_are_named(function, arguments, message):
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        function(*arguments)
