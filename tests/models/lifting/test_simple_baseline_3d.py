import numpy as np
import pytest

from npkpose import nn
from npkpose.models.lifting.simple_baseline_3d import Normalisation, Simple3D
from npkpose.nn.batchnorm import freeze_statistics

RNG = np.random.default_rng(0)


def test_number_and_names_of_the_parameters_are_the_published_ones():
    net = Simple3D()
    assert net.num_parameters() == 4_291_632
    names = {name for name, _ in net.named_parameters()}
    for layer in ("w1", "batch_norm1", "w2", "linear_stages.1.batch_norm2", "linear_stages.0.w1"):
        assert {f"{layer}.weight", f"{layer}.bias"} <= names
    assert "linear_stages.1.batch_norm1.running_var" in net.state_dict()
    assert len(names) == 2 * (3 + 2 * 4)


def test_pytorch_gives_the_same_poses_and_gradients():
    torch = pytest.importorskip("torch")
    net = Simple3D((3, 4), 8, dropout=0)
    for _, module in net.named_modules():
        for name in module.buffers:
            if name.startswith("running"):
                module.buffers[name] += RNG.uniform(0, 0.5, 8).astype(np.float32)
    state = {name: torch.from_numpy(array) for name, array in net.state_dict().items()}

    def norm(x, prefix):
        parts = ("running_mean", "running_var", "weight", "bias")
        return torch.nn.functional.batch_norm(x, *(state[f"{prefix}.{part}"] for part in parts))

    def linear(x, prefix):
        return torch.nn.functional.linear(x, state[f"{prefix}.weight"], state[f"{prefix}.bias"])

    x = RNG.normal(size=(5, 3, 2)).astype(np.float32)
    given = torch.from_numpy(x).requires_grad_()
    y = torch.relu(norm(linear(given.reshape(5, 6), "w1"), "batch_norm1"))
    for stage in ("linear_stages.0", "linear_stages.1"):
        z = torch.relu(norm(linear(y, f"{stage}.w1"), f"{stage}.batch_norm1"))
        y = y + torch.relu(norm(linear(z, f"{stage}.w2"), f"{stage}.batch_norm2"))
    expected = linear(y, "w2").reshape(5, 4, 3)
    np.testing.assert_allclose(net.eval()(x), expected.detach().numpy(), rtol=0, atol=1e-5)
    expected.square().sum().backward()
    freeze_statistics(net.train())
    dx = net.backward(2 * net(x))
    np.testing.assert_allclose(dx, given.grad.numpy(), rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_central_differences(smoothed):
    net = smoothed(Simple3D((3, 4), 8, dropout=0)).train()
    nn.check_layer(net, RNG.normal(size=(6, 3, 2)), np.random.default_rng(2), rtol=1e-5)


def test_it_learns_the_depth_of_a_turning_stick():
    """Two joints of a stick of length 1 that turns about y: its depth follows from its width."""
    angle = RNG.uniform(0.1, 3.0, 400)
    end = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=-1)
    poses_3d = np.stack([0 * end, end], axis=1)  # (N, 2, 3)
    poses_2d = 100 * poses_3d[..., :2] + 50
    normalisation = Normalisation.of(poses_2d, poses_3d)
    x = (poses_2d - normalisation.mean_2d) / normalisation.std_2d
    target = (poses_3d - normalisation.mean_3d) / normalisation.std_3d
    net = Simple3D((2, 2), 32, 1, dropout=0).train()
    optimizer = nn.Adam(net, 1e-2)
    for _ in range(200):
        _, dy = nn.mse_loss(net(x.astype(np.float32)), target)
        net.backward(dy)
        optimizer.step()
    lifted = net.eval().lift(poses_2d, normalisation)
    assert abs(lifted - poses_3d)[..., 2].mean() < 0.05 < abs(poses_3d)[:, 1, 2].std()


def test_no_poses_give_no_poses_and_bad_arguments_are_named():
    net = Simple3D((3, 4), 8).eval()
    assert net(np.empty((0, 3, 2))).shape == (0, 4, 3)
    with pytest.raises(ValueError, match=r"x: expected shape \(N, 3, 2\), got \(1, 4, 2\)"):
        net(np.zeros((1, 4, 2)))
    with pytest.raises(ValueError, match="joints: expected at least 1, got 0"):
        Simple3D((0, 1))
    for arguments, name in (((5,), "joints"), (((3, 4), "a"), "features"), (((3, 4), 8, 1, 2),
                            "dropout")):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            Simple3D(*arguments)
    with pytest.raises(ValueError, match="normalisation: expected a Normalisation, got 1j"):
        net.lift(np.zeros((1, 3, 2)), 1j)
    other = Normalisation.of(np.ones((2, 4, 2)), np.ones((2, 4, 3)))
    with pytest.raises(ValueError, match=r"normalisation.mean_2d: expected shape \(3, 2\)"):
        net.lift(np.zeros((1, 3, 2)), other)
    with pytest.raises(ValueError, match="poses_2d: expected at least one pose, got none"):
        Normalisation.of(np.empty((0, 3, 2)), np.empty((0, 3, 3)))
    with pytest.raises(ValueError, match=r"keypoints\[0, 0, 0\]: expected a finite value"):
        net.lift(np.full((1, 3, 2), np.nan), None)
