"""How good are these poses? Scores of poses against the ground truth, in 2-D and 3-D.

Read in this order:

    oks.py                object keypoint similarity, and the greedy match of poses with people
    pck.py                percentage of correct keypoints: PCK, PCKh, and the area under the curve
    mpii.py               MPII's protocol: the nine numbers of the papers' tables
    end_point_error.py    mean distance, in pixels (EPE) or relative to a size (NME)
    distances/            the same from annotation files, as data sets score them; PoseTrack
    boxes.py              COCO's AP of detectors: boxes by their intersection over union
    tracking.py           people through a sequence: IDF1, switches of identity, MOTA
    grouping.py           did grouping give each keypoint to the right person?
    coco/                 AP and AR as COCO, xtcocotools, CrowdPose, AP-10K and COCO-WholeBody
                          have them; analysis of errors, doctor for files
    pose3d.py             poses in 3-D: MPJPE and its relatives, 3-D PCK
"""

from npkpose.metrics.boxes import BoxScores, evaluate_boxes
from npkpose.metrics.coco import (
    CocoResult,
    Detections,
    ErrorAnalysis,
    GroundTruth,
    analyse_errors,
    evaluate_coco,
    evaluate_wholebody,
    join_shards,
    split_images,
)
from npkpose.metrics.distances import (
    DistanceScores,
    PoseTrackScores,
    evaluate_distances,
    evaluate_posetrack,
)
from npkpose.metrics.end_point_error import epe, nme
from npkpose.metrics.grouping import right_instance
from npkpose.metrics.mpii import MpiiScores, mpii_protocol
from npkpose.metrics.oks import match, oks
from npkpose.metrics.pck import Pck, auc, pck, pckh
from npkpose.metrics.pose3d import auc_3d, mpjpe, mpjve, n_mpjpe, pa_mpjpe, pck_3d, pve
from npkpose.metrics.tracking import TrackingScores, evaluate_tracking

__all__ = [
    "BoxScores", "CocoResult", "Detections", "DistanceScores", "ErrorAnalysis", "GroundTruth",
    "MpiiScores", "Pck", "PoseTrackScores", "TrackingScores", "analyse_errors", "auc", "auc_3d",
    "epe", "evaluate_boxes", "evaluate_coco", "evaluate_distances", "evaluate_posetrack",
    "evaluate_tracking",
    "evaluate_wholebody", "join_shards", "match", "mpii_protocol", "mpjpe", "mpjve", "n_mpjpe",
    "nme", "oks", "pa_mpjpe", "pck", "pck_3d", "pckh", "pve", "right_instance", "split_images",
]  # fmt: skip
