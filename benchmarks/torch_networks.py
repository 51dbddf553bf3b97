"""The networks in plain PyTorch, under the official names: what `benchmarks.networks` races.

Written from the papers, as short as PyTorch allows; evaluation mode only.
"""

import torch
from torch import nn

from npkpose.models.openpose_lightweight import BLOCKS as LIGHTWEIGHT_BLOCKS


def conv(inputs, outputs, kernel, stride=1, dilation=1, groups=1, bias=False):
    """A convolution that keeps the size, but for its stride."""
    padding = dilation * (kernel // 2)
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias)


def conv_norm(inputs, outputs, kernel, stride=1, relu=True):
    layers = [conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Block(nn.Module):
    """A BasicBlock (kernels 3, 3) or a Bottleneck (kernels 1, 3, 1)."""

    def __init__(self, inputs, kernels, widths):
        super().__init__()
        self.count = len(kernels)
        last = inputs
        for i, (kernel, width) in enumerate(zip(kernels, widths), 1):
            setattr(self, f"conv{i}", conv(last, width, kernel))
            setattr(self, f"bn{i}", nn.BatchNorm2d(width))
            last = width
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None if last == inputs else conv_norm(inputs, last, 1, relu=False)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = self.relu(y) if i < self.count else y
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def basic(width):
    return Block(width, (3, 3), (width, width))


class Exchange(nn.Module):
    """A module of HRNet: four blocks along each branch, then every branch to every other."""

    def __init__(self, widths, outputs):
        super().__init__()
        branches = [nn.Sequential(*(basic(w) for _ in range(4))) for w in widths]
        self.branches = nn.ModuleList(branches)
        rows = [[resample(widths, i, j) for j in range(len(widths))] for i in range(outputs)]
        self.fuse_layers = nn.ModuleList(nn.ModuleList(row) for row in rows)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, xs):
        xs = [branch(x) for branch, x in zip(self.branches, xs)]
        rows = [[layer(x) for layer, x in zip(row, xs)] for row in self.fuse_layers]
        return [self.relu(sum(row[1:], row[0])) for row in rows]


def resample(widths, i, j):
    if i == j:
        return nn.Identity()
    if j > i:
        scale = nn.Upsample(scale_factor=2 ** (j - i), mode="nearest")
        return nn.Sequential(*conv_norm(widths[j], widths[i], 1, relu=False), scale)
    down = [conv_norm(widths[j], widths[j], 3, 2) for _ in range(i - j - 1)]
    return nn.Sequential(*down, conv_norm(widths[j], widths[i], 3, 2, relu=False))


class Trunk(nn.Module):
    """HRNet up to its features."""

    def __init__(self, width):
        super().__init__()
        C = [width * 2**b for b in range(4)]
        self.conv1, self.bn1 = conv(3, 64, 3, 2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = conv(64, 64, 3, 2), nn.BatchNorm2d(64)
        rest = [Block(256, (1, 3, 1), (64, 64, 256)) for _ in range(3)]
        self.layer1 = nn.Sequential(Block(64, (1, 3, 1), (64, 64, 256)), *rest)
        new = [nn.Sequential(conv_norm(wide, c, 3, 2)) for wide, c in zip((256, *C[1:]), C[1:])]
        none = nn.Identity
        self.transition1 = nn.ModuleList([conv_norm(256, C[0], 3), new[0]])
        self.transition2 = nn.ModuleList([none(), none(), new[1]])
        self.transition3 = nn.ModuleList([none(), none(), none(), new[2]])
        self.stage2 = nn.Sequential(Exchange(C[:2], 2))
        self.stage3 = nn.Sequential(*(Exchange(C[:3], 3) for _ in range(4)))
        self.stage4 = nn.Sequential(*(Exchange(C, n) for n in (4, 4, 1)))

    def forward(self, x):
        x = torch.relu_(self.bn1(self.conv1(x)))
        x = self.layer1(torch.relu_(self.bn2(self.conv2(x))))
        xs = self.stage2([transition(x) for transition in self.transition1])
        xs = self.stage3([*xs, self.transition2[-1](xs[-1])])
        return self.stage4([*xs, self.transition3[-1](xs[-1])])[0]


class HRNet(Trunk):
    def __init__(self, width=32):
        super().__init__(width)
        self.final_layer = conv(width, 17, 1, bias=True)

    def forward(self, x):
        return self.final_layer(super().forward(x))


class HigherHRNet(Trunk):
    def __init__(self, width=32):
        super().__init__(width)
        self.final_layers = nn.ModuleList(
            [conv(width, 34, 1, bias=True), conv(width, 17, 1, bias=True)]
        )
        up = nn.ConvTranspose2d(width + 34, width, 4, 2, 1, bias=False)
        first = nn.Sequential(up, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        rows = [nn.Sequential(basic(width)) for _ in range(4)]
        self.deconv_layers = nn.ModuleList([nn.Sequential(first, *rows)])

    def forward(self, x):
        x = super().forward(x)
        coarse = self.final_layers[0](x)
        return coarse, self.final_layers[1](self.deconv_layers[0](torch.cat([x, coarse], 1)))


class OpenPoseCOCO(nn.Module):
    """All layers side by side, under Caffe's names, and lists of the names in order."""

    def __init__(self):
        super().__init__()
        widths = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512)
        groups = ((1, 2), (2, 2), (3, 4), (4, 2))
        names = [f"conv{group}_{i}" for group, n in groups for i in range(1, n + 1)]
        table = [(name, 3, width) for name, width in zip(names, widths)]
        self.trunk = self.add(3, table + [("conv4_3_CPM", 3, 256), ("conv4_4_CPM", 3, 128)])
        self.stages = []
        for t in range(1, 7):
            branches = []
            for branch, maps in (("L1", 38), ("L2", 19)):
                if t == 1:
                    rows = zip(range(1, 6), (3, 3, 3, 1, 1), (128, 128, 128, 512, maps))
                    table = [(f"conv5_{i}_CPM_{branch}", k, width) for i, k, width in rows]
                else:
                    rows = zip(range(1, 8), 5 * (7,) + (1, 1), 6 * (128,) + (maps,))
                    table = [(f"Mconv{i}_stage{t}_{branch}", k, width) for i, k, width in rows]
                branches.append(self.add(128 if t == 1 else 185, table))
            self.stages.append(branches)

    def add(self, width, table):
        for name, kernel, outputs in table:
            self.add_module(name, conv(width, outputs, kernel, bias=True))
            width = outputs
        return [name for name, _, _ in table]

    def run(self, x, names, relu_last):
        for name in names:
            x = getattr(self, name)(x)
            x = torch.relu_(x) if relu_last or name != names[-1] else x
            if name in ("conv1_2", "conv2_2", "conv3_4"):
                x = torch.max_pool2d(x, 2)
        return x

    def forward(self, x):
        features = x = self.run(x, self.trunk, True)
        for branches in self.stages:
            maps = [self.run(x, names, False) for names in branches]
            x = torch.cat([*maps, features], 1)
        return maps


def biased(inputs, outputs, kernel, dilation=1, norm=False, relu=True):
    layers = [conv(inputs, outputs, kernel, 1, dilation, bias=True)]
    layers += [nn.BatchNorm2d(outputs)] * norm + [nn.ReLU(inplace=True)] * relu
    return nn.Sequential(*layers)


def separable(inputs, outputs, stride, dilation):
    depthwise = conv(inputs, inputs, 3, stride, dilation, inputs)
    first = [depthwise, nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*first, *conv_norm(inputs, outputs, 1))


def separable_elu():
    layers = conv(128, 128, 3, groups=128), nn.ELU(inplace=True), conv(128, 128, 1)
    return nn.Sequential(*layers, nn.ELU(inplace=True))


class Align(nn.Module):
    def __init__(self):
        super().__init__()
        self.align = biased(512, 128, 1)
        self.trunk = nn.Sequential(*(separable_elu() for _ in range(3)))
        self.conv = biased(128, 128, 3)

    def forward(self, x):
        x = self.align(x)
        return self.conv(x + self.trunk(x))


class Refine(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.initial = biased(inputs, 128, 1)
        self.trunk = nn.Sequential(*(biased(128, 128, 3, d, norm=True) for d in (1, 2)))

    def forward(self, x):
        x = self.initial(x)
        return x + self.trunk(x)


class Heads(nn.Module):
    def __init__(self, trunk, wide):
        super().__init__()
        self.trunk = nn.Sequential(*trunk)
        for name, maps in (("heatmaps", 19), ("pafs", 38)):
            head = nn.Sequential(biased(128, wide, 1), biased(wide, maps, 1, relu=False))
            setattr(self, name, head)

    def forward(self, x):
        x = self.trunk(x)
        return [self.heatmaps(x), self.pafs(x)]


class LightweightOpenPose(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, width = [conv_norm(3, 32, 3, 2)], 32
        for multiple, stride, dilation in LIGHTWEIGHT_BLOCKS:
            blocks.append(separable(width, 32 * multiple, stride, dilation))
            width = 32 * multiple
        self.model, self.cpm = nn.Sequential(*blocks), Align()
        self.initial_stage = Heads([biased(128, 128, 3) for _ in range(3)], 512)
        blocks = [Refine(185)] + [Refine(128) for _ in range(4)]
        self.refinement_stages = nn.ModuleList([Heads(blocks, 128)])

    def forward(self, x):
        x = self.cpm(self.model(x))
        maps = self.initial_stage(x)
        return maps + self.refinement_stages[0](torch.cat([x, *maps], 1))


def TinyKeypointNet(keypoints=4, base=16):
    wide = 2 * base
    return nn.Sequential(
        nn.Conv2d(3, base, 3, 2, 1), nn.ReLU(), nn.Conv2d(base, wide, 3, 2, 1), nn.ReLU(),
        nn.Conv2d(wide, wide, 3, 1, 1), nn.ReLU(),
        nn.ConvTranspose2d(wide, base, 2, 2), nn.ConvTranspose2d(base, keypoints, 2, 2),
    )
