"""One network per file, with the names under which its weights were published."""

from npkpose.models.openpose import OpenPoseMobileNetV2
from npkpose.models.tiny import TinyKeypointNet, TinyPafNet

__all__ = ["OpenPoseMobileNetV2", "TinyKeypointNet", "TinyPafNet"]
