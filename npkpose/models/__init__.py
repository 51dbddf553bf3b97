"""Networks of pose estimation, one per file, under the names of their published weights.

Read in this order:

    tiny.py                     the smallest: heatmaps, and heatmaps with fields
    preprocess.py               from an image to a network's input
    small.py                    four small networks that come with trained weights
    described.py                weights that say which skeleton and sizes their network has
    backbones/                  blocks and backbones that several networks share
    hrnet.py vitpose.py         heatmaps of one person's crop
    higherhrnet.py              heatmaps and tags of all people in an image
    openpose_coco.py            heatmaps and part affinity fields of all people,
    openpose_body25.py              with 25 keypoints,
    openpose_lightweight.py         for a CPU,
    openpose_mobilenetv2.py         with TensorFlow's weights
    lifting/                    2-D keypoints to 3-D poses
    mesh/                       an image to the surface of a body
    pretrained.py               which networks have pretrained weights, their sizes and costs
    published.py                networks by the names of their files, which are fetched
    exported/                   networks from ONNX and TFLite files

A network has ``forward``, ``backward`` and ``preprocess``; its outputs are maps. `npkpose.codec`
decodes maps to keypoints, and `npkpose.pipeline` goes from images to poses. Exported networks
bring their own decoders, since a file may end anywhere on that way; they have no ``backward``.
"""

from npkpose.models.backbones.resnet import ResNet
from npkpose.models.exported import from_onnx
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
from npkpose.models.published import load_published
from npkpose.models.small import (
    SmallDetector,
    SmallPaf,
    SmallTags,
    SmallTopDown,
    load_trained,
)
from npkpose.models.tiny import TinyKeypointNet, TinyPafNet
from npkpose.models.vitpose import ViTPose
from npkpose.weights.published import fetch

__all__ = [
    "HRNet", "HigherHRNet", "LightweightOpenPose", "MHFormer", "OpenPoseBody25", "OpenPoseCOCO",
    "OpenPoseMobileNetV2", "PyMAF", "ResNet", "Simple3D", "SmallDetector", "SmallPaf", "SmallTags",
    "SmallTopDown", "TinyKeypointNet", "TinyPafNet", "ViTPose", "VideoPose3D", "fetch",
    "from_onnx", "load_published", "load_trained",
]  # fmt: skip
