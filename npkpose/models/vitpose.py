"""ViTPose: keypoint heatmaps from a plain vision transformer.

    image (3, H, W)
      vision transformer of 12 blocks (24 in L, 32 in H)          ->  (D, H/16, W/16)
    decoder "classic"
      2 x (transposed convolution 4x4 of stride 2, BN, ReLU)      ->  (256, H/4, W/4)
      1x1 convolution                                             ->  (K, H/4, W/4)
    decoder "simple"
      ReLU, bilinear x 4, 3x3 convolution                         ->  (K, H/4, W/4)

The transformer is `npkpose.models.backbones.transformer`. Xu et al., "ViTPose: Simple Vision
Transformer Baselines for Human Pose Estimation", NeurIPS 2022, arXiv:2204.12484. At 256 x 192:

    size, decoder      D   blocks   heads    parameters     multiply-adds
    S, simple        384       12      12    21,722,513     4.3 G + 0.3 G of attention
    S, classic                               24,290,577     5.3 G
    B, simple        768       12      12    85,912,337    16.8 G + 0.7 G
    B, classic                               89,994,513    17.8 G
    L, classic      1024       24      16   308,544,785    59.8 G + 1.8 G
    H, classic      1280       32      16   637,208,849   122.8 G + 3.0 G

The weights have the names of Hugging Face's transformers; `weights.names` also reads the
authors' (ViTAE-Transformer/ViTPose, Apache-2.0) and mmpose's.
"""

import numpy as np

from npkpose import nn
from npkpose._check import check_choice, check_number, check_rng, check_size, shown
from npkpose.grid import Grid
from npkpose.models.backbones.transformer import PATCH, VisionTransformer
from npkpose.models.preprocess import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    check_multiples,
    check_sides,
    to_input,
)
from npkpose.nn._shapes import check_count, check_counts
from npkpose.nn.fuse import run
from npkpose.skeletons import COCO_17
from npkpose.weights.names import rename_vitpose

SIZES = {"S": (384, 12, 12), "B": (768, 12, 12), "L": (1024, 24, 16), "H": (1280, 32, 16)}
DECODERS = ("classic", "simple")
DECODER_CHANNELS = 256


class ViTPose(nn.Module):
    """Map images (N, 3, H, W), H and W multiples of 16, to heatmaps (N, K, H/4, W/4).

    Parameters
    ----------
    size : "S", "B", "L" or "H", or (D, blocks, heads)
    decoder : "classic" or "simple"
    num_keypoints : int
        K.
    image_size : (H, W)
        Of the position table, which is resized bicubically for images of other sizes.
    drop_path : float
        Probability, while training, of skipping a half of the last block; the first block's is
        0, and it grows linearly between them. The authors train S with 0.1, B with 0.3.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the skipped halves; default a generator of seed 0.
    """

    skeleton = COCO_17
    stride = 4
    grid = Grid(stride, "corner")  # UDP
    refine = "dark_udp"
    size_multiple = PATCH

    def __init__(
        self, size="B", decoder="classic", num_keypoints=17, *, image_size=(256, 192),
        drop_path=0.0, rng=None,
    ):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else check_rng(rng)
        check_choice("decoder", decoder, DECODERS)
        check_count("num_keypoints", num_keypoints, 1)
        self.input_size = check_size("image_size", image_size)
        check_multiples("image_size", self.input_size, PATCH)
        D, blocks, heads = _check_sizes(size)
        if check_number("drop_path", drop_path, at_least=0.0) > 1:
            raise ValueError(f"drop_path: expected at most 1, got {drop_path}")
        self.backbone = VisionTransformer(D, blocks, heads, self.input_size, drop_path, rng)
        head = ClassicDecoder if decoder == "classic" else SimpleDecoder
        self.head = head(D, num_keypoints, rng)

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, PATCH, IMAGENET_MEAN, IMAGENET_STD)

    def rename_keys(self, state):
        """Return weights of Hugging Face's, the authors' or mmpose's names under ours."""
        return rename_vitpose(super().rename_keys(state))

    def forward(self, x):
        """Return the heatmaps of ``x``; the layers keep what they need."""
        check_sides(x, PATCH)
        return self.head(self.backbone(x))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.backbone.backward(self.head.backward(dy))


class Decoder(nn.Module):
    """Map features (N, D, h, w) to heatmaps (N, K, 4h, 4w); `path` is its layers."""

    def path(self):
        """Return the layers, first to last."""
        raise NotImplementedError(f"{type(self).__name__}.path is not written")

    def forward(self, x):
        """Return the heatmaps; the layers keep what they need."""
        return run(self.path(), x)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        for layer in reversed(self.path()):
            dy = layer.backward(dy)
        return dy


class ClassicDecoder(Decoder):
    """Two transposed convolutions, each with BN and ReLU, and a 1x1 convolution."""

    def __init__(self, D, num_keypoints, rng):
        super().__init__()
        C = DECODER_CHANNELS
        self.deconv1 = nn.ConvTranspose2d(D, C, 4, 2, 1, bias=False, rng=rng)
        self.batchnorm1, self.relu1 = nn.BatchNorm2d(C), nn.ReLU()
        self.deconv2 = nn.ConvTranspose2d(C, C, 4, 2, 1, bias=False, rng=rng)
        self.batchnorm2, self.relu2 = nn.BatchNorm2d(C), nn.ReLU()
        self.conv = nn.Conv2d(C, num_keypoints, 1, rng=rng)
        self.conv.params["weight"] *= 0.1  # heatmaps are mostly zero: start near zero

    def path(self):
        """Return the layers, first to last."""
        first = self.deconv1, self.batchnorm1, self.relu1
        return *first, self.deconv2, self.batchnorm2, self.relu2, self.conv


class SimpleDecoder(Decoder):
    """ReLU, bilinear upsampling and one 3x3 convolution.

    Upsampling mixes pixels, and a kernel tap mixes channels, so their order does not matter. In
    evaluation the nine taps come first, at a sixteenth of the pixels; then the K maps of each tap
    are upsampled, shifted and added up.
    """

    def __init__(self, D, num_keypoints, rng):
        super().__init__()
        self.activation = nn.ReLU()
        self.upsampling = nn.Upsample(scale_factor=4, mode="bilinear")
        self.conv = nn.Conv2d(D, num_keypoints, 3, 1, 1, rng=rng)
        self.conv.params["weight"] *= 0.1  # heatmaps are mostly zero: start near zero

    def path(self):
        """Return the layers, first to last."""
        return self.activation, self.upsampling, self.conv

    def forward(self, x):
        """Return the heatmaps; the layers keep what they need."""
        return super().forward(x) if self.training else self._taps_first(self.activation(x))

    def _taps_first(self, x):
        N, D, h, w = x.shape
        weight = self.conv.params["weight"].astype(x.dtype, copy=False)[:, :, ::-1, ::-1]
        taps = weight.transpose(0, 2, 3, 1).reshape(weight.size // D, D)  # (K 9, D), flipped
        maps = self.upsampling((taps @ x.reshape(N, D, h * w)).reshape(N, len(taps), h, w))
        columns = maps.reshape(N, len(taps), 16 * h * w)
        y = nn.fold(columns, maps.shape[2:], self.conv.kernel_size, padding=1)
        return y + self.conv.params["bias"].astype(x.dtype, copy=False)[:, None, None]


def _check_sizes(size):
    if isinstance(size, str):
        return SIZES[check_choice("size", size, tuple(SIZES))]
    if not isinstance(size, (tuple, list)) or len(size) != 3:
        known = ", ".join(SIZES)
        raise ValueError(f"size: expected one of {known} or three numbers, got {shown(size)}")
    return check_counts("size", size)
