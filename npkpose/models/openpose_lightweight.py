"""Lightweight OpenPose: OpenPose with layers that are cheap enough for a CPU.

    image ── MobileNet ── cpm ── F ── initial stage ── maps ──┐
                                 └──────────────────── refinement stage ── maps

    MobileNet   to its 512 channels, at stride 8: the last strided block has dilation 2 instead
    cpm         1x1 to 128 channels; x + three separable blocks; 3x3
    initial     trunk of three 3x3; heads of two 1x1
    refinement  trunk of five blocks, 1x1 and then x + two 3x3, the second of dilation 2;
                heads of two 1x1

Both heads, heatmaps (18 parts and the background) and part affinity fields (38), share one
trunk. A refinement block has the receptive field of a 7x7 convolution. Osokin, "Real-time 2D
Multi-Person Pose Estimation on CPU: Lightweight OpenPose", 2018, arXiv:1811.12004; Howard
et al., "MobileNets", 2017, arXiv:1704.04861. 4,091,698 parameters; 8.9 G multiply-adds
(17.8 GFLOP) at 368 x 368.

The weights have the names and shapes of
Daniil-Osokin/lightweight-human-pose-estimation.pytorch (Apache-2.0).
"""

import re

import numpy as np

from npkpose import nn
from npkpose.models.openpose_coco import MEAN, STD
from npkpose.models.preprocess import check_sides, to_input
from npkpose.nn._shapes import check_count
from npkpose.skeletons import OPENPOSE_18

HEATMAPS, PAFS = 19, 38
STEM = 32

# Output channels (as multiples of the stem's), stride and dilation of the separable blocks.
BLOCKS = (
    (2, 1, 1), (4, 2, 1), (4, 1, 1), (8, 2, 1), (8, 1, 1), (16, 1, 1), (16, 1, 2),
    (16, 1, 1), (16, 1, 1), (16, 1, 1), (16, 1, 1),
)  # fmt: skip


class LightweightOpenPose(nn.Module):
    """Map images (N, 3, H, W) to heatmaps and fields (N, 19 and 38, H/8, W/8) of each stage.

    H and W are multiples of 8. The output is one list: heatmaps and fields of the first stage,
    heatmaps and fields of the next, and so on.

    Parameters
    ----------
    num_refinement_stages : int
        1 is the paper's choice; the published weights have 3, of which a network of 1 takes the
        first: so the published AP was measured.
    base : int
        Channels of the first convolution; all others are in proportion.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    skeleton = OPENPOSE_18
    stride = 8
    input_height = 256
    size_multiple = 8
    thresholds = "lightweight"  # of `codec.paf.group.PAF_VARIANTS`

    def __init__(self, num_refinement_stages=1, base=STEM, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        check_count("num_refinement_stages", num_refinement_stages)
        check_count("base", base, 1)
        C = 4 * base
        self.model = _mobilenet(base, rng)
        self.cpm = Cpm(16 * base, C, rng)
        self.initial_stage = Stage([_conv(C, C, 3, rng) for _ in range(3)], C, 4 * C, rng)
        self.refinement_stages = []
        for _ in range(num_refinement_stages):
            inputs = [C + HEATMAPS + PAFS, C, C, C, C]
            trunk = [RefinementBlock(channels, C, rng) for channels in inputs]
            self.refinement_stages.append(Stage(trunk, C, C, rng))

    def rename_keys(self, state):
        """Return the weights of this network's stages: further refinement stages are left out."""
        stages = len(self.refinement_stages)
        return {n: a for n, a in super().rename_keys(state).items() if _stage_of(n) < stages}

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W), BGR."""
        return to_input(image, self.size_multiple, MEAN, STD, bgr=True)

    def split(self, maps):
        """Return the last stage's heatmaps and fields in the output of `forward`."""
        return maps[-2], maps[-1]

    def forward(self, x):
        """Return [heatmaps, fields, heatmaps, ...]; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        features = self.cpm(self.model(x))
        maps = self.initial_stage(features)
        for stage in self.refinement_stages:
            maps += stage(np.concatenate([features, *maps[-2:]], axis=1))
        return maps

    def backward(self, dmaps):
        """Given dL/dy of every output, fill every layer's ``grads`` and return dL/dx.

        The features are an input of every stage, so their gradients are added. Maps are an output
        and an input of the next stage: both gradients are added too.
        """
        dheatmaps, dpafs = dmaps[-2:]
        dfeatures = 0.0
        for i, stage in reversed(list(enumerate(self.refinement_stages))):
            dx = stage.backward([dheatmaps, dpafs])
            C = dx.shape[1] - HEATMAPS - PAFS
            dskip, dheatmaps, dpafs = np.split(dx, [C, C + HEATMAPS], axis=1)
            dfeatures = dfeatures + dskip
            dheatmaps, dpafs = dheatmaps + dmaps[2 * i], dpafs + dmaps[2 * i + 1]
        dfeatures = dfeatures + self.initial_stage.backward([dheatmaps, dpafs])
        return self.model.backward(self.cpm.backward(dfeatures))


def _stage_of(name):
    """Return the number of the refinement stage of an array's name, or -1."""
    match = re.match(r"refinement_stages\.(\d{1,9})\.", name)
    return -1 if match is None else int(match[1])


class Cpm(nn.Module):
    """conv(align(x) + trunk(align(x))): fewer channels, and a larger receptive field."""

    def __init__(self, in_channels, channels, rng):
        super().__init__()
        self.align = _conv(in_channels, channels, 1, rng)
        self.trunk = nn.Sequential(*(_separable_elu(channels, rng) for _ in range(3)))
        self.conv = _conv(channels, channels, 3, rng)

    def forward(self, x):
        """Return the features; the layers keep what they need."""
        x = self.align(x)
        return self.conv(x + self.trunk(x))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dsum = self.conv.backward(dy)
        return self.align.backward(dsum + self.trunk.backward(dsum))


class Stage(nn.Module):
    """A trunk and two heads: [heatmaps, fields]."""

    def __init__(self, trunk, channels, wide, rng):
        super().__init__()
        self.trunk = nn.Sequential(*trunk)
        self.heatmaps, self.pafs = (
            nn.Sequential(_conv(channels, wide, 1, rng), _conv(wide, maps, 1, rng, relu=False))
            for maps in (HEATMAPS, PAFS)
        )
        for head in (self.heatmaps, self.pafs):
            head[1][0].params["weight"] *= 0.1  # maps are mostly zero: start near zero

    def forward(self, x):
        """Return the heatmaps and the fields; the layers keep what they need."""
        x = self.trunk(x)
        return [self.heatmaps(x), self.pafs(x)]

    def backward(self, dmaps):
        """Given dL/dy of both, fill every layer's ``grads`` and return dL/dx."""
        dheatmaps, dpafs = dmaps
        return self.trunk.backward(self.heatmaps.backward(dheatmaps) + self.pafs.backward(dpafs))


class RefinementBlock(nn.Module):
    """y + trunk(y), where y = initial(x) is a 1x1 convolution to ``channels``."""

    def __init__(self, in_channels, channels, rng):
        super().__init__()
        self.initial = _conv(in_channels, channels, 1, rng)
        self.trunk = nn.Sequential(
            *(_conv(channels, channels, 3, rng, dilation=d, norm=True) for d in (1, 2))
        )

    def forward(self, x):
        """Return the block's output; the layers keep what they need."""
        x = self.initial(x)
        return x + self.trunk(x)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.initial.backward(dy + self.trunk.backward(dy))


def _mobilenet(base, rng):
    stem = nn.Conv2d(3, base, 3, stride=2, padding=1, bias=False, rng=rng)
    blocks = [nn.Sequential(stem, nn.BatchNorm2d(base), nn.ReLU())]
    in_channels = base
    for multiple, stride, dilation in BLOCKS:
        blocks.append(_separable(in_channels, multiple * base, stride, dilation, rng))
        in_channels = multiple * base
    return nn.Sequential(*blocks)


def _separable(in_channels, channels, stride, dilation, rng):
    """Depthwise 3x3 and 1x1 convolution, each with BN and ReLU."""
    return nn.Sequential(
        _depthwise(in_channels, stride, dilation, rng),
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, channels, 1, bias=False, rng=rng),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


def _separable_elu(channels, rng):
    mix = nn.Conv2d(channels, channels, 1, bias=False, rng=rng)
    return nn.Sequential(_depthwise(channels, 1, 1, rng), nn.ELU(), mix, nn.ELU())


def _depthwise(channels, stride, dilation, rng):
    return nn.Conv2d(
        channels, channels, 3, stride, dilation, dilation, groups=channels, bias=False, rng=rng
    )


def _conv(in_channels, channels, kernel, rng, *, dilation=1, norm=False, relu=True):
    """Convolution with a bias and, if asked, normalisation and ReLU, in this order."""
    padding = dilation * (kernel // 2)
    layers = [nn.Conv2d(in_channels, channels, kernel, 1, padding, dilation, rng=rng)]
    if norm:
        layers.append(nn.BatchNorm2d(channels))
    if relu:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)
