"""Networks from ONNX and TFLite files: what a file is, how it sees an image, how it is decoded.

    net = models.from_onnx("end2end.onnx")
    print(net)                             the family, and every choice with its reason
    TopDown(net)(image, boxes)             a network of crops
    net(image)                             a network of whole images: people, or boxes

A file says its tensors and nothing of its meaning. The families below are told apart by the names
and shapes of the tensors, as their exporters write them; each has one class, with its preprocessing
and its decoder, and every choice can be given instead: ``from_onnx(path, channels="BGR")``.

Read in this order:

    recipe.py       the choices, and an image as the file's input
    network.py      what all families share
    letterbox.py    an image in a rectangle of another shape, and back
    heatmaps.py     HRNet, ViTPose: one map per keypoint
    simcc.py        RTMPose, RTMW, DWPose: one classification per axis
    movenet.py      MoveNet: coordinates
    rtmo.py         RTMO: all people at once
    yolo_pose.py    YOLO-pose 8, 11 and 26
    boxes.py        YOLOX and RTMDet: boxes of people
    yunet.py        YuNet: faces with five points
    anchors.py      MediaPipe's detectors: faces, palms, people
    landmarks.py    MediaPipe's landmarks in a rotated crop: hands, faces, people
    openseeface.py  OpenSeeFace: 66 points of a face
    recognise.py    which of these a file is
"""

from npkpose.models.exported.network import Found
from npkpose.models.exported.recipe import Recipe
from npkpose.models.exported.recognise import FAMILIES, from_onnx

__all__ = ["FAMILIES", "Found", "Recipe", "from_onnx"]
