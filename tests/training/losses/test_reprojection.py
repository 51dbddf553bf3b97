import numpy as np
import pytest

from npkpose import mpjpe
from npkpose.data.motion import CAMERA, SIZE, placed_motion
from npkpose.models.lifting.videopose3d import to_screen
from npkpose.space.camera import Camera
from npkpose.space.rotations import axis_angle_to_matrix
from npkpose.training.losses import reprojection_loss, screen_camera

R = axis_angle_to_matrix(np.array([0.1, -0.2, 0.3]))
H36M = Camera(
    R, (0.1, 0.2, 5), (1145, 1144), (512, 515), (-0.2, 0.24, -9e-4, -1.6e-3, -2e-3), "h36m", "m"
)
PLAIN = Camera(np.eye(3), (0, 0, 0), (100, 200), (50, 60), model="none", unit="m")


def test_two_points_worked_by_hand():
    points, keypoints = [(1.0, 0, 2), (0, 0, 4)], [(97, 64), (50, 60)]  # pixels (100, 60), (50, 60)
    loss, gradient = reprojection_loss(points, keypoints, PLAIN)
    assert loss == 5 / 2
    # u = (0.3, -0.4) over the 2 keypoints; x = 100 X / Z + 50, y = 200 Y / Z + 60.
    np.testing.assert_allclose(gradient, [(0.3 * 50, -0.4 * 100, -0.3 * 25), (0, 0, 0)])
    loss, gradient = reprojection_loss(points, keypoints, PLAIN, [0.5, 1])
    assert loss == 5 / 4 and gradient[0, 0] == 7.5


def test_projected_points_have_no_loss(rng):
    points = rng.normal(0, 0.5, (4, 17, 3))
    loss, gradient = reprojection_loss(points, H36M.project(points), H36M)
    assert loss == 0 and not gradient.any()
    keypoints = rng.normal(500, 100, (4, 17, 2))
    loss, _ = reprojection_loss(points, keypoints, H36M)
    distances = np.linalg.norm(H36M.project(points) - keypoints, axis=-1)
    np.testing.assert_allclose(loss, distances.mean(), rtol=1e-12)


@pytest.mark.parametrize("camera", [PLAIN, H36M], ids=["plain", "h36m"])
def test_the_gradient_is_the_slope(rng, assert_slope, camera):
    points = camera.to_world(rng.normal(0, 0.5, (4, 5, 3)) + (0, 0, 4))
    keypoints, weight = rng.normal(500, 100, (4, 5, 2)), rng.uniform(size=(4, 1))
    assert_slope(lambda p: reprojection_loss(p, keypoints, camera, weight), points)


def test_value_and_gradient_are_autograds(rng, assert_autograd):
    """The formula of the authors' code, with the tangential coefficients in the right places."""
    points, keypoints = rng.normal(0, 0.5, (3, 5, 3)), rng.normal(500, 100, (3, 5, 2))
    points[0, 0] += 40 * H36M.R[0] - 2 * H36M.R[2]  # x is clipped

    def twin(p):
        local = p @ p.new_tensor(H36M.R.T) + p.new_tensor(H36M.t)
        x, y = (local[..., :2] / local[..., 2:]).clamp(-1, 1).unbind(dim=-1)
        q, lens = x**2 + y**2, H36M.lens
        s = 1 + lens.k1 * q + lens.k2 * q**2 + lens.k3 * q**3 + lens.p1 * y + lens.p2 * x
        u = H36M.focal[0] * (x * s + lens.p2 * q) + H36M.centre[0] - p.new_tensor(keypoints[..., 0])
        v = H36M.focal[1] * (y * s + lens.p1 * q) + H36M.centre[1] - p.new_tensor(keypoints[..., 1])
        return (u**2 + v**2).sqrt().mean()

    assert_autograd(lambda p: reprojection_loss(p, keypoints, H36M), twin, points)


def test_points_near_the_camera_and_behind_it_are_clipped():
    points = np.array([(1, -1, 1e-3), (1, -1, 0), (1, -1, -5), (0, 0, -5), (2, 0, 1.0)])
    expected = [(150, -140), (150, -140), (150, -140), (50, 60), (150, 60)]
    assert reprojection_loss(points, expected, PLAIN)[0] == 0
    keypoints = np.zeros((5, 2))
    loss, gradient = reprojection_loss(points, keypoints, PLAIN)
    np.testing.assert_allclose(loss, np.linalg.norm(expected, axis=1).mean())
    assert not gradient[:4].any() and gradient[4, 1] > 0 and not gradient[4, [0, 2]].any()
    wide = reprojection_loss(points[4:], keypoints[4:], PLAIN, limit=3)
    np.testing.assert_allclose(wide[0], np.hypot(250, 60))
    assert wide[1].all(axis=0)[[0, 1]].all()


def test_missing_keypoints_change_nothing(rng):
    points, keypoints = rng.normal(size=(4, 3)) * 0.3, rng.normal(500, 100, (4, 2))
    keypoints[1, 0] = np.nan
    loss, gradient = reprojection_loss(points, keypoints, H36M)
    rest = [0, 2, 3]
    alone, own = reprojection_loss(points[rest], keypoints[rest], H36M)
    assert loss == pytest.approx(alone, rel=1e-12) and not gradient[1].any()
    np.testing.assert_allclose(gradient[rest], own)
    loss, gradient = reprojection_loss(points, np.full((4, 2), np.nan), H36M)
    assert loss == 0 and not gradient.any()


def test_every_sequence_has_its_camera(rng):
    points, keypoints = rng.normal(size=(3, 4, 5, 3)) + (0, 0, 6), np.zeros((3, 4, 5, 2))
    loss, gradient = reprojection_loss(points, keypoints, [PLAIN, H36M, PLAIN])
    singles = [
        reprojection_loss(points[i], keypoints[i], camera)
        for i, camera in enumerate([PLAIN, H36M, PLAIN])
    ]
    assert loss == pytest.approx(np.mean([single for single, _ in singles]), rel=1e-12)
    np.testing.assert_allclose(gradient, np.stack([own for _, own in singles]) / 3)


@pytest.mark.parametrize("camera", [PLAIN, []], ids=["one", "none"])
def test_no_points_have_no_loss(camera):
    points = np.empty((0, 4, 3), np.float32)
    loss, gradient = reprojection_loss(points, np.empty((0, 4, 2)), camera)
    assert loss == 0 and gradient.shape == (0, 4, 3) and gradient.dtype == np.float32


def test_a_screen_camera_projects_to_screen_coordinates(rng):
    points, before = rng.normal(0, 0.5, (20, 3)), H36M.centre.copy()
    screen = screen_camera(H36M, (1000, 1002))
    expected = to_screen(H36M.project(points), (1000, 1002))
    np.testing.assert_allclose(screen.project(points), expected, rtol=1e-12)
    np.testing.assert_array_equal(H36M.centre, before)


def test_the_loss_of_true_poses_is_the_noise_of_their_keypoints():
    motion = placed_motion(np.random.default_rng(0), 20, 30, noise=5)
    points = motion.poses + motion.positions
    loss, _ = reprojection_loss(points, motion.keypoints, CAMERA)
    assert loss == pytest.approx(5 * np.sqrt(np.pi / 2), rel=0.02)  # the mean of Rayleigh's
    assert loss == pytest.approx(mpjpe(
        np.pad(CAMERA.project(points), [(0, 0)] * 3 + [(0, 1)]),
        np.pad(motion.keypoints, [(0, 0)] * 3 + [(0, 1)]),
    ), rel=1e-6)  # fmt: skip
    on_screen, _ = reprojection_loss(
        points, to_screen(motion.keypoints, SIZE), screen_camera(CAMERA, SIZE)
    )
    assert on_screen == pytest.approx(loss * 2 / SIZE[0], rel=1e-6)


ONE = np.ones((1, 3)), np.ones((1, 2))


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones((1, 2)), np.ones((1, 2)), PLAIN), r"points: expected shape \(\.\.\., 3\)"),
    ((np.ones((1, 3)), np.ones((1, 3)), PLAIN), r"keypoints: expected shape \(1, 2\)"),
    (([[0, 0, np.nan]], np.ones((1, 2)), PLAIN), r"points\[0, 2\]: expected a finite value"),
    ((np.ones((1, 3)), [[np.inf, 0]], PLAIN), r"keypoints\[0, 0\]: expected at most 1e\+15"),
    ((*ONE, [PLAIN, PLAIN]), r"camera: expected 1, or one per item of \(1,\), got 2"),
    ((*ONE, ["left"]), r"camera\[0\]: expected a Camera, got str"),
    ((*ONE, PLAIN, [1, 2]), "weight: expected a shape that broadcasts"),
    ((*ONE, PLAIN, [-1]), "weight: expected at least 0"),
    ((*ONE, PLAIN, None, 0), "limit: expected more than 0"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        reprojection_loss(*arguments)


@pytest.mark.parametrize(("arguments", "message"), [
    (("left", (2, 2)), r"camera\[0\]: expected a Camera"),
    ((PLAIN, (0, 2)), "size: expected a positive width and height"),
    ((PLAIN, 2), r"size: expected shape \(2\)"),
])
def test_bad_arguments_of_a_screen_camera_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        screen_camera(*arguments)
