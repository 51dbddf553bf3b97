import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import H36M_17
from npkpose.data.motion import CAMERA, OFFSETS, SIZE, placed_motion, pose_body, synthetic_motion

turns = arrays(np.float64, (17, 3), elements=st.integers(-16, 16).map(lambda n: n / 16))


def joint(pose, name):
    return pose[..., H36M_17.keypoints.index(name), :]


def test_an_upright_body_is_as_long_as_its_bones():
    pose = pose_body(np.zeros((17, 3)))
    np.testing.assert_allclose(joint(pose, "head"), [0, -0.726, 0], atol=1e-12)
    np.testing.assert_allclose(joint(pose, "left_ankle"), [0.133, 0.897, 0], atol=1e-12)
    np.testing.assert_allclose(joint(pose, "right_wrist"), [-0.151, 0.041, 0], atol=1e-12)


def test_a_bent_elbow_worked_by_hand():
    angles = np.zeros((17, 3))
    angles[H36M_17.keypoints.index("left_elbow")] = [np.pi / 2, 0, 0]  # +y turns to +z
    pose = pose_body(angles)
    forearm = joint(pose, "left_wrist") - joint(pose, "left_elbow")
    np.testing.assert_allclose(forearm, [0, 0, 0.252], atol=1e-12)


@settings(max_examples=20)
@given(turns)
def test_rotations_keep_bone_lengths_and_the_pelvis_at_0(angles):
    pose = pose_body(angles)
    assert not pose[0].any()
    parents, children = np.array(H36M_17.limbs).T
    lengths = np.linalg.norm(pose[children] - pose[parents], axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(OFFSETS[children], axis=1), rtol=1e-12)


def test_keypoints_are_the_projected_poses(rng):
    keypoints, poses = synthetic_motion(np.random.default_rng(3), 6, 80, noise=0)
    assert keypoints.shape == (6, 80, 17, 2) and poses.shape == (6, 80, 17, 3)
    assert keypoints.dtype == poses.dtype == np.float32
    # At the right distance the pelvis's own pixel and the pose give every keypoint.
    rays = CAMERA.rays(keypoints[:, :, :1])
    depths = np.linspace(3, 7, 401)[:, None, None, None, None]
    places = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1) * depths
    off = abs(CAMERA.project(places + poses) - keypoints).max(axis=(-1, -2))  # (401, 6, 80)
    assert off.min(axis=0).max() < 0.6  # a step of 1 cm in depth is that much
    inside = ((keypoints > 0) & (keypoints < SIZE)).all(axis=-1)
    assert inside.mean() > 0.98


def test_placed_motion_adds_where_the_pelvis_is():
    motion = placed_motion(np.random.default_rng(3), 4, 20, noise=0)
    keypoints, poses = synthetic_motion(np.random.default_rng(3), 4, 20, noise=0)
    np.testing.assert_array_equal(motion.keypoints, keypoints)
    np.testing.assert_array_equal(motion.poses, poses)
    assert motion.positions.shape == (4, 20, 1, 3) and motion.positions.dtype == np.float32
    projected = CAMERA.project(motion.poses + motion.positions)
    np.testing.assert_allclose(projected, keypoints, atol=1e-3)


def test_motion_is_smooth_and_noise_has_the_given_deviation():
    still, poses = synthetic_motion(np.random.default_rng(0), 20, 100, noise=0)
    noisy, same = synthetic_motion(np.random.default_rng(0), 20, 100, noise=5)
    np.testing.assert_array_equal(poses, same)
    np.testing.assert_allclose((noisy - still).std(), 5, rtol=0.02)
    steps = np.linalg.norm(np.diff(poses, axis=1), axis=-1)
    assert 0.002 < steps.mean() < 0.05 and steps.max() < 0.3  # metres in a fiftieth of a second
    assert 0.1 < np.linalg.norm(poses - poses.mean((0, 1)), axis=-1).mean() < 0.25
    other, _ = synthetic_motion(np.random.default_rng(1), 20, 100, noise=0)
    assert abs(other - still).mean() > 20
    assert synthetic_motion(np.random.default_rng(0), 0, 5)[0].shape == (0, 5, 17, 2)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"sequences": -1}, "sequences: expected at least 0"),
        ({"frames": 0}, "frames: expected at least 1"),
        ({"noise": -1}, "noise: expected at least 0"),
    ],
)
def test_bad_arguments_are_named(rng, changed, message):
    with pytest.raises(ValueError, match=message):
        synthetic_motion(**{"rng": rng, "sequences": 1, "frames": 2, **changed})
