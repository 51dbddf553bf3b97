import numpy as np
import pytest

from npkpose.models import TinyKeypointNet, TinyPafNet
from npkpose.nn import check_layer


def test_the_layers_have_the_stated_shapes_and_the_parameters_are_counted_by_hand():
    net = TinyKeypointNet()
    shapes = [net.state_dict()[f"{i}.weight"].shape for i in (0, 2, 4, 6, 7)]
    assert shapes == [(16, 3, 3, 3), (32, 16, 3, 3), (32, 32, 3, 3), (32, 16, 2, 2), (16, 4, 2, 2)]
    # 27*16+16 + 144*32+32 + 288*32+32 + 128*16+16 + 64*4+4
    assert net.num_parameters() == 16_660
    assert net(np.zeros((2, 3, 20, 32), np.float32)).shape == (2, 4, 20, 32)
    assert TinyKeypointNet(7, base=4)(np.zeros((0, 3, 8, 8), np.float32)).shape == (0, 7, 8, 8)


def test_pytorch_gives_the_same_maps(rng):
    torch = pytest.importorskip("torch")
    net = TinyKeypointNet(rng=rng)
    peer = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(16, 32, 3, 2, 1),
        torch.nn.ReLU(), torch.nn.Conv2d(32, 32, 3, 1, 1), torch.nn.ReLU(),
        torch.nn.ConvTranspose2d(32, 16, 2, 2), torch.nn.ConvTranspose2d(16, 4, 2, 2),
    )  # fmt: skip
    peer.load_state_dict({k: torch.from_numpy(v) for k, v in net.state_dict().items()})
    x = rng.random((2, 3, 24, 16), dtype=np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(net(x), peer(torch.from_numpy(x)).numpy(), atol=1e-6)


@pytest.mark.parametrize("net", [TinyKeypointNet(2, 2), TinyPafNet(2, 4, 2)])
def test_gradients_are_right(net, rng):
    x = rng.normal(size=(2, 3, 8, 8))
    check_layer(net, x, rng, rtol=1e-5)


def test_the_paf_net_gives_both_heads_at_half_the_size():
    net = TinyPafNet(4, 8)
    heatmaps, fields = net.split(net(np.zeros((1, 3, 32, 48), np.float32)))
    assert heatmaps.shape == (1, 4, 16, 24) and fields.shape == (1, 8, 16, 24)
    assert net.stride == 2


def test_the_receptive_field_of_the_paf_net_is_as_stated():
    net = TinyPafNet(1, 1, 2).astype(np.float64)
    for _, array in net.named_parameters():
        array[...] = 1.0  # every path is positive: no gradients cancel
    x = np.ones((1, 3, 128, 128))
    y = net(x)
    dy = np.zeros_like(y)
    dy[0, 0, 32, 32] = 1
    seen = np.flatnonzero(net.backward(dy)[0, 0].any(axis=0))
    assert seen[-1] - seen[0] + 1 == 71


def test_the_same_generator_gives_the_same_weights_and_others_differ():
    one, same, other = (TinyKeypointNet(rng=np.random.default_rng(s)) for s in (1, 1, 2))
    for (_, a), (_, b), (_, c) in zip(*(n.named_parameters() for n in (one, same, other))):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or (a != c).any()
