"""Bone lengths: two sets of poses should have equally long bones, whatever the bodies do.

    l_b = 1/P sum_p |x_p,to(b) - x_p,from(b)|             mean length of bone b in P poses
    L = 1/B sum_b |l_b - l'_b|                            l' of the other set
    dL/dx_p,to(b) += sign(l_b - l'_b) / (B P) u,          u the unit vector along bone b in pose p
    dL/dx_p,from(b) -= the same

L is in the unit of the poses. In semi-supervised training one set is estimated from labelled
sequences and the other from sequences with 2-D keypoints only: a reprojection loss alone is met as
well by a body that is flat, or of the wrong size. Pavllo et al., "3D human pose estimation in video
with temporal convolutions and semi-supervised training", CVPR 2019, arXiv:1811.11742, section 4.
The gradient is 0 for a bone of equal mean lengths, and for a pose in which a bone has length 0.
"""

import numpy as np

from npkpose.training.losses.labels import check_limbs, check_points


def bone_lengths(points, limbs):
    """Return the lengths (..., B) of bones in poses ``points`` (..., K, 3).

    ``limbs`` is a `Skeleton`, or its pairs (B, 2) of joints (from, to).
    """
    points = check_points("points", points, (..., "K", 3))
    return np.linalg.norm(_bones(points, check_limbs("limbs", limbs, points.shape[-2])), axis=-1)


def bone_length_loss(points, other_points, limbs):
    """Return ``loss, dpoints, dother``: the difference of mean bone lengths, and its gradients.

    Parameters
    ----------
    points, other_points : array_like, shape (..., K, 3)
        Two sets of poses, of any numbers. If one is the ground truth, its gradient is not needed.
    limbs : Skeleton, or array_like of int, shape (B, 2)
        The bones, as joints (from, to): `H36M_17` has 16.

    Returns
    -------
    loss : float
        0 if a set or ``limbs`` is empty.
    dpoints, dother : ndarray, the shape and dtype (float32 or float64) of each set

    Raises
    ------
    ValueError
        Wrong shape, a number that is not finite or above 1e15, or a limb between other joints.
    """
    points = check_points("points", points, (..., "K", 3))
    K = points.shape[-2]
    other_points = check_points("other_points", other_points, (..., K, 3))
    limbs = check_limbs("limbs", limbs, K)
    own, other = _bones(points, limbs), _bones(other_points, limbs)
    if own.size == 0 or other.size == 0:
        return 0.0, np.zeros_like(points), np.zeros_like(other_points)
    difference = _mean_lengths(own) - _mean_lengths(other)  # (B,)
    slope = np.sign(difference) / len(limbs)  # dL / dl
    dpoints = _backward(slope, own, limbs, points)
    dother = _backward(-slope, other, limbs, other_points)
    return float(abs(difference).mean()), dpoints, dother


def _bones(points, limbs):
    """Return the vectors (..., B, 3) along the bones."""
    return points[..., limbs[:, 1], :] - points[..., limbs[:, 0], :]


def _mean_lengths(bones):
    lengths = np.linalg.norm(bones, axis=-1)
    return lengths.reshape(-1, bones.shape[-2]).mean(axis=0, dtype=np.float64)


def _backward(slope, bones, limbs, points):
    """Return dL/dpoints, given ``slope`` = dL/d(mean lengths) (B,)."""
    length = np.linalg.norm(bones, axis=-1, keepdims=True)
    poses = bones[..., 0, 0].size
    dbones = slope[:, None] / poses * bones / np.where(length > 0, length, 1)
    dpoints = np.zeros_like(points)
    for b, (start, end) in enumerate(limbs):  # several bones may share a joint
        dpoints[..., end, :] += dbones[..., b, :]
        dpoints[..., start, :] -= dbones[..., b, :]
    return dpoints
