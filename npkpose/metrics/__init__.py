"""How good are these poses?"""

from npkpose.metrics.coco import evaluate_coco
from npkpose.metrics.coco_result import CocoResult
from npkpose.metrics.coco_tables import Detections, GroundTruth
from npkpose.metrics.instances import right_instance
from npkpose.metrics.oks import match, oks

__all__ = [
    "CocoResult", "Detections", "GroundTruth", "evaluate_coco", "match", "oks", "right_instance",
]  # fmt: skip
