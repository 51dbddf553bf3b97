"""The first half of MobileNetV2, at half width: features at stride 8.

    image (3, H, W) ── shallow ──┬───────────────── (16, H/8, W/8) ──┐
                                 └── deep ── (48, H/16, W/16) ── x2 ─┴── features (64)

A block has t times as many channels inside, where it filters each channel by itself:

    x ── 1x1, ReLU6 ── depthwise 3x3, ReLU6 ── 1x1 ──(+ x if the shapes agree)── y

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
arXiv:1801.04381. As in ildoonet/tf-pose-estimation ("mobilenet_v2_small", Apache-2.0):
the network ends before the 160-channel blocks, and the graph was saved in training mode, so
each image is normalised by its own statistics. Therefore, a change in one corner of an
image changes the features everywhere.
"""

import numpy as np

from npkpose import nn
from npkpose.models.backbones.residual import NamedSequential

# Sandler et al., Table 2, halved: expansion t, channels c, repeats n, stride s of the first.
STEM = 16
SHALLOW = ((1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2))
DEEP = ((6, 32, 4, 2), (6, 48, 3, 1))

EPS = 1e-3  # of every normalisation: TensorFlow's default


class MobileNetV2Features(nn.Module):
    """Map images (N, 3, H, W), H and W multiples of 16, to features (N, 64, H/8, W/8)."""

    channels = SHALLOW[-1][1] + DEEP[-1][1]

    def __init__(self, rng):
        super().__init__()
        stem = ConvNorm(3, STEM, 3, stride=2, rng=rng)
        self.shallow = nn.Sequential(stem, *_blocks(STEM, SHALLOW, rng))
        self.deep = nn.Sequential(*_blocks(SHALLOW[-1][1], DEEP, rng))
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", tf1=True)

    def forward(self, x):
        """Return the features of ``x``; the layers keep what they need."""
        shallow = self.shallow(x)
        deep = self.upsample(self.deep(shallow))
        return np.concatenate([shallow, deep], axis=1)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dshallow, ddeep = np.split(dy, [SHALLOW[-1][1]], axis=1)
        dshallow = dshallow + self.deep.backward(self.upsample.backward(ddeep))
        return self.shallow.backward(dshallow)


class InvertedResidual(NamedSequential):
    """The block above; its depthwise convolution has the stride."""

    def __init__(self, in_channels, channels, stride, expansion, rng):
        super().__init__()
        wide = expansion * in_channels
        self.residual = stride == 1 and in_channels == channels
        if expansion > 1:
            self.expand = ConvNorm(in_channels, wide, 1, rng=rng)
        self.depthwise = ConvNorm(wide, wide, 3, stride, groups=wide, rng=rng)
        self.project = ConvNorm(wide, channels, 1, relu=False, rng=rng)

    def forward(self, x):
        """Return the block's output; the layers keep what they need."""
        y = super().forward(x)
        return x + y if self.residual else y

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dx = super().backward(dy)
        return dy + dx if self.residual else dx


class ConvNorm(NamedSequential):
    """Convolution, normalisation by the image's own statistics and, if ``relu``, ReLU6.

    Padding is TensorFlow's "SAME": for stride 2 and even sizes, one row below and one column on
    the right.
    """

    def __init__(self, in_channels, channels, kernel, stride=1, groups=1, relu=True, *, rng):
        super().__init__()
        if stride == 2:
            self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(
            in_channels, channels, kernel, stride, padding, groups=groups, bias=False, rng=rng
        )
        self.norm = ImageNorm(channels, eps=EPS, track_running_stats=False, statistics="image")
        if relu:
            self.relu = nn.ReLU6()


class ImageNorm(nn.BatchNorm2d):
    """Normalise each channel by its mean and variance in this image, summed as in TensorFlow.

    TensorFlow adds pixel after pixel in float32, in two halves, one for each thread. With 56,000
    pixels the rounding error reaches the fifth digit, and OpenPose's stages amplify it. For a test
    photo, exact sums give an output that differs from TensorFlow's by 4e-4 of the largest value;
    with TensorFlow's order of addition, the difference is 7.5e-5.
    """

    def _statistics(self, mode, rows):
        """Return mean and 1 / sqrt(var + eps), each (N C,), of rows (1, N C, pixels)."""
        pixels = rows.shape[2]
        mean = _running_sum(rows) * (1.0 / pixels)  # (1, N C)
        squares = _running_sum(np.square(rows - mean[..., None]))
        scale = 1.0 / np.sqrt(squares / pixels + self.eps)
        return mean[0].astype(np.float64), scale[0].astype(np.float64)


def _running_sum(rows):
    """Return the sum over the pixels, (N, C), of rows (N, C, pixels), in two halves.

    NumPy adds one number after the other only along an axis that is not contiguous, and pairwise
    otherwise. So the pixel axis is moved before the channels.
    """
    pixels = np.ascontiguousarray(rows.swapaxes(1, 2))
    first, second = np.array_split(pixels, 2, axis=1)
    return first.sum(axis=1) + second.sum(axis=1)


def _blocks(in_channels, table, rng):
    blocks = []
    for t, c, n, s in table:
        for i in range(n):
            blocks.append(InvertedResidual(in_channels, c, s if i == 0 else 1, t, rng))
            in_channels = c
    return blocks
