"""How good are these poses?"""

from npkpose.metrics.coco import evaluate_coco
from npkpose.metrics.coco_result import CocoResult
from npkpose.metrics.coco_tables import Detections, GroundTruth
from npkpose.metrics.epe import epe, nme
from npkpose.metrics.errors import ErrorAnalysis, analyse_errors
from npkpose.metrics.instances import right_instance
from npkpose.metrics.mpii import MpiiScores, mpii_protocol
from npkpose.metrics.oks import match, oks
from npkpose.metrics.pck import Pck, auc, pck, pckh

__all__ = [
    "CocoResult", "Detections", "ErrorAnalysis", "GroundTruth", "MpiiScores", "Pck",
    "analyse_errors", "auc", "epe", "evaluate_coco", "match", "mpii_protocol", "nme", "oks", "pck",
    "pckh", "right_instance",
]  # fmt: skip
