import numpy as np
import pytest

from npkpose import weights
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.pretrained import load_lifter
from npkpose.models.lifting.simple_baseline_3d import Simple3D
from npkpose.models.lifting.videopose3d import VideoPose3D

NETWORKS = {
    "dilated": lambda: VideoPose3D((3, 5), 8, (4, 6)),
    "one frame": lambda: VideoPose3D((1, 1, 1), 8, (3, 3)),
    "strided": lambda: VideoPose3D((3, 3, 3), 8, (3, 3), "strided"),
    "dense": lambda: VideoPose3D((3, 3, 3), 8, (3, 3), "dense"),
    "mhformer": lambda: MHFormer(18, 4, 3, (16, 24), depth=2),
    "simple": lambda: Simple3D((4, 5), 8, stages=3),
}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("name", NETWORKS)
def test_names_and_shapes_in_a_file_say_which_network_it_is(tmp_path, name, prefix):
    net = NETWORKS[name]()
    rng = np.random.default_rng(0)
    state = {
        k: a + rng.uniform(0, 0.1, a.shape).astype(a.dtype) for k, a in net.state_dict().items()
    }
    weights.save(tmp_path / "w.npz", {prefix + k: a for k, a in state.items()})
    found = load_lifter(tmp_path / "w.npz")
    assert type(found) is type(net) and found.joints == net.joints and not found.training
    for key, array in found.state_dict().items():
        np.testing.assert_array_equal(array, state[key])
    if isinstance(net, VideoPose3D):
        assert found.widths == net.widths and not found.causal
        assert found.form == ("dense" if name == "dense" else "dilated")
        assert load_lifter(tmp_path / "w.npz", causal=True).causal


def mmpose_names(state, head):
    """Return the state of a VideoPose3D under the names of mmpose."""
    renamed = {}
    for name, array in state.items():
        place, *_, leaf = name.split(".")
        block = int(name.split(".")[1]) if place.startswith("layers") else 0
        kind = place.rpartition("_")[2]
        where = {
            "expand_conv": "backbone.expand_conv.conv", "expand_bn": "backbone.expand_conv.bn",
            "shrink": f"{head}.conv",
        }.get(place, f"backbone.tcn_blocks.{block // 2}.conv{block % 2 + 1}.{kind}")  # fmt: skip
        renamed[f"{where}.{leaf}"] = array
    return renamed


@pytest.mark.parametrize("head", ["keypoint_head", "head"])
@pytest.mark.parametrize("widths", [(3, 3, 3), (1, 1, 1)])
def test_mmposes_names_of_videopose3d_are_translated(tmp_path, widths, head):
    net = VideoPose3D(widths, 8, (4, 4), rng=np.random.default_rng(3)).eval()
    theirs = mmpose_names(net.state_dict(), head)
    assert "backbone.tcn_blocks.1.conv2.bn.running_var" in theirs
    weights.save(tmp_path / "w.npz", theirs)
    found, x = load_lifter(tmp_path / "w.npz"), np.ones((1, 30, 4, 2), np.float32)
    np.testing.assert_array_equal(found(x), net(x))


def test_mmposes_simple_baseline_is_one_of_linear_maps(tmp_path):
    """Its network of kernels of 1 is VideoPose3D's, with 16 of 17 joints."""
    net = VideoPose3D((1, 1, 1), 8, (17, 16), rng=np.random.default_rng(3)).eval()
    weights.save(tmp_path / "w.npz", mmpose_names(net.state_dict(), "keypoint_head"))
    found = load_lifter(tmp_path / "w.npz")
    assert isinstance(found, Simple3D) and found.joints == (17, 16)
    x = np.random.default_rng(0).normal(size=(5, 17, 2)).astype(np.float32)
    np.testing.assert_allclose(found(x), net(x[None])[0], atol=1e-6)


def test_a_file_without_a_lifting_network_is_named(tmp_path):
    path = tmp_path / "w.npz"
    state = NETWORKS["dilated"]().state_dict()
    for arrays, message in (
        ({"a": np.zeros(2)}, "expected weights of VideoPose3D, MHFormer or .*got a and so on"),
        ({**state, "more": np.zeros(2)}, "more"),
        ({**state, "shrink.weight": np.zeros((7, 8, 1))}, "shrink"),
        ({**state, "expand_conv.weight": np.zeros((8, 8))}, "not enough values"),
        ({k: a for k, a in state.items() if k != "shrink.weight"}, "an array shrink.weight"),
        ({**state, "expand_conv.weight": np.zeros((200_000, 8, 3))}, "layers_conv.0.weight"),
    ):
        weights.save(path, arrays)
        with pytest.raises(ValueError, match=f"w.npz: .*{message}"):
            load_lifter(path)
