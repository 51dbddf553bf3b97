"""The loss of semi-supervised training: some sequences have 3-D labels, the others only keypoints.

    L = MPJPE(pose)  +  1/Z-weighted MPJPE(position)      of the labelled sequences
      + reprojection(pose + position)                     of the others
      + bone lengths(labelled, others)

Two networks learn together, of the kind of `VideoPose3D`: one maps keypoints to poses relative to
the root joint, the other to the root's position in the camera's frame. Without labels, a pose is
right if it projects to the keypoints, from where the second network puts it, and has the bones of
the labelled people. Pavllo et al., "3D human pose estimation in video with temporal convolutions
and semi-supervised training", CVPR 2019, arXiv:1811.11742, section 4 and figure 3. All weights are
1; poses are in metres and keypoints in half image widths (`to_screen`). The authors train the first
epoch without the terms of the unlabelled sequences.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import real_array
from npkpose.training.losses.bone_length import bone_length_loss
from npkpose.training.losses.labels import check_labels, check_points
from npkpose.training.losses.mpjpe import mpjpe_loss, trajectory_loss
from npkpose.training.losses.reprojection import reprojection_loss


class SemiSupervisedTerms(NamedTuple):
    """The terms of the sum."""

    poses: float
    positions: float
    reprojection: float
    bone_lengths: float


def semi_supervised_loss(poses, positions, truth, keypoints, camera, limbs):
    """Return ``loss, terms, dposes, dpositions`` of labelled, then unlabelled sequences.

    Parameters
    ----------
    poses : array_like, shape (A + B, F, K, 3)
        Estimated poses relative to the root, of A labelled and then B unlabelled sequences.
    positions : array_like, shape (A + B, F, 1, 3)
        Estimated positions of the root in the camera's frame.
    truth : (array_like, array_like), shapes (A, F, K, 3) and (A, F, 1, 3)
        The true poses, the root at 0, and the true positions. NaN is not labelled.
    keypoints : array_like, shape (B, F, K, 2)
        Of the unlabelled sequences, in the pixels of the camera. NaN is missing.
    camera : Camera, or B of them
        Whose world is its own frame: R is the identity and t is 0.
    limbs : Skeleton, or array_like of int, shape (L, 2)
        The bones.

    Returns
    -------
    loss : float
    terms : SemiSupervisedTerms
        The last three are 0 without unlabelled sequences, the first two and the last without
        labelled ones.
    dposes, dpositions : ndarray, the shape and dtype (float32 or float64) of each

    Raises
    ------
    ValueError
        As the four losses.
    """
    poses = check_points("poses", poses, ("A + B", "F", "K", 3))
    N, F, K, _ = poses.shape
    positions = check_points("positions", positions, (N, F, 1, 3))
    A = _count_labelled(truth, N)
    true_poses = check_labels("truth[0]", truth[0], (A, F, K, 3), poses.dtype)
    true_positions = check_labels("truth[1]", truth[1], (A, F, 1, 3), positions.dtype)
    first, dposes = mpjpe_loss(poses[:A], true_poses)
    second, dpositions = trajectory_loss(positions[:A], true_positions)
    third, dpoints = reprojection_loss(poses[A:] + positions[A:], keypoints, camera)
    fourth, dlabelled, dothers = bone_length_loss(poses[:A], poses[A:], limbs)
    terms = SemiSupervisedTerms(first, second, third, fourth)
    dposes = np.concatenate([dposes + dlabelled, dpoints.astype(dothers.dtype) + dothers])
    dplaced = dpoints.sum(axis=2, keepdims=True, dtype=positions.dtype)
    return sum(terms), terms, dposes, np.concatenate([dpositions, dplaced])


def _count_labelled(truth, N):
    """Return the number of labelled sequences in a pair, at most N."""
    if not isinstance(truth, (tuple, list)) or len(truth) != 2:
        raise ValueError(f"truth: expected a pair of arrays, got {type(truth).__name__}")
    shape = real_array("truth[0]", truth[0]).shape
    if not shape or shape[0] > N:
        raise ValueError(f"truth[0]: expected at most {N} sequences, got shape {shape}")
    return shape[0]
