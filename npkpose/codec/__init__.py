"""Keypoints to maps, and maps to people. Nothing here knows of networks.

Read in this order:

    heatmap/         a keypoint as a Gaussian, and back to a point between the pixels
    assignment.py    the one-to-one matching with the least total cost
    nms.py           of two detections that are nearly the same, keep the better one
    boxes/           a box as one point with a size, and back
    paf/             keypoints grouped into people by vector fields along limbs
    tags/            keypoints grouped into people by tags, numbers that a person's keypoints share

A codec is a pair: encode gives a network's targets, decode reads its output. Both take the same
`npkpose.Grid`. Maps are (..., K, H, W), points (x, y) in heatmap pixels unless a grid is given; a
missing keypoint is NaN with score 0.
"""

from npkpose.codec.assignment import assign
from npkpose.codec.boxes import Boxes, BoxTargets, box_targets, decode_boxes
from npkpose.codec.heatmap import (
    Peaks,
    decode_heatmaps,
    decode_simcc,
    expected_oks,
    find_peaks,
    gaussian_heatmap,
    gaussian_heatmaps,
    heatmap_to_coords,
    separate_peaks,
    simcc_targets,
    smooth_heatmaps,
)
from npkpose.codec.nms import box_nms, oks_nms
from npkpose.codec.paf.fields import limb_scores, paf_fields
from npkpose.codec.paf.group import PAF_VARIANTS, group_paf
from npkpose.codec.tags.group import group_tags
from npkpose.codec.tags.loss import tag_loss, tag_targets

__all__ = [
    "BoxTargets", "Boxes", "PAF_VARIANTS", "Peaks", "assign", "box_nms", "box_targets",
    "decode_boxes", "decode_heatmaps", "decode_simcc", "expected_oks", "find_peaks",
    "gaussian_heatmap", "gaussian_heatmaps", "group_paf", "group_tags", "heatmap_to_coords",
    "limb_scores", "oks_nms", "paf_fields", "separate_peaks", "simcc_targets", "smooth_heatmaps",
    "tag_loss", "tag_targets",
]  # fmt: skip
