"""OpenPose for 25 keypoints, with feet: first the fields, and from them the heatmaps.

    image ── VGG-19 ── F ── L2 stages 0 to 3 ── fields (52)
    F, fields ──────────── L1 stages 0 and 1 ── heatmaps (26)

    stage:  x ── 5 triples ── 1x1 ── 1x1 ── maps
    triple: x ── 3x3 ─┬─ 3x3 ─┬─ 3x3 ─┬─ joined: three times the channels
                      └───────┴───────┘

Fields help to find heatmaps, but heatmaps do not help to find fields, so the fields come first.
Three 3x3 convolutions have the receptive field of one 7x7 at less than half the cost, and the
outputs of all three are used. Cao et al., "OpenPose: Realtime Multi-Person 2D Pose Estimation
using Part Affinity Fields", TPAMI 2019, arXiv:1812.08008, figures 3 and 4. 26,166,084
parameters; 80.6 G multiply-adds (161 GFLOP) at 368 x 368.

The layers have the names of the Caffe network. The authors publish its weights for
non-commercial research only. From conv4_2 on, activations are PReLU.
"""

import numpy as np

from npkpose import nn
from npkpose.models.backbones.residual import FlattenNames, NamedSequential
from npkpose.models.backbones.vgg19 import vgg19_features
from npkpose.models.openpose_coco import MEAN, STD
from npkpose.models.preprocess import check_sides, to_input
from npkpose.nn._shapes import check_count
from npkpose.skeletons import BODY_25
from npkpose.weights.names import OPENPOSE, rename

PAFS, HEATMAPS = 52, 26
TRIPLES = 5

# Channels of a triple's convolutions and of the 1x1 after them, as multiples of the first
# convolution's: stage 0 of either branch is narrower.
FIRST_STAGE, LATER_STAGE = (1.5, 4), (2, 8)


class OpenPoseBody25(FlattenNames):
    """Map images (N, 3, H, W) to fields (N, 52, H/8, W/8) and heatmaps (N, 26, H/8, W/8).

    H and W are multiples of 8. The heatmaps are 25 parts and the background.

    Parameters
    ----------
    paf_stages, heatmap_stages : int
    base : int, even
        Channels of the first convolution; all others are in proportion.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    skeleton = BODY_25
    stride = 8
    input_height = 368
    size_multiple = 8
    thresholds = "openpose"  # of `codec.paf.group.PAF_VARIANTS`

    def __init__(self, paf_stages=4, heatmap_stages=2, base=64, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        check_count("paf_stages", paf_stages, 1)
        check_count("heatmap_stages", heatmap_stages, 1)
        if check_count("base", base, 2) % 2:
            raise ValueError(f"base: expected an even number, got {base}")
        self.backbone = _backbone(base, rng)
        features = 2 * base
        self.paf_stages = [
            Stage(features + PAFS * (t > 0), base, PAFS, f"stage{t}_L2", rng)
            for t in range(paf_stages)
        ]
        self.heatmap_stages = [
            Stage(features + PAFS + HEATMAPS * (t > 0), base, HEATMAPS, f"stage{t}_L1", rng)
            for t in range(heatmap_stages)
        ]

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
        """Return the last fields and heatmaps; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        features = self.backbone(x)
        pafs = self.paf_stages[0](features)
        for stage in self.paf_stages[1:]:
            pafs = stage(np.concatenate([features, pafs], axis=1))
        heatmaps = self.heatmap_stages[0](np.concatenate([features, pafs], axis=1))
        for stage in self.heatmap_stages[1:]:
            heatmaps = stage(np.concatenate([features, heatmaps, pafs], axis=1))
        return pafs, heatmaps

    def backward(self, dmaps):
        """Given dL/dy of fields and heatmaps, fill every layer's ``grads`` and return dL/dx.

        The features are an input of every stage, and the last fields of every heatmap stage,
        so their gradients are added.
        """
        dpafs, dheatmaps = dmaps
        F = self.paf_stages[0].in_channels
        dfeatures = 0.0
        for stage in reversed(self.heatmap_stages[1:]):
            dx = stage.backward(dheatmaps)
            dskip, dheatmaps, dlast = np.split(dx, [F, F + HEATMAPS], axis=1)
            dfeatures, dpafs = dfeatures + dskip, dpafs + dlast
        dskip, dlast = np.split(self.heatmap_stages[0].backward(dheatmaps), [F], axis=1)
        dfeatures, dpafs = dfeatures + dskip, dpafs + dlast
        for stage in reversed(self.paf_stages[1:]):
            dskip, dpafs = np.split(stage.backward(dpafs), [F], axis=1)
            dfeatures = dfeatures + dskip
        return self.backbone.backward(dfeatures + self.paf_stages[0].backward(dpafs))


class Stage(FlattenNames):
    """Five triples and two 1x1 convolutions; Caffe's ``name`` of it is "stage0_L2" or similar."""

    def __init__(self, in_channels, base, out_channels, name, rng):
        super().__init__()
        self.in_channels = in_channels
        narrow, wide = FIRST_STAGE if name.startswith("stage0") else LATER_STAGE
        narrow, wide = int(narrow * base), wide * base
        self.triples = []
        for i in range(1, TRIPLES + 1):
            self.triples.append(Triple(in_channels, narrow, f"{i}_{name}", rng))
            in_channels = 3 * narrow
        self.head = NamedSequential()
        _add(self.head, "M", f"6_{name}", nn.Conv2d(in_channels, wide, 1, rng=rng))
        maps = nn.Conv2d(wide, out_channels, 1, rng=rng)
        maps.params["weight"] *= 0.1  # maps are mostly zero: start near zero
        setattr(self.head, f"Mconv7_{name}", maps)

    def forward(self, x):
        """Return the maps; the layers keep what they need."""
        for triple in self.triples:
            x = triple(x)
        return self.head(x)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dy = self.head.backward(dy)
        for triple in reversed(self.triples):
            dy = triple.backward(dy)
        return dy


class Triple(FlattenNames):
    """Three 3x3 convolutions in a row; the outputs of all three are concatenated."""

    def __init__(self, in_channels, channels, name, rng):
        super().__init__()
        self.parts = [NamedSequential() for _ in range(3)]
        for i, part in enumerate(self.parts):
            conv = nn.Conv2d(channels if i else in_channels, channels, 3, padding=1, rng=rng)
            _add(part, "M", f"{name}_{i}", conv)

    def forward(self, x):
        """Return the concatenated outputs; the layers keep what they need."""
        outputs = []
        for part in self.parts:
            x = part(x)
            outputs.append(x)
        return np.concatenate(outputs, axis=1)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dx = 0.0
        for part, d in zip(reversed(self.parts), reversed(np.split(dy, 3, axis=1))):
            dx = part.backward(d + dx)
        return dx


def _backbone(base, rng):
    net = vgg19_features(base, rng=rng)
    net.prelu4_2 = nn.PReLU(8 * base)
    _add(net, "", "4_3_CPM", nn.Conv2d(8 * base, 4 * base, 3, padding=1, rng=rng))
    _add(net, "", "4_4_CPM", nn.Conv2d(4 * base, 2 * base, 3, padding=1, rng=rng))
    return net


def _add(chain, prefix, name, conv):
    """Append ``conv`` and its PReLU under Caffe's names."""
    setattr(chain, f"{prefix}conv{name}", conv)
    setattr(chain, f"{prefix}prelu{name}", nn.PReLU(conv.out_channels))
