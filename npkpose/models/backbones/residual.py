"""The blocks that convolutional networks consist of.

    conv_norm    x ── convolution ── normalisation ── (ReLU) ── y
    BasicBlock   x ─┬─ 3x3, BN, ReLU ── 3x3, BN ───────────────── + ── ReLU ── y
                    └─ 1x1, BN if the shapes differ ──────────────┘
    Bottleneck   x ─┬─ 1x1, BN, ReLU ── 3x3, BN, ReLU ── 1x1, BN ─ + ── ReLU ── y
                    └─ 1x1, BN if the shapes differ ───────────────┘

The last 1x1 of a Bottleneck has four times the channels of its 3x3. He et al., "Deep
Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385, figure 5. A block's
stride is in its first 3x3 convolution, as in torchvision; the names are torchvision's too.
"""

from npkpose import nn
from npkpose.nn.fuse import run


def conv_norm(in_channels, channels, kernel_size, stride=1, *, relu=True, rng):
    """Return convolution, batch normalisation and, if asked, ReLU: children 0, 1 and 2."""
    padding = kernel_size // 2
    conv = nn.Conv2d(in_channels, channels, kernel_size, stride, padding, bias=False, rng=rng)
    layers = [conv, nn.BatchNorm2d(channels)]
    return nn.Sequential(*layers, nn.ReLU()) if relu else nn.Sequential(*layers)


class NamedSequential(nn.Module):
    """Layers applied in the order in which they were set as attributes; they keep these names."""

    def forward(self, x):
        """Return ``x`` passed through every layer; the layers keep what they need."""
        return run([layer for _, layer in self.named_children()], x)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        for _, layer in reversed(list(self.named_children())):
            dy = layer.backward(dy)
        return dy


class FlattenNames(nn.Module):
    """A module of parts; state-dict keys leave out the parts' names, as Caffe's do."""

    def named_children(self):
        """Yield every layer of every part, under its name within the part."""
        for _, part in super().named_children():
            yield from part.named_children()


class Residual(nn.Module):
    """relu(x + f(x)), or relu(downsample(x) + f(x)); `path` is f, layer by layer."""

    def __init__(self, in_channels, out_channels, stride, rng):
        super().__init__()
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = conv_norm(in_channels, out_channels, 1, stride, relu=False, rng=rng)

    def path(self):
        """Return the layers of f, first to last."""
        raise NotImplementedError(f"{type(self).__name__}.path is not written")

    def forward(self, x):
        """Return the block's output; the layers keep what they need."""
        skip = x if self.downsample is None else self.downsample(x)
        return run((*self.path(), self.relu), x, skip)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dskip = dx = self.relu.backward(dy)
        for layer in reversed(self.path()):
            dx = layer.backward(dx)
        return dx + (dskip if self.downsample is None else self.downsample.backward(dskip))


class BasicBlock(Residual):
    """Two 3x3 convolutions of ``channels``."""

    expansion = 1

    def __init__(self, in_channels, channels, stride=1, *, rng):
        super().__init__(in_channels, channels, stride, rng)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False, rng=rng)
        self.bn1, self.relu1 = nn.BatchNorm2d(channels), nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False, rng=rng)
        self.bn2 = nn.BatchNorm2d(channels)

    def path(self):
        """Return the layers of f, first to last."""
        return self.conv1, self.bn1, self.relu1, self.conv2, self.bn2


class Bottleneck(Residual):
    """A 3x3 convolution of ``channels`` between two 1x1; gives 4 x ``channels``."""

    expansion = 4

    def __init__(self, in_channels, channels, stride=1, *, rng):
        wide = self.expansion * channels
        super().__init__(in_channels, wide, stride, rng)
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False, rng=rng)
        self.bn1, self.relu1 = nn.BatchNorm2d(channels), nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False, rng=rng)
        self.bn2, self.relu2 = nn.BatchNorm2d(channels), nn.ReLU()
        self.conv3 = nn.Conv2d(channels, wide, 1, bias=False, rng=rng)
        self.bn3 = nn.BatchNorm2d(wide)

    def path(self):
        """Return the layers of f, first to last."""
        first, second = (self.conv1, self.bn1, self.relu1), (self.conv2, self.bn2, self.relu2)
        return *first, *second, self.conv3, self.bn3


def repeat(block, in_channels, channels, count, *, rng):
    """Return ``count`` blocks in sequence; only the first takes ``in_channels``."""
    blocks = [block(in_channels, channels, rng=rng)]
    blocks += [block(block.expansion * channels, channels, rng=rng) for _ in range(count - 1)]
    return nn.Sequential(*blocks)
