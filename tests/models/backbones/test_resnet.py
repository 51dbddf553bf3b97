import numpy as np
import pytest

from npkpose.models.backbones.resnet import ResNet


def torch_resnet(torch, state, x):
    """The same network in PyTorch's functions, weights by name, with batch statistics."""
    F = torch.nn.functional

    def unit(x, conv, norm, stride=1, padding=0):
        x = F.conv2d(x, state[f"{conv}.weight"], None, stride, padding)
        return F.batch_norm(x, None, None, state[f"{norm}.weight"], state[f"{norm}.bias"], True)

    x = F.max_pool2d(unit(x, "conv1", "bn1", 2, 3).relu(), 3, 2, 1)
    for i in range(1, 5):
        blocks = sum(f"layer{i}.{j}.conv1.weight" in state for j in range(9))
        for j in range(blocks):
            name, stride = f"layer{i}.{j}", 2 if i > 1 and j == 0 else 1
            y = unit(x, f"{name}.conv1", f"{name}.bn1").relu()
            y = unit(y, f"{name}.conv2", f"{name}.bn2", stride, 1).relu()
            y = unit(y, f"{name}.conv3", f"{name}.bn3")
            if j == 0:
                x = unit(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
            x = (x + y).relu()
    return x


def test_resnet_50_has_the_number_of_parameters_and_the_names_of_torchvisions():
    net = ResNet()
    assert net.num_parameters() == 25_557_032 - 2_049_000  # torchvision's, less its classifier
    state = net.state_dict()
    assert state["layer3.5.conv2.weight"].shape == (256, 256, 3, 3)
    assert state["layer1.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert "layer1.1.downsample.0.weight" not in state and net.out_channels == 2048


def test_outputs_and_gradients_are_pytorchs(rng):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net = ResNet((1, 2, 1, 1), 2, rng=rng).astype(np.float64).train()
    x = rng.normal(size=(2, 3, 64, 96))
    state = {k: torch.from_numpy(a).requires_grad_() for k, a in net.named_parameters()}
    x_peer = torch.from_numpy(x).requires_grad_()
    y_peer, y = torch_resnet(torch, state, x_peer), net(x)
    assert y.shape == (2, 64, 2, 3)
    np.testing.assert_allclose(y, y_peer.detach(), rtol=0, atol=1e-9)
    dy = rng.normal(size=y.shape)
    y_peer.backward(torch.from_numpy(dy))
    dx = net.backward(dy)
    np.testing.assert_allclose(dx, x_peer.grad, rtol=0, atol=1e-9 * abs(dx).max())
    gradients = dict(net.named_gradients())
    assert gradients.keys() == state.keys()
    for name, twin in state.items():
        atol = 1e-9 * max(1, float(abs(twin.grad).max()))
        np.testing.assert_allclose(gradients[name], twin.grad, rtol=0, atol=atol, err_msg=name)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"blocks: expected 4 items, got \(3, 4\)"):
        ResNet((3, 4))
    with pytest.raises(ValueError, match="blocks: expected at least 1, got 0"):
        ResNet((1, 1, 1, 0), 1)
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        ResNet(width=0)
