import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import COCO_17
from npkpose.data import body

UPRIGHT = np.eye(3)[None]


def pose(trunk=(), limbs=(), turns=UPRIGHT):
    """Places of one body of mean lengths; angles by name, limbs' of the left side only."""
    angles, sides = np.zeros((1, 5)), np.zeros((1, 2, 7))
    for name, value in dict(trunk).items():
        angles[0, body.TRUNK.index(name)] = value
    for name, value in dict(limbs).items():
        sides[0, 0, body.LIMB.index(name)] = value
    lengths = {name: np.array([length]) for name, length in zip(body.SEGMENTS, body.LENGTHS)}
    return {name: place[0] for name, place in body.pose_body(lengths, angles, sides, turns).items()}


def test_at_rest_a_body_stands_upright_and_faces_the_camera():
    places = pose()
    np.testing.assert_allclose(places["left_shoulder"], (0.129, -0.288, 0))
    np.testing.assert_allclose(places["left_wrist"], (0.129, -0.288 + 0.186 + 0.146, 0))
    np.testing.assert_allclose(places["right_ankle"], (-0.0955, 0.245 + 0.246, 0))
    assert places["nose"][2] < places["left_eye"][2] < places["left_ear"][2] < 0
    assert places["left_toe"][2] < 0 < places["left_ear"][0]


def test_joints_bend_in_the_anatomical_direction():
    places = pose(limbs={"elbow": 90, "knee": 90})
    np.testing.assert_allclose(
        places["left_wrist"] - places["left_elbow"], (0, 0, -0.146), atol=1e-9
    )
    np.testing.assert_allclose(places["left_ankle"] - places["left_knee"], (0, 0, 0.246), atol=1e-9)
    places = pose(limbs={"arm_forward": 90, "leg_forward": 90})
    np.testing.assert_allclose(places["left_wrist"], (0.129, -0.288, -0.332), atol=1e-9)
    np.testing.assert_allclose(places["left_knee"], (0.0955, 0, -0.245), atol=1e-9)
    places = pose(limbs={"arm_out": 90, "leg_out": 40})
    np.testing.assert_allclose(places["left_wrist"], (0.129 + 0.332, -0.288, 0), atol=1e-9)
    assert places["left_ankle"][0] > 0.0955
    places = pose(trunk={"bend": 90})
    np.testing.assert_allclose(places["neck"], (0, 0, -0.288), atol=1e-9)
    assert pose(trunk={"look_down": 30})["nose"][1] > pose()["nose"][1]


def test_an_arm_rotated_inwards_puts_the_forearm_in_front_of_the_chest():
    places = pose(limbs={"elbow": 90, "arm_turn": 60})
    assert places["left_wrist"][0] < places["left_elbow"][0] - 0.1


@given(st.integers(0, 1000))
def test_segments_keep_their_lengths_in_every_pose_and_view(seed):
    rng = np.random.default_rng(seed)
    lengths, angles = body.random_lengths(3, rng), body.random_angles(3, rng)
    turns = body.turn(*rng.uniform(-np.pi, np.pi, (3, 3)))
    np.testing.assert_allclose(turns @ turns.swapaxes(1, 2), [np.eye(3)] * 3, atol=1e-12)
    places = body.pose_body(lengths, *angles, turns)
    assert set(COCO_17.keypoints) <= set(places)
    for side in ("left", "right"):
        for segment, a, b in (
            ("upper_arm", "shoulder", "elbow"), ("forearm", "elbow", "wrist"),
            ("thigh", "hip", "knee"), ("shank", "knee", "ankle"),
        ):  # fmt: skip
            distance = np.linalg.norm(places[f"{side}_{a}"] - places[f"{side}_{b}"], axis=1)
            np.testing.assert_allclose(distance, lengths[segment])


@given(st.integers(0, 1000))
def test_exchanging_the_sides_angles_mirrors_the_pose(seed):
    rng = np.random.default_rng(seed)
    lengths, (trunk, limbs) = body.random_lengths(2, rng), body.random_angles(2, rng)
    upright = np.stack([np.eye(3)] * 2)
    places = body.pose_body(lengths, trunk, limbs, upright)
    across = np.array([1, -1, -1, -1, 1])  # lean, twist and look_aside change their signs
    mirrored = body.pose_body(lengths, trunk * across, limbs[:, ::-1], upright)
    for name, place in places.items():
        other = name.replace("left", "?").replace("right", "left").replace("?", "right")
        np.testing.assert_allclose(mirrored[other], place * [-1, 1, 1], atol=1e-12)


def test_random_angles_stay_within_the_limits_and_reach_them():
    trunk, limbs = body.random_angles(4000, np.random.default_rng(0))
    for angles, limits in ((trunk, body.TRUNK_LIMITS), (limbs.reshape(-1, 7), body.LIMB_LIMITS)):
        np.testing.assert_allclose(angles.min(axis=0), limits[:, 0], atol=5)
        np.testing.assert_allclose(angles.max(axis=0), limits[:, 1], atol=15)
        assert (angles >= limits[:, 0]).all() and (angles <= limits[:, 1]).all()


def test_zero_people_and_bad_numbers():
    trunk, limbs = body.random_angles(0, np.random.default_rng(0))
    assert trunk.shape == (0, 5) and limbs.shape == (0, 2, 7)
    with pytest.raises(ValueError, match="num_people: expected at least 0, got -1"):
        body.random_lengths(-1, np.random.default_rng(0))
