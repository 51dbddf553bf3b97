"""Keypoint detection and pose estimation you can read, in NumPy and Numba.

A reading order: `codec.heatmap` (a keypoint as a heatmap, and back), `nn` (layers with hand-written
gradients), `models.tiny` and `exercises` (learning keypoints), `codec.paf` (several people),
`pipeline` (a photograph).
"""

from npkpose import data, io, metrics, models, nn, skeletons, sources, space, tracking, weights
from npkpose.codec.assignment import assign
from npkpose.codec.heatmap.decode import decode_heatmaps, heatmap_to_coords
from npkpose.codec.heatmap.gaussian import gaussian_heatmap, gaussian_heatmaps
from npkpose.codec.heatmap.merged_peaks import separate_peaks
from npkpose.codec.heatmap.peaks import Peaks, find_peaks
from npkpose.codec.heatmap.simcc import decode_simcc, simcc_targets
from npkpose.codec.nms import box_nms, oks_nms
from npkpose.codec.paf.fields import limb_scores, paf_fields
from npkpose.codec.paf.group import PAF_VARIANTS, group_paf
from npkpose.codec.tags.group import group_tags
from npkpose.codec.tags.loss import tag_loss, tag_targets
from npkpose.grid import Grid
from npkpose.image import draw
from npkpose.image.draw import draw_poses
from npkpose.image.draw_maps import draw_fields, draw_heatmaps
from npkpose.image.draw_style import DrawStyle
from npkpose.image.draw_trails import draw_trails
from npkpose.image.warp import warp_affine
from npkpose.metrics import CocoResult, evaluate_coco, mpii_protocol, oks, pck, pckh
from npkpose.metrics.pose3d import mpjpe, mpjve, n_mpjpe, pa_mpjpe
from npkpose.pipeline import BottomUp, TopDown
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton
from npkpose.skeletons import (
    AP10K_17,
    BODY_25,
    COCO_17,
    COCO_WHOLEBODY_133,
    FACE_68,
    H36M_17,
    HALPE_26,
    HAND_21,
    MPII_16,
    OPENPOSE_18,
    PANOPTIC_19,
    SMPL_24,
)
from npkpose.space.triangulate import triangulate

__version__ = "0.2.0"

__all__ = [
    "AP10K_17", "BODY_25", "BottomUp", "COCO_17", "COCO_WHOLEBODY_133", "CocoResult", "DrawStyle",
    "FACE_68", "Grid", "H36M_17", "HALPE_26", "HAND_21", "MPII_16", "OPENPOSE_18", "PAF_VARIANTS",
    "PANOPTIC_19", "Peaks", "Poses", "SMPL_24", "Skeleton", "TopDown", "assign", "box_nms", "data",
    "decode_heatmaps", "decode_simcc", "draw", "draw_fields", "draw_heatmaps", "draw_poses",
    "draw_trails", "evaluate_coco", "find_peaks", "gaussian_heatmap", "gaussian_heatmaps",
    "group_paf", "group_tags", "heatmap_to_coords", "io", "limb_scores", "metrics", "models",
    "mpii_protocol", "mpjpe", "mpjve", "n_mpjpe", "nn", "oks", "oks_nms", "pa_mpjpe", "paf_fields",
    "pck", "pckh", "separate_peaks", "simcc_targets", "skeletons", "sources", "space",
    "tag_loss", "tag_targets", "tracking", "triangulate", "warp_affine", "weights",
]  # fmt: skip


def __getattr__(name):
    """Return any plan of `npkpose.skeletons` by its name: ``npkpose.WFLW_98``."""
    try:
        return skeletons.__getattr__(name)
    except AttributeError:
        raise AttributeError(f"module 'npkpose' has no attribute {name!r}") from None
