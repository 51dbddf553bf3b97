"""Networks with pretrained weights: how each is built, its size and its cost.

Multiply-adds are counted in convolutions and matrix products at the published input size, in
billions; papers call them FLOPs. This library does not contain the weights: where they are, their
scores, and variants of these networks are in the manifest of weights/published.
"""

from collections.abc import Callable
from typing import NamedTuple

from npkpose import weights
from npkpose.models.higherhrnet import HigherHRNet
from npkpose.models.hrnet import HRNet
from npkpose.models.openpose_body25 import OpenPoseBody25
from npkpose.models.openpose_coco import OpenPoseCOCO
from npkpose.models.openpose_lightweight import LightweightOpenPose
from npkpose.models.openpose_mobilenetv2 import OpenPoseMobileNetV2
from npkpose.models.vitpose import ViTPose


class Pretrained(NamedTuple):
    """A network with published weights."""

    build: Callable  # () -> the network, without its weights
    finds: str  # "one" person in a box, or "all" people in an image
    parameters: int
    giga_madds: float | None  # at ``size``
    size: str  # of the input, height x width


def _vitpose(size, decoder):
    return lambda: ViTPose(size, decoder)


def _hrnet(width, input_size):
    def build():
        model = HRNet(width)
        model.input_size = input_size
        return model

    return build


_NO_PARAMETERS = ("running_mean", "running_var", "num_batches_tracked", "total_ops", "total_params")

PRETRAINED = {
    "hrnet-w32": Pretrained(_hrnet(32, (256, 192)), "one", 28_536_113, 7.6, "256x192"),
    "hrnet-w32-384": Pretrained(_hrnet(32, (384, 288)), "one", 28_536_113, 17.2, "384x288"),
    "hrnet-w48": Pretrained(_hrnet(48, (256, 192)), "one", 63_595_745, 15.7, "256x192"),
    "hrnet-w48-384": Pretrained(_hrnet(48, (384, 288)), "one", 63_595_745, 35.3, "384x288"),
    "vitpose-s-simple": Pretrained(_vitpose("S", "simple"), "one", 21_722_513, 4.6, "256x192"),
    "vitpose-s": Pretrained(_vitpose("S", "classic"), "one", 24_290_577, 5.6, "256x192"),
    "vitpose-b-simple": Pretrained(_vitpose("B", "simple"), "one", 85_912_337, 17.5, "256x192"),
    "vitpose-b": Pretrained(_vitpose("B", "classic"), "one", 89_994_513, 18.5, "256x192"),
    "vitpose-l-simple": Pretrained(_vitpose("L", "simple"), "one", 303_453_201, 60.4, "256x192"),
    "vitpose-l": Pretrained(_vitpose("L", "classic"), "one", 308_544_785, 61.6, "256x192"),
    "vitpose-h-simple": Pretrained(_vitpose("H", "simple"), "one", 631_107_857, 124.6, "256x192"),
    "vitpose-h": Pretrained(_vitpose("H", "classic"), "one", 637_208_849, 125.8, "256x192"),
    "higherhrnet-w32": Pretrained(lambda: HigherHRNet(32), "all", 28_645_331, 46.2, "512x512"),
    "higherhrnet-w48": Pretrained(lambda: HigherHRNet(48), "all", 63_827_139, 95.7, "512x512"),
    "openpose-coco": Pretrained(OpenPoseCOCO, "all", 52_311_446, 135.9, "368x368"),
    "openpose-body25": Pretrained(OpenPoseBody25, "all", 26_166_084, 80.6, "368x368"),
    "openpose-lightweight": Pretrained(  # of the file's three refinement stages, the first
        LightweightOpenPose, "all", 4_091_698, 8.9, "368x368"
    ),
    "openpose-lightweight-3-stages": Pretrained(
        lambda: LightweightOpenPose(3), "all", 7_308_964, None, "368x368"
    ),
    "openpose-mobilenetv2": Pretrained(OpenPoseMobileNetV2, "all", 477_270, None, "432x368"),
}


def load(name, path):
    """Return the network ``name`` of `PRETRAINED` with the weights of a file, in evaluation mode.

    Raises
    ------
    ValueError
        An unknown name, or a file that is damaged or of another network. The message says what
        differs, and which networks have as many parameters as the file.
    """
    if name not in PRETRAINED:
        raise ValueError(f"model: expected one of {', '.join(PRETRAINED)}, got {name!r}")
    state = weights.load(path)
    try:
        if name == "openpose-mobilenetv2":
            return OpenPoseMobileNetV2.from_file(path)
        model = PRETRAINED[name].build()
        model.load_state_dict(state)
    except ValueError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ValueError(f"{path}: not the weights of {name} ({reason}){_advice(state)}") from None
    return model.eval()


def _advice(state):
    """Return which networks have as many parameters as ``state``, to a thousandth."""
    count = sum(array.size for name, array in state.items() if not name.endswith(_NO_PARAMETERS))
    fitting = [name for name, row in PRETRAINED.items() if abs(count / row.parameters - 1) < 1e-3]
    if not fitting:
        return f"; none of the published networks has its {count:,} parameters"
    return f"; its {count:,} parameters are those of {' and '.join(fitting)}"
