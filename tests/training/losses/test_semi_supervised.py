import numpy as np
import pytest

from npkpose import H36M_17, nn
from npkpose.data.motion import CAMERA, SIZE, placed_motion
from npkpose.models.lifting.videopose3d import VideoPose3D, to_screen
from npkpose.training.losses import (
    bone_length_loss,
    mpjpe_loss,
    reprojection_loss,
    screen_camera,
    semi_supervised_loss,
    trajectory_loss,
)

SCREEN = screen_camera(CAMERA, SIZE)


def case(rng, A=2, B=3, F=4):
    """Estimates near the truth of A labelled and B unlabelled sequences, and the rest."""
    keypoints, poses, positions = placed_motion(rng, A + B, F)
    poses, positions = poses.astype(float), positions.astype(float)
    estimates = (array + rng.normal(0, 0.1, array.shape) for array in (poses, positions))
    return *estimates, (poses[:A], positions[:A]), to_screen(keypoints[A:], SIZE)


def test_the_loss_is_the_sum_of_four(rng):
    poses, positions, truth, keypoints = case(rng)
    loss, terms, dposes, dpositions = semi_supervised_loss(
        poses, positions, truth, keypoints, SCREEN, H36M_17
    )
    first, dlabelled = mpjpe_loss(poses[:2], truth[0])
    second, dplaces = trajectory_loss(positions[:2], truth[1])
    third, dpoints = reprojection_loss(poses[2:] + positions[2:], keypoints, SCREEN)
    fourth, *dbones = bone_length_loss(poses[:2], poses[2:], H36M_17)
    assert tuple(terms) == (first, second, third, fourth) and loss == pytest.approx(sum(terms))
    np.testing.assert_allclose(dposes[:2], dlabelled + dbones[0])
    np.testing.assert_allclose(dposes[2:], dpoints + dbones[1])
    np.testing.assert_allclose(dpositions[:2], dplaces)
    np.testing.assert_allclose(dpositions[2:, :, 0], dpoints.sum(axis=2))


def test_the_gradients_are_slopes(rng, assert_slope):
    poses, positions, *rest = case(rng)
    rest += SCREEN, H36M_17
    assert_slope(lambda x: semi_supervised_loss(x, positions, *rest)[::2], poses)
    assert_slope(lambda x: semi_supervised_loss(poses, x, *rest)[::3], positions)


def test_terms_without_sequences_are_0(rng):
    poses, positions, truth, keypoints = case(rng)
    rest = SCREEN, H36M_17
    loss, terms, *_ = semi_supervised_loss(poses[:2], positions[:2], truth, keypoints[:0], *rest)
    assert terms.reprojection == terms.bone_lengths == 0 and loss == terms.poses + terms.positions
    nothing = truth[0][:0], truth[1][:0]
    loss, terms, *_ = semi_supervised_loss(poses[2:], positions[2:], nothing, keypoints, *rest)
    assert loss == terms.reprojection > 0
    empty = semi_supervised_loss(poses[:0], positions[:0], nothing, keypoints[:0], *rest)
    assert empty[0] == 0 and empty[2].shape == (0, 4, 17, 3) and empty[3].shape == (0, 4, 1, 3)


def learn(semi_supervised, steps=80):
    """Train on 4 labelled and 12 other sequences; return errors on the latter, in pixels and mm.

    They are the mean distance of the projected joints from the keypoints, and the mean difference
    of bone lengths.
    """
    A, F = 4, 5
    keypoints, poses, positions = placed_motion(np.random.default_rng(5), A + 12, F, noise=2)
    x = to_screen(keypoints, SIZE).astype(np.float32)
    nets = [
        VideoPose3D((1,), 32, (17, joints), dropout=0, rng=np.random.default_rng(joints))
        for joints in (17, 1)
    ]
    optimizers = [nn.Adam(net.train(), 5e-3) for net in nets]
    rows = slice(None) if semi_supervised else slice(A)
    for _ in range(steps):
        estimates = [net(x[rows]) for net in nets]
        _, _, *gradients = semi_supervised_loss(
            *estimates, (poses[:A], positions[:A]), x[rows][A:], SCREEN, H36M_17
        )
        for net, gradient, optimizer in zip(nets, gradients, optimizers):
            net.backward(gradient)
            optimizer.step()
    ours, places = (net.eval()(x[A:]) for net in nets)
    pixels, _ = reprojection_loss(ours + places, keypoints[A:], CAMERA)
    return pixels, 1000 * bone_length_loss(ours, poses[A:], H36M_17)[0]


def test_sequences_without_labels_teach_where_poses_project_and_how_long_bones_are():
    start, labelled, both = learn(False, 0), learn(False), learn(True)
    assert both[0] < 0.3 * labelled[0] < 0.3 * start[0]
    assert both[1] < 0.3 * min(labelled[1], start[1])


@pytest.mark.parametrize(("changed", "message"), [
    ({"poses": np.ones((5, 4, 17, 2))}, r"poses: expected shape \(A \+ B, F, K, 3\)"),
    ({"positions": np.ones((5, 4, 17, 3))}, r"positions: expected shape \(5, 4, 1, 3\)"),
    ({"truth": np.ones((2, 4, 17, 3))}, "truth: expected a pair of arrays, got ndarray"),
    ({"truth": (np.ones((6, 4, 17, 3)), 1)}, r"truth\[0\]: expected at most 5 sequences"),
    ({"truth": (np.ones((2, 4, 17, 3)), 1)}, r"truth\[1\]: expected shape \(2, 4, 1, 3\)"),
    ({"keypoints": np.ones((2, 4, 17, 2))}, r"keypoints: expected shape \(3, 4, 17, 2\)"),
    ({"camera": [SCREEN]}, r"camera: expected 1, or one per item"),
    ({"limbs": [(0, 17)]}, r"limbs\[0, 1\]: expected a joint in \[0, 17\)"),
])
def test_bad_arguments_are_named(rng, changed, message):
    poses, positions, truth, keypoints = case(rng)
    arguments = {"poses": poses, "positions": positions, "truth": truth, "keypoints": keypoints,
                 "camera": SCREEN, "limbs": H36M_17}  # fmt: skip
    with pytest.raises(ValueError, match=message):
        semi_supervised_loss(**(arguments | changed))
