"""HRNet: keypoint heatmaps from a network that keeps its high resolution throughout.

    image                                                               stride
    stem ── layer1 ─┬─ stage2 ─┬─ stage3 ─┬─ stage4 ── final ── heatmaps   4
                    └─ stage2 ─┼─ stage3 ─┼─ stage4 ─┘                     8
                               └─ stage3 ─┼─ stage4 ─┘                    16
                                          └─ stage4 ─┘                    32

    stem     two 3x3 convolutions of stride 2, to 64 channels
    layer1   four Bottlenecks, to 256 channels
    stage s  1, 4 and 3 modules (s = 2, 3, 4). In a module each of the s branches has four
             BasicBlocks; then every branch becomes the sum of all branches, resampled to its
             size: by strided 3x3 convolutions downwards, and upwards by a 1x1 convolution
             and nearest neighbours

Branch b has C 2^b channels at stride 4 2^b. Sun et al., "Deep High-Resolution
Representation Learning for Human Pose Estimation", CVPR 2019, arXiv:1902.09212.

    C = 32   28,536,113 parameters    7.6 G multiply-adds at 256 x 192   (15.3 GFLOP)
    C = 48   63,595,745              15.7 G                              (31.4 GFLOP)

The weights have the names and shapes of leoxiaobin/deep-high-resolution-net (MIT).
Departure: the initial weights are He's (a tenth of them in ``final_layer``), not normal
with a deviation of 0.001.
"""


import numpy as np

from npkpose import nn
from npkpose.models.backbones.residual import BasicBlock, Bottleneck, conv_norm, repeat
from npkpose.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, check_sides, to_input
from npkpose.nn._shapes import check_count, check_counts
from npkpose.nn.fuse import run
from npkpose.skeletons import COCO_17
from npkpose.weights.names import HRNET, rename

STEM = 64
MODULES = (1, 4, 3)  # in stages 2, 3 and 4
BLOCKS = 4  # in layer1, and in each branch of a module


class HRNetTrunk(nn.Module):
    """Map images (N, 3, H, W) to features (N, C, H/4, W/4); H and W multiples of 32."""

    size_multiple = 32

    def __init__(self, width, modules=MODULES, blocks=BLOCKS, *, rng):
        super().__init__()
        C = self.width = check_count("width", width, 1)
        modules, blocks = check_counts("modules", modules, 3), check_count("blocks", blocks, 1)
        wide = STEM * Bottleneck.expansion
        self.conv1 = nn.Conv2d(3, STEM, 3, 2, 1, bias=False, rng=rng)
        self.bn1, self.relu1 = nn.BatchNorm2d(STEM), nn.ReLU()
        self.conv2 = nn.Conv2d(STEM, STEM, 3, 2, 1, bias=False, rng=rng)
        self.bn2, self.relu2 = nn.BatchNorm2d(STEM), nn.ReLU()
        self.layer1 = repeat(Bottleneck, STEM, STEM, blocks, rng=rng)
        first = conv_norm(wide, C, 3, rng=rng)
        self.transition1 = [first, _downwards(wide, 2 * C, rng)]
        self.stage2 = _stage((C, 2 * C), modules[0], blocks, rng)
        self.transition2 = [None, None, _downwards(2 * C, 4 * C, rng)]
        self.stage3 = _stage((C, 2 * C, 4 * C), modules[1], blocks, rng)
        self.transition3 = [None, None, None, _downwards(4 * C, 8 * C, rng)]
        self.stage4 = _stage((C, 2 * C, 4 * C, 8 * C), modules[2], blocks, rng, outputs=1)

    def stem(self):
        """Return the layers before the network branches, first to last."""
        first, second = (self.conv1, self.bn1, self.relu1), (self.conv2, self.bn2, self.relu2)
        return *first, *second, self.layer1

    def forward(self, x):
        """Return the features of ``x``; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        x = run(self.stem(), x)
        branches = self.stage2([transition(x) for transition in self.transition1])
        branches = self.stage3([*branches, self.transition2[-1](branches[-1])])
        branches = self.stage4([*branches, self.transition3[-1](branches[-1])])
        return branches[0]

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dbranches = self.stage4.backward([dy])
        dbranches = self.stage3.backward(_transition_backward(self.transition3[-1], dbranches))
        dbranches = self.stage2.backward(_transition_backward(self.transition2[-1], dbranches))
        dx = sum(t.backward(d) for t, d in zip(self.transition1, dbranches))
        for layer in reversed(self.stem()):
            dx = layer.backward(dx)
        return dx


class HRNet(HRNetTrunk):
    """Map images (N, 3, H, W) to heatmaps (N, K, H/4, W/4).

    Parameters
    ----------
    width : int
        C: 32 and 48 have published weights.
    num_keypoints : int
        K.
    modules, blocks
        Modules in stages 2, 3 and 4, and blocks in a row; tests use fewer than the paper.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    skeleton = COCO_17
    stride = 4
    refine = "quarter"  # the authors'; "dark" is more exact
    input_size = (256, 192)  # of most published weights; set (384, 288) for the others

    def __init__(self, width=32, num_keypoints=17, *, modules=MODULES, blocks=BLOCKS, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        num_keypoints = check_count("num_keypoints", num_keypoints, 1)
        super().__init__(width, modules, blocks, rng=rng)
        self.final_layer = nn.Conv2d(width, num_keypoints, 1, rng=rng)
        self.final_layer.params["weight"] *= 0.1  # heatmaps are mostly zero: start near zero

    def rename_keys(self, state):
        """Return weights of other releases' names under ours; see `weights.names`."""
        return rename(super().rename_keys(state), HRNET)

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, self.size_multiple, IMAGENET_MEAN, IMAGENET_STD)

    def forward(self, x):
        """Return the heatmaps of ``x``; the layers keep what they need."""
        return self.final_layer(super().forward(x))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return super().backward(self.final_layer.backward(dy))


class HighResolutionModule(nn.Module):
    """Blocks along each of B branches, then a fusion of all branches.

        y_i = relu(sum_j f_ij(b_j(x_j))),   i < outputs

    b_j is branch j and f_ij resamples it to the size and channels of branch i; f_ii is the
    identity. ``forward`` and ``backward`` take and give lists with one array for each branch.
    """

    def __init__(self, channels, blocks, outputs, rng):
        super().__init__()
        self.branches = [repeat(BasicBlock, c, c, blocks, rng=rng) for c in channels]
        self.fuse_layers = [
            [_resample(channels, i, j, rng) for j in range(len(channels))] for i in range(outputs)
        ]
        self.relus = [nn.ReLU() for _ in range(outputs)]

    def forward(self, xs):
        """Return the fused branches; the layers keep what they need."""
        xs = nn.run_branches(self.branches, xs)
        return [self._fuse(i, xs) for i in range(len(self.fuse_layers))]

    def backward(self, dys):
        """Given dL/dy of each output, fill ``grads`` and return dL/dx of each branch."""
        # Lists of gradients, one for each branch.
        from_outputs = [self._fuse_backward(i, dy) for i, dy in enumerate(dys)]
        dxs = [sum(from_each) for from_each in zip(*from_outputs)]
        return nn.backward_branches(self.branches, dxs)

    def _fuse(self, i, xs):
        """Return y_i."""
        first, *others = (
            x if layer is None else layer(x) for layer, x in zip(self.fuse_layers[i], xs)
        )
        return self.relus[i](sum(others, first))

    def _fuse_backward(self, i, dy):
        """Given dL/dy_i, return what output i adds to the gradient of each branch."""
        dsum = self.relus[i].backward(dy)
        return [dsum if layer is None else layer.backward(dsum) for layer in self.fuse_layers[i]]


def _stage(channels, modules, blocks, rng, outputs=None):
    """Modules in sequence; the last has ``outputs`` outputs, by default one per branch."""
    B = len(channels)
    counts = [B] * (modules - 1) + [outputs or B]
    return nn.Sequential(*(HighResolutionModule(channels, blocks, n, rng) for n in counts))


def _resample(channels, i, j, rng):
    """Return f_ij, which brings branch j to the size and channels of branch i; None if i = j."""
    if i == j:
        return None
    if j > i:
        scale = nn.Upsample(scale_factor=2 ** (j - i), mode="nearest")
        return nn.Sequential(*conv_norm(channels[j], channels[i], 1, relu=False, rng=rng), scale)
    halve = [conv_norm(channels[j], channels[j], 3, 2, rng=rng) for _ in range(i - j - 1)]
    return nn.Sequential(*halve, conv_norm(channels[j], channels[i], 3, 2, relu=False, rng=rng))


def _downwards(in_channels, channels, rng):
    """A new branch at half the resolution."""
    return nn.Sequential(conv_norm(in_channels, channels, 3, 2, rng=rng))


def _transition_backward(transition, dbranches):
    """Return the gradients of the branches before a transition.

    The last branch also fed the new one: add both gradients.
    """
    *others, last, new = dbranches
    return [*others, last + transition.backward(new)]
