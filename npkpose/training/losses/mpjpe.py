"""Mean distance of joints (MPJPE), the loss of lifting networks; weighted, that of trajectories.

    L = 1/E sum_e w_e |p_e - q_e|
    dL/dp_e = w_e / E (p_e - q_e) / |p_e - q_e|,    0 where p_e = q_e

p_e is the estimate of joint e and q_e the truth, in one unit, which is also L's. E is the number of
labelled joints in all poses: q_e is not NaN. A weight of 0 does not change E.

A trajectory network estimates where the root joint is. Its error grows with the distance from the
camera, so its weights are w = 1 / Z of the true depth: the weighted MPJPE. L has no unit then.
Pavllo et al., "3D human pose estimation in video with temporal convolutions and semi-supervised
training", CVPR 2019, arXiv:1811.11742, section 4. Departure: labels may be missing.
"""

import numpy as np

from npkpose.training.losses.labels import (
    check_confidence,
    check_joint,
    check_labels,
    check_points,
)

_NEAR = 1e-6  # in units: nearer to the plane of the camera is not in front of it


def mpjpe_loss(points, true_points, weight=None, root=None):
    """Return the weighted mean distance of joints, and its gradient with respect to ``points``.

    Parameters
    ----------
    points : array_like, shape (..., K, D)
        Joints of any number of poses, in two or three dimensions.
    true_points : array_like, shape (..., K, D)
        NaN is not labelled.
    weight : array_like, optional
        At least 0; broadcasts to (..., K). Default 1.
    root : int, optional
        Both poses are moved so that this joint is at 0. Default: they are compared as they are.

    Returns
    -------
    loss : float
        Added up in float64. Without weights, `npkpose.mpjpe`; but 0 if nothing is labelled.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``points``

    Raises
    ------
    ValueError
        Wrong shape, points that are not finite, infinite labels, coordinates above 1e15, a weight
        that is negative or above 1e6, or a root that is not a joint.
    """
    points = check_points("points", points, (..., "K", "D"))
    true_points = check_labels("true_points", true_points, points.shape, points.dtype)
    weight = check_confidence("weight", weight, points.shape[:-1], points.dtype)
    root = None if root is None else check_joint("root", root, points.shape[-2])
    loss, gradient = mean_distance(from_root(points, root), from_root(true_points, root), weight)
    return loss, from_root_backward(gradient, root)


def trajectory_loss(positions, true_positions):
    """Return `mpjpe_loss` weighted by 1 / Z, for positions (..., 3) in a camera's frame.

    ValueError if a labelled position is not in front of the camera. The rest is as for
    `mpjpe_loss`.
    """
    positions = check_points("positions", positions, (..., 3))
    dtype = positions.dtype
    true_positions = check_labels("true_positions", true_positions, positions.shape, dtype)
    depth = true_positions[..., 2]
    behind = ~np.isnan(true_positions).any(axis=-1) & (depth < _NEAR)
    if behind.any():
        z = depth[behind].flat[0]
        raise ValueError(f"true_positions: expected Z of at least {_NEAR:g}, got {z:g}")
    weight = 1 / np.where(depth >= _NEAR, depth, 1)
    return mean_distance(positions, true_positions, weight)


def mean_distance(points, true_points, weight):
    """Return `mpjpe_loss` of checked arrays (..., D) and a weight (...)."""
    labelled = ~np.isnan(true_points).any(axis=-1, keepdims=True)  # (..., 1)
    difference = np.where(labelled, points - true_points, 0)
    distance = np.linalg.norm(difference, axis=-1, keepdims=True)
    E = max(int(labelled.sum()), 1)
    gradient = weight[..., None] * (difference / (np.where(distance > 0, distance, 1) * E))
    return float((weight[..., None] * distance).sum(dtype=np.float64) / E), gradient


def from_root(points, root):
    """Return poses (..., K, D) moved so that joint ``root`` is at 0; unchanged if it is None."""
    return points if root is None else points - points[..., root : root + 1, :]


def from_root_backward(gradient, root):
    """Return dL/dpoints, given dL/d(output of `from_root`)."""
    if root is None:
        return gradient
    gradient = gradient.copy()
    gradient[..., root, :] -= gradient.sum(axis=-2)
    return gradient
