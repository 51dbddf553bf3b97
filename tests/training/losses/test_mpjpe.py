import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import mpjpe
from npkpose.training.losses import mpjpe_loss, trajectory_loss

poses = arrays(np.float64, (2, 3, 4, 3), elements=st.integers(-8, 8).map(lambda n: n / 16))


def test_three_joints_worked_by_hand():
    points, true = [[(3, 4, 0), (1, 1, 1), (0, 0, 0)]], [[(0, 0, 0), (1, 1, 1), (0, 0, 2)]]
    loss, gradient = mpjpe_loss(np.array(points, float), true)
    assert loss == (5 + 0 + 2) / 3
    np.testing.assert_allclose(gradient, [[(0.2, 0.8 / 3, 0), (0, 0, 0), (0, 0, -1 / 3)]])
    loss, gradient = mpjpe_loss(np.array(points, float), true, [[2, 1, 0]])
    assert loss == 10 / 3  # a weight of 0 still counts in the mean
    np.testing.assert_allclose(gradient, [[(0.4, 1.6 / 3, 0), (0, 0, 0), (0, 0, 0)]])


@given(poses, poses, st.sampled_from([None, 0, 3]))
def test_the_loss_is_the_score(points, true, root):
    loss, _ = mpjpe_loss(points, true, root=root)
    np.testing.assert_allclose(loss, mpjpe(points, true, root), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("root", [None, 2])
def test_the_gradient_is_the_slope_and_autograds(rng, assert_slope, assert_autograd, root):
    points, true = rng.normal(size=(2, 2, 3, 4, 3))
    weight = rng.uniform(size=(2, 3, 1))
    assert_slope(lambda p: mpjpe_loss(p, true, weight, root), points)

    def twin(p):
        q = p.new_tensor(true)
        if root is not None:
            p, q = p - p[..., root : root + 1, :], q - q[..., root : root + 1, :]
        return (p.new_tensor(weight) * (p - q).norm(dim=-1)).mean()

    assert_autograd(lambda p: mpjpe_loss(p, true, weight, root), twin, points)


def test_joints_without_labels_change_nothing(rng):
    points, true = rng.normal(size=(2, 5, 4, 3))
    true[1, 2], true[3, :, 0] = np.nan, np.nan
    labelled = ~np.isnan(true).any(axis=-1)
    loss, gradient = mpjpe_loss(points, true)
    np.testing.assert_allclose(loss, mpjpe(points, true), rtol=1e-12)
    assert not gradient[~labelled].any() and gradient[labelled].any()
    np.testing.assert_allclose(
        gradient[labelled], mpjpe_loss(points[labelled][None], true[labelled][None])[1][0]
    )


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3), (2, 4, 2)])
def test_nothing_labelled_has_no_loss(shape):
    loss, gradient = mpjpe_loss(np.ones(shape, np.float32), np.full(shape, np.nan))
    assert loss == 0 and gradient.shape == shape and not gradient.any()
    assert gradient.dtype == np.float32


def test_equal_poses_have_no_loss_and_no_gradient(rng):
    true = rng.normal(size=(2, 4, 3))
    loss, gradient = mpjpe_loss(true, true)
    assert loss == 0 and not gradient.any()


def test_a_trajectory_far_away_counts_less():
    positions, true = np.array([[[(0, 0, 3.0)]], [[(1, 0, 4)]]]), [[[(0, 0, 2)]], [[(0, 0, 4)]]]
    loss, gradient = trajectory_loss(positions, true)
    assert loss == (1 / 2 + 1 / 4) / 2
    np.testing.assert_allclose(gradient, [[[(0, 0, 0.25)]], [[(0.125, 0, 0)]]])


def test_a_trajectorys_gradient_is_the_slope_and_autograds(rng, assert_slope, assert_autograd):
    positions, true = rng.normal(size=(2, 2, 5, 1, 3)) + (0, 0, 6)
    assert_slope(lambda p: trajectory_loss(p, true), positions)
    assert_autograd(
        lambda p: trajectory_loss(p, true),
        lambda p: ((p - p.new_tensor(true)).norm(dim=-1) / p.new_tensor(true)[..., 2]).mean(),
        positions,
    )
    true[0] = np.nan
    loss, gradient = trajectory_loss(positions, true)
    assert not gradient[0].any()
    assert loss == pytest.approx(trajectory_loss(positions[1:], true[1:])[0], rel=1e-12)
    assert trajectory_loss(np.empty((0, 4, 1, 3)), np.empty((0, 4, 1, 3)))[0] == 0


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (mpjpe_loss, (np.ones(3), np.ones(3)), r"points: expected shape \(\.\.\., K, D\), got \(3,\)"),
    (mpjpe_loss, (np.ones((2, 3)), np.ones((3, 3))), r"true_points: expected shape \(2, 3\)"),
    (mpjpe_loss, ([[np.nan, 0, 0]], [[0, 0, 0]]), r"points\[0, 0\]: expected a finite value"),
    (mpjpe_loss, ([[0, 0, 0]], [[0, 0, np.inf]]), r"true_points\[0, 2\]: expected at most 1e\+15"),
    (mpjpe_loss, ([[0, 1e200, 0]], [[0, 0, 0]]), r"points\[0, 1\]: expected at most 1e\+15"),
    (mpjpe_loss, (np.ones((2, 3)), np.ones((2, 3)), [1, 2, 3]), "weight: expected a shape that"),
    (mpjpe_loss, (np.ones((2, 3)), np.ones((2, 3)), -1), "weight: expected at least 0, got -1"),
    (mpjpe_loss, (np.ones((2, 3)), np.ones((2, 3)), None, 2), "root: expected less than 2, got 2"),
    (mpjpe_loss, (np.ones((2, 3)), np.ones((2, 3)), None, 0.5), "root: expected an integer"),
    (trajectory_loss, ([[0, 0, 1]], [[0, 0, 0]]), "true_positions: expected Z of at least 1e-06"),
    (trajectory_loss, ([[0, 0]], [[0, 0]]), r"positions: expected shape \(\.\.\., 3\)"),
])
def test_bad_arguments_are_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
