"""ResNet: features of an image from a deep stack of blocks, each of which adds to its input.

    image                                                       stride   channels
    7x7 convolution of stride 2, BN, ReLU, 3x3 maximum of stride 2   4          C
    layer1   Bottlenecks                                             4        4 C
    layer2   Bottlenecks, the first of stride 2                      8        8 C
    layer3   Bottlenecks, the first of stride 2                     16       16 C
    layer4   Bottlenecks, the first of stride 2                     32       32 C

With C = 64 and 3, 4, 6 and 3 blocks this is ResNet-50 without its classifier: 23,508,032
parameters. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016,
arXiv:1512.03385, table 1. The weights have torchvision's names; load torchvision's files with
``strict=False``, which ignores their classifier ``fc``.

Departure, torchvision's: a block's stride is in its 3x3 convolution, not its first 1x1.
"""

from npkpose import nn
from npkpose.models.backbones.residual import Bottleneck, NamedSequential
from npkpose.nn._shapes import check_count, check_counts

RESNET_50 = (3, 4, 6, 3)  # blocks in each layer


class ResNet(NamedSequential):
    """Map images (N, 3, H, W) to features (N, 32 C, H/32, W/32).

    Parameters
    ----------
    blocks : four int
        In layers 1 to 4.
    width : int
        C.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, blocks=RESNET_50, width=64, *, rng=None):
        super().__init__()
        C = check_count("width", width, 1)
        blocks = check_counts("blocks", blocks, 4)
        self.conv1 = nn.Conv2d(3, C, 7, 2, 3, bias=False, rng=rng)
        self.bn1, self.relu, self.maxpool = nn.BatchNorm2d(C), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        in_channels = C
        for i, count in enumerate(blocks):
            layer = _layer(in_channels, C << i, count, 1 + (i > 0), rng)
            setattr(self, f"layer{i + 1}", layer)
            in_channels = Bottleneck.expansion * C << i
        self.out_channels = in_channels


def _layer(in_channels, channels, count, stride, rng):
    """Blocks in sequence; the first has the stride and may change the number of channels."""
    first = Bottleneck(in_channels, channels, stride, rng=rng)
    wide = Bottleneck.expansion * channels
    rest = [Bottleneck(wide, channels, rng=rng) for _ in range(count - 1)]
    return nn.Sequential(first, *rest)
