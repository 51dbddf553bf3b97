"""OpenPose as first published: two branches of maps, refined in six stages.

    image ── VGG-19 ── features ── stage 1 ── maps ──┐
                          ├──────────────────── stage 2 ── maps ──┐
                          └───────────────────────────── ... stage 6 ── maps

    stage:  x ──┬── L1: part affinity fields (38)      stage 1:   3 x (3x3), 2 x (1x1)
                └── L2: heatmaps and background (19)   the rest:  5 x (7x7), 2 x (1x1)

The input of each stage is the features and, from the second stage on, the maps before it.
Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR
2017, arXiv:1611.08050, figure 3. 52,311,446 parameters; 136 G multiply-adds (272 GFLOP) at
368 x 368.

The layers have the names of the Caffe network, as in the ports of its weights. The authors
publish the weights for non-commercial research only. Some ports add a ReLU after the last
heatmaps.
"""

import numpy as np

from npkpose import nn
from npkpose.models.backbones.residual import FlattenNames, NamedSequential
from npkpose.models.backbones.vgg19 import vgg19_features
from npkpose.models.preprocess import check_sides, to_input
from npkpose.nn._shapes import check_count
from npkpose.skeletons import OPENPOSE_18
from npkpose.weights.names import OPENPOSE, rename

PAFS, HEATMAPS = 38, 19
MEAN, STD = 128 / 255, 256 / 255  # of white: (byte - 128) / 256

# Name, kernel size and channels of a branch's layers; channels are multiples of the first
# convolution's, and None stands for the number of maps. "{}" is the branch.
NECK = (("conv4_3_CPM", 3, 4), ("conv4_4_CPM", 3, 2))
FIRST_STAGE = (
    ("conv5_1_CPM_{}", 3, 2), ("conv5_2_CPM_{}", 3, 2), ("conv5_3_CPM_{}", 3, 2),
    ("conv5_4_CPM_{}", 1, 8), ("conv5_5_CPM_{}", 1, None),
)  # fmt: skip


class OpenPoseCOCO(FlattenNames):
    """Map images (N, 3, H, W) to fields (N, 38, H/8, W/8) and heatmaps (N, 19, H/8, W/8).

    H and W are multiples of 8. The heatmaps are 18 parts and the background.

    Parameters
    ----------
    num_stages : int
    base : int
        Channels of the first convolution; all others are in proportion.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    skeleton = OPENPOSE_18
    stride = 8
    input_height = 368
    size_multiple = 8
    thresholds = "cvpr2017"  # of `codec.paf.group.PAF_VARIANTS`

    def __init__(self, num_stages=6, base=64, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        check_count("num_stages", num_stages, 1)
        check_count("base", base, 1)
        self.backbone = vgg19_features(base, rng=rng)
        self.backbone.relu4_2 = nn.ReLU()
        self.neck = _layers(8 * base, base, NECK, rng)
        self.stages = [Stage(2 * base, base, FIRST_STAGE, rng)]
        for t in range(2, num_stages + 1):
            self.stages.append(Stage(2 * base + PAFS + HEATMAPS, base, _later_stage(t), rng))

    def rename_keys(self, state):
        """Return weights of other releases' names under ours; see `weights.names`."""
        return rename(super().rename_keys(state), OPENPOSE)

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W), BGR."""
        return to_input(image, self.size_multiple, MEAN, STD, bgr=True)

    def split(self, maps):
        """Return the output of `forward` as heatmaps and fields."""
        pafs, heatmaps = maps
        return heatmaps, pafs

    def forward(self, x):
        """Return the last stage's fields and heatmaps; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        features = self.neck(self.backbone(x))
        maps = self.stages[0](features)
        for stage in self.stages[1:]:
            maps = stage(np.concatenate([*maps, features], axis=1))
        return maps

    def backward(self, dmaps):
        """Given dL/dy of fields and heatmaps, fill every layer's ``grads`` and return dL/dx.

        The features are an input of every stage, so their gradients are added.
        """
        dfeatures = 0.0
        for stage in reversed(self.stages[1:]):
            *dmaps, dskip = np.split(stage.backward(dmaps), [PAFS, PAFS + HEATMAPS], axis=1)
            dfeatures = dfeatures + dskip
        dfeatures = dfeatures + self.stages[0].backward(dmaps)
        return self.backbone.backward(self.neck.backward(dfeatures))


class Stage(FlattenNames):
    """Two branches with the same input: fields and heatmaps."""

    def __init__(self, in_channels, base, table, rng):
        super().__init__()
        self.pafs = _layers(in_channels, base, table, rng, "L1", PAFS)
        self.heatmaps = _layers(in_channels, base, table, rng, "L2", HEATMAPS)

    def forward(self, x):
        """Return the fields and the heatmaps; the layers keep what they need."""
        return tuple(nn.run_branches([self.pafs, self.heatmaps], [x, x]))

    def backward(self, dmaps):
        """Given dL/dy of both, fill every layer's ``grads`` and return dL/dx."""
        dpafs, dheatmaps = dmaps
        return self.pafs.backward(dpafs) + self.heatmaps.backward(dheatmaps)


def _later_stage(t):
    names = [f"Mconv{i}_stage{t}_" + "{}" for i in range(1, 8)]
    return [(name, 7, 2) for name in names[:5]] + [(names[5], 1, 2), (names[6], 1, None)]


def _layers(in_channels, base, table, rng, branch="", out_channels=None):
    """Convolutions, each with a ReLU, except for one that outputs maps."""
    chain = NamedSequential()
    for name, kernel, multiple in table:
        channels = out_channels if multiple is None else multiple * base
        conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, rng=rng)
        setattr(chain, name.format(branch), conv)
        if multiple is None:
            conv.params["weight"] *= 0.1  # maps are mostly zero: start near zero
        else:
            setattr(chain, f"relu_{name.format(branch)}", nn.ReLU())
        in_channels = channels
    return chain
