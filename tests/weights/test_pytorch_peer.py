"""Files of ``torch.save``, in both formats, compared with PyTorch's own tensors."""

import argparse
import collections
import tracemalloc

import numpy as np
import pytest

from npkpose import weights
from npkpose.weights import load_pytorch


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def saved(tmp_path, request):
    """Write with ``torch.save``, in both formats; return the result of `weights.load`."""
    torch = pytest.importorskip("torch", reason="needs PyTorch as a peer")

    def save(value, path=tmp_path / "w.pth", **options):
        torch.save(value, path, _use_new_zipfile_serialization=request.param, **options)
        return weights.load(path)

    save.torch = torch
    return save


def check_same(loaded, state):
    assert list(loaded) == list(state)
    for key, value in state.items():
        expected = value.detach()
        expected = (expected.float() if str(value.dtype) == "torch.bfloat16" else expected).numpy()
        np.testing.assert_array_equal(loaded[key], expected, err_msg=key)
        assert loaded[key].dtype == expected.dtype


def test_torchs_own_state_is_read_with_wrappers_and_prefixes(saved):
    torch = saved.torch
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    check_same(saved(net.state_dict()), net.state_dict())
    parallel = torch.nn.DataParallel(net).state_dict()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2, 5, 5)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    check_same(saved({
        "epoch": 3, "state_dict": parallel, "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(), "perf": np.float64(0.7),
        "args": argparse.Namespace(a=1),
        "random_state": np.random.RandomState(0), "counts": collections.defaultdict(dict, a={}),
        "history": np.ones(3), "size": torch.Size([1, 2]), "device": torch.device("cpu"),
    }), parallel)  # fmt: skip


@pytest.mark.parametrize("kind", [
    "float16", "bfloat16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64",
    "uint16", "uint32", "uint64",
])  # fmt: skip
def test_every_kind_of_number_is_read(saved, kind):
    torch = saved.torch
    numbers = torch.tensor([0, 1, 3, 100]).to(getattr(torch, kind))
    check_same(saved({"a": numbers, "b": numbers[1:], "one": numbers[2]}), {
        "a": numbers, "b": numbers[1:], "one": numbers[2]
    })  # fmt: skip


def test_views_parameters_and_empty_tensors_are_read(saved):
    torch = saved.torch
    base = torch.arange(24.0).reshape(2, 3, 4)
    tagged = torch.nn.Parameter(torch.ones(2))
    tagged.note = "an attribute makes PyTorch pickle it in another way"
    state = {
        "transposed": base.permute(2, 0, 1), "every": base[:, ::2, 1:3],
        "expanded": base[0, 0, :1].expand(5, 1),
        "parameter": torch.nn.Parameter(base.clone()), "tagged": tagged, "empty": base[:0],
        "scalar": torch.tensor(7), "half of it": base[1].half(), "shared": base[1],
    }  # fmt: skip
    loaded = saved(state)
    check_same(loaded, state)
    loaded["shared"][0, 0] = 99
    assert loaded["transposed"][0, 1, 0] == 99


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read(saved, protocol):
    state = collections.OrderedDict(w=saved.torch.ones(3), b=saved.torch.zeros(2).bfloat16())
    check_same(saved(state, pickle_protocol=protocol), state)


def test_a_file_without_checksums_is_read(saved):
    options = pytest.importorskip("torch.serialization")
    if not hasattr(options, "set_crc32_options"):
        pytest.skip("needs a PyTorch that can leave out checksums")
    options.set_crc32_options(False)
    try:
        check_same(saved({"w": saved.torch.ones(3)}), {"w": saved.torch.ones(3)})
    finally:
        options.set_crc32_options(True)


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".npz", ".ckpt", ".pth.tar"])
def test_the_format_is_recognised_by_content_not_by_name(saved, tmp_path, suffix):
    state = {"w": saved.torch.ones(3)}
    check_same(saved(state, tmp_path / f"w{suffix}"), state)


def test_a_whole_module_and_other_tensors_are_refused_by_name(saved):
    torch = saved.torch
    for value, found in (
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        ({"w": torch.ones(2).to_sparse()}, "torch._utils._rebuild_sparse_tensor"),
        ({"w": torch.ones(2, dtype=torch.complex64)}, "torch.ComplexFloatStorage"),
    ):
        with pytest.raises(ValueError, match=f"w.pth: expected PyTorch .* asks for '{found}'"):
            saved(value)


def test_an_unused_array_takes_no_memory(saved, tmp_path):
    state = {str(i): saved.torch.zeros(2**18) for i in range(8)}  # 8 MiB
    saved(state)
    tracemalloc.start()
    loaded = weights.load(tmp_path / "w.pth")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(loaded) == 8
    assert peak < 8 * 2**20 + 2**18  # older files: a copy, if numbers are not aligned


def test_damage_to_torchs_own_files_gives_arrays_or_an_error(saved, tmp_path, endures):
    torch = saved.torch
    saved({"state_dict": torch.nn.Linear(3, 2).state_dict(), "b": torch.ones(3).bfloat16()})
    assert endures(load_pytorch, (tmp_path / "w.pth").read_bytes(), "damaged.pth", 200) > 50
