import numpy as np
import pytest

from npkpose import nn
from npkpose.models.backbones.vgg19 import vgg19_features


def test_names_and_shapes_are_those_of_the_first_ten_convolutions_of_vgg19():
    state = vgg19_features(rng=np.random.default_rng(0)).state_dict()
    assert {name: a.shape for name, a in state.items() if name.endswith("weight")} == {
        "conv1_1.weight": (64, 3, 3, 3), "conv1_2.weight": (64, 64, 3, 3),
        "conv2_1.weight": (128, 64, 3, 3), "conv2_2.weight": (128, 128, 3, 3),
        "conv3_1.weight": (256, 128, 3, 3), "conv3_2.weight": (256, 256, 3, 3),
        "conv3_3.weight": (256, 256, 3, 3), "conv3_4.weight": (256, 256, 3, 3),
        "conv4_1.weight": (512, 256, 3, 3), "conv4_2.weight": (512, 512, 3, 3),
    }  # fmt: skip


def test_features_are_pytorchs_at_an_eighth_of_the_size(rng):
    torch = pytest.importorskip("torch")
    net = vgg19_features(2, rng=rng).astype(np.float64)
    state = {name: torch.from_numpy(array) for name, array in net.state_dict().items()}
    x = rng.normal(size=(1, 3, 16, 24))
    y = torch.from_numpy(x)
    for group, count in enumerate((2, 2, 4, 2), 1):
        for i in range(1, count + 1):
            name = f"conv{group}_{i}"
            y = torch.nn.functional.conv2d(y, state[f"{name}.weight"], state[f"{name}.bias"], 1, 1)
            y = y if name == "conv4_2" else y.relu()
        y = torch.nn.functional.max_pool2d(y, 2) if group < 4 else y
    assert y.shape == (1, 16, 2, 3)
    np.testing.assert_allclose(net(x), y, rtol=0, atol=1e-12)


def test_gradients_agree_with_central_differences(smoothed, rng):
    nn.check_layer(smoothed(vgg19_features(2, rng=rng)), rng.normal(size=(1, 3, 16, 16)), rng)
