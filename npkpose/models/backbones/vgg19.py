"""The first ten convolutions of VGG-19: features at stride 8.

    image ── 2 x (3x3, B) ── pool ── 2 x (3x3, 2B) ── pool ── 4 x (3x3, 4B) ── pool
          ── 2 x (3x3, 8B) ── features (8B)

with a ReLU after every convolution, max pooling of 2x2, and B = 64. Simonyan & Zisserman,
"Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015,
arXiv:1409.1556, table 1, column E. Names are Caffe's: conv2_1 is the first of group 2.
"""

from npkpose import nn
from npkpose.models.backbones.residual import NamedSequential

GROUPS = (2, 2, 4, 2)  # convolutions before each pooling, and after the last


def vgg19_features(base=64, *, rng):
    """Return the layers up to conv4_2, without the activation of conv4_2."""
    net, in_channels = NamedSequential(), 3
    for group, count in enumerate(GROUPS, 1):
        channels = base * 2 ** (group - 1)
        for i in range(1, count + 1):
            conv = nn.Conv2d(in_channels, channels, 3, padding=1, rng=rng)
            setattr(net, f"conv{group}_{i}", conv)
            if (group, i) != (4, 2):
                setattr(net, f"relu{group}_{i}", nn.ReLU())
            in_channels = channels
        if group < len(GROUPS):
            setattr(net, f"pool{group}", nn.MaxPool2d(2))
    return net
