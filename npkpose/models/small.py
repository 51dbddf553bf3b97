"""Small networks that learn people in minutes, on a laptop, in NumPy: one trunk, four heads.

    image ── s2 ── s4 ─┬─ s8 ─┬─ s16 ── up, s8 ── + ── fuse ── up, s4 ── + ── fuse ── up, s2: maps
             b/2   b   │  2b  │  3b               │     2b               │     b
                       │      └───────────────────┘                      │
                       └─────────────────────────────────────────────────┘

sN are maps at 1/N of the image's size, with their channels below. The first is a convolution, the
others one or two BasicBlocks; up is a 2x2 transposed convolution, fuse a BasicBlock. A pixel of the
coarse maps sees the whole person, the fine maps have the exact position of a joint; they are added,
as in Newell et al., "Stacked Hourglass Networks", ECCV 2016, arXiv:1603.06937. Nearly all
multiplications are at 1/4 and below, with few pixels and many channels, which suits a CPU. A pixel
of the maps is an area of 2x2 image pixels: `Grid(2, "centre")`.

    SmallTopDown   one person's crop         K heatmaps
    SmallPaf       all people of an image    K heatmaps and part affinity fields
    SmallTags      all people of an image    the same, and K tags of two numbers
    SmallDetector  all people of an image    a heatmap of boxes' centres, sizes and offsets, at s4
"""

import json
import pathlib

import numpy as np

from npkpose import nn
from npkpose._check import check_choice, check_kind, check_size
from npkpose.grid import Grid
from npkpose.models.backbones.residual import BasicBlock, conv_norm
from npkpose.models.preprocess import check_multiples, to_input
from npkpose.nn._shapes import check_count
from npkpose.nn.spatial_softmax import SpatialSoftmax
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17
from npkpose.weights import load_npz

BASE = 32  # channels b
SLOPE = 0.25  # of tags, per map pixel: the tags of people 12 pixels apart differ by 3
CENTRE_BIAS = -2.19  # of the detector's heatmap: at first, each pixel has a score of 0.1
SIZE_UNIT = 16.0  # map pixels: the detector's sizes are its outputs times this
NAMES = "topdown", "paf", "tags", "detector"
TRAINED = pathlib.Path(__file__).with_name("trained")  # weights, each with a record


def load_trained(name):
    """Return a small network with the weights in the package, in evaluation mode.

    Parameters
    ----------
    name : "topdown", "paf", "tags" or "detector"
        `SmallTopDown`, `SmallPaf`, `SmallTags` or `SmallDetector`. They are trained on synthetic
        people only.
    """
    kinds = dict(zip(NAMES, (SmallTopDown, SmallPaf, SmallTags, SmallDetector)))
    network = kinds[check_choice("name", name, NAMES)]()
    network.load_state_dict(load_npz(TRAINED / f"{name}.npz"))
    return network.eval()


def trained_record(name):
    """Return the record of `load_trained`'s weights: command, minutes, seeds, scores."""
    check_choice("name", name, NAMES)
    return json.loads((TRAINED / f"{name}.json").read_text(encoding="utf-8"))


class SmallNet(nn.Module):
    """Map images (N, 3, H, W), sides multiples of 16, to maps (N, C, H/2, W/2).

    Parameters
    ----------
    num_channels : int
        C.
    base : int, at least 2
        b: channels at stride 4.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    skeleton = COCO_17
    stride = 2
    grid = Grid(2, "centre")
    size_multiple = 16
    sigma = 1.25  # of the heatmaps' Gaussians, heatmap pixels

    def __init__(self, num_channels, base=BASE, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        b = check_count("base", base, 2)
        self.stem = conv_norm(3, b // 2, 3, 2, rng=rng)
        self.down1 = _down(b // 2, b, 1, rng)
        self.down2 = _down(b, 2 * b, 2, rng)
        self.down3 = _down(2 * b, 3 * b, 1, rng)
        self.up1 = nn.ConvTranspose2d(3 * b, 2 * b, 2, 2, rng=rng)
        self.fuse1 = BasicBlock(2 * b, 2 * b, rng=rng)
        self.up2 = nn.ConvTranspose2d(2 * b, b, 2, 2, rng=rng)
        self.fuse2 = BasicBlock(b, b, rng=rng)
        self.head = nn.ConvTranspose2d(b, num_channels, 2, 2, rng=rng)
        self.head.params["weight"] *= 0.1  # maps are mostly zero: start near zero

    def rename_keys(self, state):
        """Return ``state`` without the description that a run adds to it; see `Module`."""
        state = {name: array for name, array in state.items() if name != "description"}
        return super().rename_keys(state)

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, self.size_multiple, 0.5, 0.25)

    def forward(self, x):
        """Return the maps of ``x``; the layers keep what they need."""
        return self.head(self.features(x))

    def features(self, x):
        """Return the input of the head, (N, b, H/4, W/4)."""
        s4 = self.down1(self.stem(x))
        s8 = self.down2(s4)
        u8 = self.fuse1(self.up1(self.down3(s8)) + s8)
        return self.fuse2(self.up2(u8) + s4)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.features_backward(self.head.backward(dy))

    def features_backward(self, dy):
        """Given dL/d(features), fill the ``grads`` of the layers before the head; return dL/dx."""
        d4 = self.fuse2.backward(dy)
        d8 = self.fuse1.backward(self.up2.backward(d4))
        d8 = d8 + self.down3.backward(self.up1.backward(d8))
        d4 = d4 + self.down2.backward(d8)
        return self.stem.backward(self.down1.backward(d4))


class SmallTopDown(SmallNet):
    """Heatmaps (N, K, H/2, W/2) of crops of ``input_size``, for `TopDown`.

    K is the number of keypoints of ``skeleton``, by default COCO's 17. It was trained with boxes
    enlarged by ``padding``, which `TopDown` uses. The heatmaps are probabilities, scaled to the sum
    of a Gaussian (`SpatialSoftmax`): decode the expected OKS of them, as `TopDown` does, not the
    heatmaps themselves. `models.described` saves skeleton and sizes with the weights.
    """

    sigma = 0.9
    padding = 1.05
    refine = "log_parabola"
    # For `expected_oks`: square root of a person's area, in heights of the crop. 0.5 is usual;
    # 0.375 scored better on the validation scenes.
    oks_scale = 0.375

    def __init__(self, input_size=(96, 64), base=BASE, *, skeleton=None, rng=None):
        if skeleton is not None:
            self.skeleton = check_kind("skeleton", skeleton, Skeleton)
        super().__init__(self.skeleton.num_keypoints, base, rng=rng)
        self.base = base
        self.input_size = check_size("input_size", input_size)
        check_multiples("input_size", self.input_size, self.size_multiple)
        self.softmax = SpatialSoftmax(self.sigma)

    def forward(self, x):
        """Return the heatmaps of ``x``; the layers keep what they need."""
        return self.softmax(super().forward(x))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return super().backward(self.softmax.backward(dy))


class SmallPaf(SmallNet):
    """Heatmaps and part affinity fields, for `BottomUp` and `group_paf`."""

    grouping = "paf"
    # Chosen on the validation scenes, for the weights in the package.
    blur = 1.0  # heatmap pixels, the sigma with which `BottomUp` smooths the heatmaps
    input_height = 160  # as in training, for scenes of 128
    # Without a search for merged peaks: on the true maps of 80 scenes it found no further person.
    thresholds = {
        "threshold": 0.3, "min_keypoints": 5, "min_score": 0.2, "separate": False,
        "fill_missing": True,
    }  # fmt: skip

    def __init__(self, base=BASE, *, rng=None):
        channels = self.skeleton.num_keypoints + self.skeleton.num_paf_channels
        super().__init__(channels, base, rng=rng)

    def split(self, maps):
        """Return ``maps`` (N, K + C, h, w) as heatmaps (N, K, h, w) and fields (N, C, h, w)."""
        K = self.skeleton.num_keypoints
        return maps[:, :K], maps[:, K:]


class SmallTags(SmallPaf):
    """Heatmaps, fields and tags (N, K + C + 2 K, H/2, W/2), for `BottomUp` and `group_tags`.

    The fields are not used for grouping; they help the network to tell left from right. A left knee
    looks like a right knee. Only hip and shoulder show its side, and the fields connect it to them.
    If both knees are visible, the left knee's heatmap is higher at the left knee in 9 of 10 people;
    without the fields, in 5 of 10.

    A tag is the network's output plus `SLOPE` times the pixel's x or y. A convolution does not see
    its position, so two people who look alike would get equal tags; with x and y, different
    positions start with different tags. The network learns the offset from a keypoint to its
    person. The K tags with x come first, then the K tags with y.
    """

    grouping = "tags"
    blur = 0.7  # heatmap pixels; chosen as `SmallPaf`'s, and so are the thresholds
    # `TagTask` pushes the tags of different people several units apart, so the threshold is large.
    thresholds = {
        "threshold": 0.3, "tag_threshold": 3.0, "min_keypoints": 5, "min_score": 0.3,
        "fill_missing": True, "separate_left_right": True,
    }  # fmt: skip

    def __init__(self, base=BASE, *, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        super().__init__(base, rng=rng)
        self.tags = nn.ConvTranspose2d(base, 2 * self.skeleton.num_keypoints, 2, 2, rng=rng)
        self.tags.params["weight"] *= 0.1

    def forward(self, x):
        """Return the maps of ``x``; the layers keep what they need."""
        features = self.features(x)
        maps, tags = self.head(features), self.tags(features)
        K, (height, width) = self.skeleton.num_keypoints, tags.shape[2:]
        tags[:, :K] += _ramp(width, tags.dtype)
        tags[:, K:] += _ramp(height, tags.dtype)[:, None]
        return np.concatenate([maps, tags], axis=1)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dmaps, dtags = np.split(dy, [-2 * self.skeleton.num_keypoints], axis=1)
        return self.features_backward(self.head.backward(dmaps) + self.tags.backward(dtags))

    def split(self, maps):
        """Return ``maps`` (N, K + C + 2 K, h, w) as heatmaps (N, K, ...) and tags (N, 2 K, ...)."""
        K = self.skeleton.num_keypoints
        return maps[:, :K], maps[:, -2 * K :]


class SmallDetector(SmallNet):
    """Maps of boxes (N, 5, H/4, W/4), for `Detector`: "Objects as Points" (`codec.boxes`).

    The maps are a score of a person's centre, before the sigmoid; width and height of the box; and
    the offset of its centre in x and y, all in map pixels. CenterNet's maps have this stride too.
    """

    stride = 4
    grid = Grid(4, "centre")
    input_height = 128  # as in training

    def __init__(self, base=BASE, *, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        super().__init__(5, base, rng=rng)
        convs = nn.Conv2d(base, base, 3, 1, 1, rng=rng), nn.Conv2d(base, 5, 1, rng=rng)
        self.head = nn.Sequential(convs[0], nn.ReLU(), convs[1])
        convs[1].params["weight"] *= 0.1
        convs[1].params["bias"][:3] = CENTRE_BIAS, 0.5, 1.0

    def forward(self, x):
        """Return the maps of ``x``; the layers keep what they need."""
        maps = super().forward(x)
        maps[:, 1:3] *= maps.dtype.type(SIZE_UNIT)
        return maps

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dy = dy.copy()
        dy[:, 1:3] *= dy.dtype.type(SIZE_UNIT)
        return super().backward(dy)

    def split(self, maps):
        """Return ``maps`` (N, 5, h, w) as scores (N, 1, ...), sizes and offsets (N, 2, ...)."""
        return maps[:, :1], maps[:, 1:3], maps[:, 3:]


def _ramp(side, dtype):
    """Return `SLOPE` times a pixel's position along one axis, 0 in the middle: (side,)."""
    return (SLOPE * (np.arange(side) - (side - 1) / 2)).astype(dtype)


def _down(in_channels, channels, count, rng):
    """``count`` blocks, the first of stride 2."""
    blocks = [BasicBlock(in_channels, channels, 2, rng=rng)]
    blocks += [BasicBlock(channels, channels, rng=rng) for _ in range(count - 1)]
    return nn.Sequential(*blocks)
