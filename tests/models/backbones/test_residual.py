import numpy as np
import pytest

from npkpose import nn
from npkpose.models.backbones.residual import BasicBlock, Bottleneck, repeat


def torch_block(torch, in_channels, layers, stride):
    """The block in plain PyTorch, from a list of (kernel size, channels)."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            widths = [in_channels] + [channels for _, channels in layers]
            strided = [kernel for kernel, _ in layers].index(3)
            for i, (k, c) in enumerate(layers):
                s = stride if i == strided else 1
                conv = torch.nn.Conv2d(widths[i], c, k, s, k // 2, bias=False)
                setattr(self, f"conv{i + 1}", conv)
                setattr(self, f"bn{i + 1}", torch.nn.BatchNorm2d(c))
            self.downsample = torch.nn.Identity()
            if stride != 1 or widths[0] != widths[-1]:
                conv = torch.nn.Conv2d(widths[0], widths[-1], 1, stride, bias=False)
                self.downsample = torch.nn.Sequential(conv, torch.nn.BatchNorm2d(widths[-1]))

        def forward(self, x):
            y = x
            for i in range(1, len(layers) + 1):
                y = torch.relu(y) if i > 1 else y
                y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            return torch.relu(y + self.downsample(x))

    return Block()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("block, in_channels, layers, stride", [
    (BasicBlock, 4, [(3, 4), (3, 4)], 1),
    (BasicBlock, 6, [(3, 4), (3, 4)], 2),
    (Bottleneck, 16, [(1, 4), (3, 4), (1, 16)], 1),
    (Bottleneck, 6, [(1, 4), (3, 4), (1, 16)], 2),
])  # fmt: skip
def test_blocks_are_pytorchs(block, in_channels, layers, stride, training, rng):
    torch = pytest.importorskip("torch")
    ours = block(in_channels, 4, stride, rng=rng).astype(np.float64)
    peer = torch_block(torch, in_channels, layers, stride).double()
    peer.load_state_dict({k: torch.from_numpy(v) for k, v in ours.state_dict().items()})
    x = rng.normal(size=(2, in_channels, 6, 8))
    x_peer = torch.from_numpy(x).requires_grad_()
    y_peer = peer.train(training)(x_peer)
    y = ours.train(training)(x)
    np.testing.assert_allclose(y, y_peer.detach(), rtol=0, atol=1e-12)
    if training:
        dy = rng.normal(size=y.shape)
        y_peer.backward(torch.from_numpy(dy))
        np.testing.assert_allclose(ours.backward(dy), x_peer.grad, rtol=0, atol=1e-12)
        gradients = dict(ours.named_gradients())
        for name, p in peer.named_parameters():
            np.testing.assert_allclose(gradients[name], p.grad, rtol=0, atol=1e-10)


def test_only_the_first_block_in_a_row_changes_the_width(rng):
    row = repeat(Bottleneck, 8, 2, 3, rng=rng)
    assert [block.downsample is None for block in row.layers] == [True, True, True]
    row = repeat(Bottleneck, 6, 2, 3, rng=rng)
    assert [block.downsample is None for block in row.layers] == [False, True, True]
    assert row.state_dict()["0.downsample.0.weight"].shape == (8, 6, 1, 1)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_gradients_agree_with_central_differences(block, rng):
    layer = block(6, 2, rng=rng)
    nn.check_layer(layer, rng.normal(size=(2, 6, 5, 4)), rng)
