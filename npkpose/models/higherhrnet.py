"""HigherHRNet: heatmaps at two resolutions, and tags that assign keypoints to people.

    image ── HRNet trunk ─┬─ final 0 ── K heatmaps and K tags       stride 4
                          ├─────┴────── join, 4x4 transposed convolution, BN, ReLU
                          │             four BasicBlocks            stride 2
                          │             final 1 ── K heatmaps       stride 2

The finer heatmaps find small people, the coarser ones large people; they are averaged.
A tag map gives every pixel a number; keypoints with similar numbers at their peaks belong
to one person ("associative embedding"). Cheng et al., "HigherHRNet: Scale-Aware
Representation Learning for Bottom-Up Human Pose Estimation", CVPR 2020,
arXiv:1908.10357; Newell et al., NIPS 2017, arXiv:1611.05424.

    C = 32   28,645,331 parameters    46.2 G multiply-adds at 512 x 512   (92.4 GFLOP)
    C = 48   63,827,139              95.7 G                            (191 GFLOP)

The weights have the names and shapes of HRNet/HigherHRNet-Human-Pose-Estimation (MIT).
"""

import numpy as np

from npkpose import nn
from npkpose.models.backbones.residual import BasicBlock, repeat
from npkpose.models.hrnet import BLOCKS, MODULES, HRNetTrunk
from npkpose.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, to_input
from npkpose.nn._shapes import check_count
from npkpose.skeletons import COCO_17
from npkpose.weights.names import HIGHERHRNET, rename


class HigherHRNet(HRNetTrunk):
    """Map images (N, 3, H, W) to maps (N, 2 K, H/4, W/4) and heatmaps (N, K, H/2, W/2).

    The first K of the 2 K maps are heatmaps, the others tags. H and W are multiples of 32; the
    published results are for multiples of 64, the shorter side being 512.

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
    grouping = "tags"
    input_height, short_side = 512, True  # of the published weights
    convention = "centre"  # "corner" for weights that were trained with UDP
    stride = 2  # of the maps that `split` returns

    def __init__(self, width=32, num_keypoints=17, *, modules=MODULES, blocks=BLOCKS, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        K = self.num_keypoints = check_count("num_keypoints", num_keypoints, 1)
        super().__init__(width, modules, blocks, rng=rng)
        C = width
        self.final_layers = [nn.Conv2d(C, 2 * K, 1, rng=rng), nn.Conv2d(C, K, 1, rng=rng)]
        for layer in self.final_layers:
            layer.params["weight"] *= 0.1  # heatmaps are mostly zero: start near zero
        up = nn.ConvTranspose2d(C + 2 * K, C, 4, stride=2, padding=1, bias=False, rng=rng)
        rows = [repeat(BasicBlock, C, C, 1, rng=rng) for _ in range(blocks)]
        first = nn.Sequential(up, nn.BatchNorm2d(C), nn.ReLU())
        self.deconv_layers = [nn.Sequential(first, *rows)]

    def rename_keys(self, state):
        """Return weights of other releases' names under ours; see `weights.names`."""
        return rename(super().rename_keys(state), HIGHERHRNET)

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, self.size_multiple, IMAGENET_MEAN, IMAGENET_STD)

    def split(self, maps):
        """Return the output of `forward` as heatmaps and tags, each (N, K, H/2, W/2).

        The heatmaps are the mean of both resolutions, the coarser one enlarged bilinearly.
        """
        coarse, fine = maps
        corners = True if self.convention == "corner" else None
        coarse = nn.Upsample(size=fine.shape[2:], mode="bilinear", align_corners=corners)(coarse)
        heatmaps, tags = np.split(coarse, [self.num_keypoints], axis=1)
        return (heatmaps + fine) / 2, tags

    def forward(self, x):
        """Return both arrays of maps; the layers keep what they need."""
        features = super().forward(x)
        coarse = self.final_layers[0](features)
        finer = self.deconv_layers[0](np.concatenate([features, coarse], axis=1))
        return coarse, self.final_layers[1](finer)

    def backward(self, dmaps):
        """Given dL/dy of both arrays, fill every layer's ``grads`` and return dL/dx."""
        dcoarse, dfine = dmaps
        djoined = self.deconv_layers[0].backward(self.final_layers[1].backward(dfine))
        dfeatures, dskip = np.split(djoined, [self.width], axis=1)
        return super().backward(dfeatures + self.final_layers[0].backward(dcoarse + dskip))
