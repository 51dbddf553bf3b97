import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import H36M_17
from npkpose.data.motion import OFFSETS, pose_body
from npkpose.space.rotations import axis_angle_to_matrix
from npkpose.training.losses import bone_length_loss, bone_lengths

CHAIN = [(0, 1), (1, 2)]


def test_two_bones_worked_by_hand():
    points = [[(0.0, 0, 0), (0, 3, 4), (0, 3, 5)], [(0, 0, 0), (1, 0, 0), (1, 0, 3)]]
    other = [[(0.0, 0, 0), (2, 0, 0), (2, 2, 0)]]
    np.testing.assert_allclose(bone_lengths(points, CHAIN), [(5, 1), (1, 3)])
    loss, dpoints, dother = bone_length_loss(points, other, CHAIN)  # means (3, 2) against (2, 2)
    assert loss == (1 + 0) / 2
    unit = np.array([(0, 0.6, 0.8), (1, 0, 0)]) / 4  # over 2 bones and 2 poses
    np.testing.assert_allclose(dpoints[:, 1], unit)
    np.testing.assert_allclose(dpoints[:, 0], -unit)
    assert not dpoints[:, 2].any()
    np.testing.assert_allclose(dother, [[(0.5, 0, 0), (-0.5, 0, 0), (0, 0, 0)]])


def test_the_bones_of_a_skeleton():
    parents, children = np.transpose(H36M_17.limbs)
    lengths = bone_lengths(pose_body(np.zeros((17, 3))), H36M_17)
    np.testing.assert_allclose(lengths, np.linalg.norm(OFFSETS[children], axis=1), rtol=1e-12)
    points = np.random.default_rng(0).normal(size=(2, 17, 3))
    np.testing.assert_array_equal(
        bone_lengths(points, H36M_17), bone_lengths(points, np.stack([parents, children], axis=1))
    )


def test_the_gradients_are_slopes_and_autograds(rng, assert_slope, assert_autograd):
    points, other = rng.normal(size=(2, 3, 17, 3)), rng.normal(0, 2, (4, 17, 3))
    assert_slope(lambda p: bone_length_loss(p, other, H36M_17)[:2], points)
    assert_slope(lambda p: bone_length_loss(points, p, H36M_17)[::2], other)
    parents, children = np.transpose(H36M_17.limbs)

    def means(p):
        return (p[..., children, :] - p[..., parents, :]).norm(dim=-1).reshape(-1, 16).mean(dim=0)

    assert_autograd(
        lambda p, q: bone_length_loss(p, q, H36M_17),
        lambda p, q: (means(p) - means(q)).abs().mean(),
        points, other,
    )  # fmt: skip


@given(st.integers(0, 999))
def test_turns_and_moves_of_whole_poses_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    points, other = rng.normal(size=(2, 4, 17, 3))
    R, t = axis_angle_to_matrix(rng.normal(size=(4, 3))), rng.normal(size=(4, 1, 3))
    moved = points @ R.transpose(0, 2, 1) + t
    loss, dpoints, dother = bone_length_loss(points, other, H36M_17)
    again, dmoved, same = bone_length_loss(moved, other, H36M_17)
    assert loss > 0.01 and again == pytest.approx(loss, rel=1e-9)
    np.testing.assert_allclose(dmoved, dpoints @ R.transpose(0, 2, 1), atol=1e-12)
    np.testing.assert_allclose(same, dother, atol=1e-12)
    np.testing.assert_allclose(dpoints.sum(axis=1), 0, atol=1e-12)  # no move changes the loss


@given(st.integers(0, 999))
def test_one_body_in_any_two_sets_of_poses_has_no_loss(seed):
    rng = np.random.default_rng(seed)
    some, others = (pose_body(rng.normal(size=(n, 17, 3))) for n in (3, 5))
    assert bone_length_loss(some, others, H36M_17)[0] < 1e-15
    assert bone_length_loss(some, 2 * others, H36M_17)[0] == pytest.approx(
        np.linalg.norm(OFFSETS[1:], axis=1).mean()
    )


def test_a_bone_of_length_0_has_no_direction():
    _, dpoints, dother = bone_length_loss(np.zeros((1, 3, 3)), np.ones((2, 3, 3)), CHAIN)
    assert not dpoints.any() and not dother.any()


@pytest.mark.parametrize("shapes", [((0, 3, 3), (2, 3, 3)), ((2, 3, 3), (0, 3, 3))])
def test_an_empty_set_has_no_loss(shapes):
    points, other = (np.ones(shape, np.float32) for shape in shapes)
    loss, dpoints, dother = bone_length_loss(points, other, CHAIN)
    assert loss == 0 and not dpoints.any() and not dother.any()
    assert (dpoints.shape, dother.shape) == shapes and dother.dtype == np.float32


def test_no_bones_have_no_loss(rng):
    points, other = rng.normal(size=(2, 2, 3, 3))
    loss, dpoints, _ = bone_length_loss(points, other, [])
    assert loss == 0 and not dpoints.any()


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones((2, 3)), np.ones((2, 3)), [(0, 2)]), r"limbs\[0, 1\]: expected a joint in \[0, 2\)"),
    ((np.ones((2, 3)), np.ones((2, 3)), [(0, 0.5)]), r"limbs\[0, 1\]: expected a joint"),
    ((np.ones((2, 3)), np.ones((2, 3)), [[1], [1, 2]]), "limbs: expected an array of real numbers"),
    ((np.ones((2, 3)), np.ones((2, 3)), [0, 1]), r"limbs: expected shape \(L, 2\)"),
    ((np.ones((2, 3)), np.ones((3, 3)), CHAIN), r"other_points: expected shape \(\.\.\., 2, 3\)"),
    ((np.ones((3, 3)), np.full((3, 3), np.nan), CHAIN), r"other_points\[0, 0\]: expected a finite"),
    ((np.ones((3, 2)), np.ones((3, 2)), CHAIN), r"points: expected shape \(\.\.\., K, 3\)"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        bone_length_loss(*arguments)
