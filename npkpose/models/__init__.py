"""One network per file, with the names under which its weights were published."""

from npkpose.models.backbones.resnet import ResNet
from npkpose.models.higherhrnet import HigherHRNet
from npkpose.models.hrnet import HRNet
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.simple_baseline_3d import Simple3D
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.models.mesh.pymaf import PyMAF
from npkpose.models.openpose_body25 import OpenPoseBody25
from npkpose.models.openpose_coco import OpenPoseCOCO
from npkpose.models.openpose_lightweight import LightweightOpenPose
from npkpose.models.openpose_mobilenetv2 import OpenPoseMobileNetV2
from npkpose.models.small import SmallPaf, SmallTags, SmallTopDown, load_trained
from npkpose.models.tiny import TinyKeypointNet, TinyPafNet
from npkpose.models.vitpose import ViTPose

__all__ = [
    "HRNet", "HigherHRNet", "LightweightOpenPose", "MHFormer", "OpenPoseBody25", "OpenPoseCOCO",
    "OpenPoseMobileNetV2", "PyMAF", "ResNet", "Simple3D", "SmallPaf", "SmallTags", "SmallTopDown",
    "TinyKeypointNet", "TinyPafNet", "ViTPose", "VideoPose3D", "load_trained",
]  # fmt: skip
