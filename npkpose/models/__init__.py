"""One network per file, with the names under which its weights were published."""

from npkpose.models.higherhrnet import HigherHRNet
from npkpose.models.hrnet import HRNet
from npkpose.models.openpose import OpenPoseMobileNetV2
from npkpose.models.openpose_body25 import OpenPoseBody25
from npkpose.models.openpose_coco import OpenPoseCOCO
from npkpose.models.openpose_lightweight import LightweightOpenPose
from npkpose.models.tiny import TinyKeypointNet, TinyPafNet
from npkpose.models.vitpose import ViTPose

__all__ = [
    "HRNet", "HigherHRNet", "LightweightOpenPose", "OpenPoseBody25", "OpenPoseCOCO",
    "OpenPoseMobileNetV2", "TinyKeypointNet", "TinyPafNet", "ViTPose",
]  # fmt: skip
