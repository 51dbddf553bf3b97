import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import n_mpjpe
from npkpose.training.losses import mpjpe_loss, n_mpjpe_loss

poses = arrays(np.float64, (2, 4, 3), elements=st.integers(-8, 8).map(lambda n: n / 16))


def test_two_joints_worked_by_hand():
    points, true = [[(1.0, 0, 0), (0, 1, 0)]], [[(3, 0, 0), (0, 1, 0)]]
    loss, gradient = n_mpjpe_loss(points, true)  # s = (3 + 1) / 2 = 2
    assert loss == (1 + 1) / 2
    # g = (-1/2, 0, 0), (0, 1/2, 0) and sum g.p = 0: only s g is left.
    np.testing.assert_allclose(gradient, [[(-1, 0, 0), (0, 1, 0)]])


@given(poses, poses, st.sampled_from([None, 0, 3]))
def test_the_loss_is_the_score(points, true, root):
    loss, _ = n_mpjpe_loss(points, true, root)
    np.testing.assert_allclose(loss, n_mpjpe(points, true, root), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("root", [None, 1])
def test_the_gradient_is_the_slope_and_autograds(rng, assert_slope, assert_autograd, root):
    points, true = rng.normal(size=(2, 2, 3, 5, 3))
    assert_slope(lambda p: n_mpjpe_loss(p, true, root), points)

    def twin(p):
        q = p.new_tensor(true)
        if root is not None:
            p, q = p - p[..., root : root + 1, :], q - q[..., root : root + 1, :]
        s = (p * q).sum(dim=(-1, -2), keepdim=True) / (p * p).sum(dim=(-1, -2), keepdim=True)
        return (s * p - q).norm(dim=-1).mean()

    assert_autograd(lambda p: n_mpjpe_loss(p, true, root), twin, points)


@given(poses, poses, st.sampled_from([0.25, 3.0, 1e6]))
def test_the_scale_of_a_pose_does_not_matter(points, true, scale):
    loss, gradient = n_mpjpe_loss(points, true)
    scaled, smaller = n_mpjpe_loss(scale * points, true)
    np.testing.assert_allclose(scaled, loss, rtol=1e-12, atol=1e-12)
    along = (gradient * points).sum(axis=(1, 2))
    has_scale = points.any(axis=(1, 2))
    np.testing.assert_allclose(along[has_scale], 0, atol=1e-12)
    # At a kink, a joint at its label but for rounding, the gradient can have any direction.
    off = np.linalg.norm(points * _scale(points, true) - true, axis=-1)
    if has_scale.all() and (off > 1e-6).all():
        np.testing.assert_allclose(smaller * scale, gradient, rtol=1e-6, atol=1e-9)


def _scale(p, q):
    with np.errstate(invalid="ignore"):
        product = (p * q).sum(axis=(1, 2), keepdims=True)
        return product / (p * p).sum(axis=(1, 2), keepdims=True)


def test_a_pose_of_the_right_form_has_no_loss(rng):
    true = rng.normal(size=(3, 5, 3))
    loss, _ = n_mpjpe_loss(0.5 * true, true)
    assert loss == 0


def test_joints_without_labels_change_nothing(rng, assert_slope):
    points, true = rng.normal(size=(2, 3, 5, 3))
    true[0, 2], true[2] = np.nan, np.nan
    loss, gradient = n_mpjpe_loss(points, true)
    np.testing.assert_allclose(loss, n_mpjpe(points, true), rtol=1e-12)
    assert not gradient[0, 2].any() and not gradient[2].any() and gradient[0, 3].all()
    assert_slope(lambda p: n_mpjpe_loss(p, true), points)


def test_a_pose_at_0_has_no_scale(rng):
    true = rng.normal(size=(1, 4, 3))
    for points in (np.zeros((1, 4, 3)), np.full((1, 4, 3), 1e-20)):
        loss, gradient = n_mpjpe_loss(points, true)
        expected, wanted = mpjpe_loss(points, true)
        assert loss == expected
        np.testing.assert_array_equal(gradient, wanted)


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3), (2, 4, 3)])
def test_nothing_labelled_has_no_loss(shape):
    loss, gradient = n_mpjpe_loss(np.ones(shape, np.float32), np.full(shape, np.nan))
    assert loss == 0 and gradient.shape == shape and not gradient.any()
    assert gradient.dtype == np.float32


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones((2, 2)), np.ones((2, 2))), r"points: expected shape \(\.\.\., K, 3\)"),
    ((np.ones((2, 3)), np.ones((3, 3))), r"true_points: expected shape \(2, 3\)"),
    (([[np.nan, 0, 0]], [[0, 0, 0]]), r"points\[0, 0\]: expected a finite value"),
    (([[0, 0, 0]], [[0, 0, -np.inf]]), r"true_points\[0, 2\]: expected at most 1e\+15"),
    ((np.ones((2, 3)), np.ones((2, 3)), 2), "root: expected less than 2, got 2"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        n_mpjpe_loss(*arguments)
