"""How good are these poses?"""

from npkpose.metrics.coco.error_analysis import ErrorAnalysis, analyse_errors
from npkpose.metrics.coco.evaluate import evaluate_coco
from npkpose.metrics.coco.result import CocoResult
from npkpose.metrics.coco.shards import join_shards, split_images
from npkpose.metrics.coco.tables import Detections, GroundTruth
from npkpose.metrics.end_point_error import epe, nme
from npkpose.metrics.grouping import right_instance
from npkpose.metrics.mpii import MpiiScores, mpii_protocol
from npkpose.metrics.oks import match, oks
from npkpose.metrics.pck import Pck, auc, pck, pckh
from npkpose.metrics.pose3d import auc_3d, mpjpe, mpjve, n_mpjpe, pa_mpjpe, pck_3d, pve

__all__ = [
    "CocoResult", "Detections", "ErrorAnalysis", "GroundTruth", "MpiiScores", "Pck",
    "analyse_errors", "auc", "auc_3d", "epe", "evaluate_coco", "join_shards", "match",
    "mpii_protocol", "mpjpe", "mpjve", "n_mpjpe", "nme", "oks", "pa_mpjpe", "pck", "pck_3d",
    "pckh", "pve", "right_instance", "split_images",
]  # fmt: skip
