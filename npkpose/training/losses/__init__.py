"""Losses of poses in space: each returns its value and its gradient for the estimates.

Read in this order:

    mpjpe.py             mean distance of joints, weighted; of positions, weighted by 1 / depth
    n_mpjpe.py           the same after the best scale
    bone_length.py       two sets of poses have bones of equal length
    reprojection.py      poses project to the keypoints in the image
    semi_supervised.py   these together: VideoPose3D with few labelled sequences
    mesh.py              keypoints, vertices, parameters and camera of a body model
    iuv.py               parts of the body, and places on them, at every pixel
    pymaf.py             these together: PyMAF
    labels.py            checks: what may be missing, and what may not

For example, one step of a lifting network:

    loss, dposes = mpjpe_loss(net(keypoints), true_poses)
    net.backward(dposes)
    optimizer.step()

Losses of heatmaps, classes and numbers are in `npkpose.nn`, that of tags in `npkpose.codec`.
"""

from npkpose.training.losses.bone_length import bone_length_loss, bone_lengths
from npkpose.training.losses.iuv import IUVLabels, IUVTerms, iuv_loss
from npkpose.training.losses.mesh import (
    camera_loss,
    keypoint_2d_loss,
    keypoint_3d_loss,
    parameter_loss,
    vertex_loss,
)
from npkpose.training.losses.mpjpe import mpjpe_loss, trajectory_loss
from npkpose.training.losses.n_mpjpe import n_mpjpe_loss
from npkpose.training.losses.pymaf import MeshLabels, MeshTerms, mesh_loss, pymaf_loss
from npkpose.training.losses.reprojection import reprojection_loss, screen_camera
from npkpose.training.losses.semi_supervised import SemiSupervisedTerms, semi_supervised_loss

__all__ = [
    "IUVLabels", "IUVTerms", "MeshLabels", "MeshTerms", "SemiSupervisedTerms",
    "bone_length_loss", "bone_lengths", "camera_loss", "iuv_loss", "keypoint_2d_loss",
    "keypoint_3d_loss", "mesh_loss", "mpjpe_loss", "n_mpjpe_loss", "parameter_loss", "pymaf_loss",
    "reprojection_loss", "screen_camera", "semi_supervised_loss", "trajectory_loss", "vertex_loss",
]  # fmt: skip
