"""Files of weights: what lies beside the arrays, and what is no such file."""

import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.models import pretrained


def _check_read(*names):
    for name in names:
        loaded = weights.load(name)
        assert list(loaded) == ["a", "b"] and loaded["a"].size and loaded["b"].size


def check_f25(case):
    _check_read("mmengine.pth")


def check_f26(case):
    _check_read("lightning1.ckpt")


def check_f29(case):
    _check_read("bytearray.pth", "defaultdict_of_list.pth", "set.pth", "torch_bool_dtype.pth",
                "tuple_key.pth")  # fmt: skip


def check_f30(case):
    _check_read("network.pth")


def check_f32(case):
    _check_read("model_ema.pth")


def check_f36(case):
    _check_read("t_attr.pth", "t_subclass.pth")


def check_f33(case):
    """Arrays that a counter of operations leaves in every layer."""
    extra = {name: np.zeros(1) for name in ("total_ops", "total_params", "conv1.total_ops")}
    done = case.run("predict", *case.small_hrnet(extra), "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out


def check_f35(case):
    """Buffers of a loss, beside the network's own."""
    extra = {"loss.w": np.ones(3), "criterion.weight": np.ones(3)}
    done = case.run("predict", *case.small_hrnet(extra), "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out


def check_f37(case):
    for suffix in ("pb", "pth", "safetensors"):
        error = case.refused("predict", "--weights", f"lfs.{suffix}", "base.png")
        assert "a Git LFS pointer of 133 bytes, not the file itself" in error


def check_f38(case):
    error = case.refused("predict", "--model", "hrnet-w32", "--weights", "cut.pth", "base.png")
    assert "the first 1109 bytes of PyTorch weights, whose end is missing" in error


def check_f41(case):
    for name, what in {
        "saved_model.pb": "got a TensorFlow SavedModel",
        "exported.pt2": "got a program of torch.export",
        "typo.ckpt": "typo.ckpt: expected a file that exists, got none",
    }.items():
        for model in ("openpose-mobilenetv2", "hrnet-w32"):
            error = case.refused("predict", "--model", model, "--weights", name, "base.png")
            assert what in error


def check_f42(case):
    path = case.shared.parent / "fixtures" / "hrnet_w32.shapes.json"
    if not path.is_file():
        pytest.skip("needs ../shared/fixtures: the shapes of a network's arrays")
    shapes = json.loads(path.read_text(encoding="utf-8"))
    state = {name: np.broadcast_to(np.float16(0), shape) for name, shape in shapes.items()}
    case.monkeypatch.setattr(pretrained.weights, "load", lambda path: state)
    for options in ([], ["--model", "openpose-coco"]):
        error = case.refused("predict", *options, "--weights", "plain.pth", "base.png")
        model = (options or ["openpose-mobilenetv2"])[-1]
        assert f"plain.pth: not the weights of {model} (" in error
        assert error.endswith("parameters are those of hrnet-w32 and hrnet-w32-384")
