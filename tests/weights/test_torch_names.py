"""Objects beside the weights: real classes, pickled by Python, and PyTorch's own safe reader."""

import datetime
import decimal
import fractions
import functools
import io
import operator
import os
import pathlib
import pickle
import subprocess
import sys
import types
import typing
import uuid

import numpy as np
import pytest

from npkpose import weights
from npkpose.weights.torch_names import FUNCTIONS, Placeholder, make_placeholder
from npkpose.weights.unpickle import unpickle


class Union:  # pickled as typing.Optional[int] is by older versions of Python
    def __reduce__(self):
        return operator.getitem, (typing.Union, (int, type(None)))


OF_PYTHON = [
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), datetime.timedelta(1),
    decimal.Decimal("1.5"), fractions.Fraction(1, 3), pathlib.PurePosixPath("/a/b"),
    pathlib.PureWindowsPath("a"), types.SimpleNamespace(a=1), uuid.UUID(int=5), {1, 2},
    frozenset([3]), bytearray(b"ab"), 1 + 2j, range(3), slice(1, 2), type(None), list, int,
    functools.partial(int, base=2), typing.Any, np.float64(0.5), np.ones(3), np.dtype("f4"),
    np.random.default_rng(0), np.random.RandomState(0), Union(),
]  # fmt: skip


def read(value, protocol=2):
    return unpickle(pickle.dumps(value, protocol), 0, FUNCTIONS, unknown=make_placeholder)[0]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("value", OF_PYTHON, ids=lambda value: type(value).__name__)
def test_data_of_python_and_numpy_is_passed_over(value, protocol):
    assert read({"x": value, "w": 7}, protocol)["w"] == 7


def test_objects_of_classes_that_are_not_installed_are_placeholders_with_their_names(monkeypatch):
    for name in ("mmengine_history", "omegaconf_dictconfig"):
        module = types.ModuleType(name)
        made = type("Thing", (), {"__module__": name, "__getstate__": lambda self: {"a": [1]}})
        module.Thing = made
        monkeypatch.setitem(sys.modules, name, module)
        program = pickle.dumps({"x": made(), made: made, "w": 7}, 2)
        monkeypatch.delitem(sys.modules, name)
        value, _ = unpickle(program, 0, FUNCTIONS, unknown=make_placeholder)
        assert isinstance(value["x"], Placeholder) and value["x"].name == f"{name}.Thing"
        assert value["w"] == 7 and name not in sys.modules


class Attack:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("call", [
    (os.system, "exit 1"), (eval, "1/0"), (exec, ""), (getattr, "a", "upper"), (__import__, "os"),
    (subprocess.Popen, "x"), (print, 1), (open, "x"), (pickle.loads, b"N."), (io.open_code, "x"),
    (operator.methodcaller, "x"), (functools.reduce, max, []), (pathlib.os.remove, "x"),
], ids=lambda call: call[0].__qualname__)  # fmt: skip
@pytest.mark.parametrize("protocol", [2, 4])
def test_functions_of_python_are_refused_by_name(call, protocol):
    with pytest.raises(ValueError, match=r"asks for '[\w.]+'.*nothing of it was run"):
        read({"x": Attack(*call)}, protocol)


def test_the_histories_in_mmposes_files_of_before_march_2023_are_passed_over(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    module = types.ModuleType("mmengine.logging.history_buffer")
    HistoryBuffer = type("HistoryBuffer", (), {"__module__": module.__name__})
    HistoryBuffer.__qualname__ = "HistoryBuffer"
    module.HistoryBuffer, history = HistoryBuffer, HistoryBuffer()
    history._log_history, history._max_length = np.ones(3), 1000
    for name in ("mmengine", "mmengine.logging", module.__name__):
        monkeypatch.setitem(sys.modules, name, module)
    hub = {"log_scalars": {"train/loss": history}, "runtime_info": {}, "resumed_keys": {}}
    saved = {"meta": {}, "state_dict": {"backbone.w": torch.ones(2)}, "message_hub": hub}
    torch.save(saved, tmp_path / "w.pth")
    for name in ("mmengine", "mmengine.logging", module.__name__):
        monkeypatch.delitem(sys.modules, name)
    assert list(weights.load(tmp_path / "w.pth")) == ["backbone.w"]


def test_nothing_of_a_placeholder_is_called_or_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hostile.py").write_text(
        f"open({str(tmp_path / 'imported')!r}, 'w')\n"
        f"def run(*args): open({str(tmp_path / 'called')!r}, 'w')\n",
        encoding="utf-8",
    )
    for program in (b"chostile\nrun\n)R.", b"chostile\nrun\n)\x81}b.", b"chostile\nrun\n."):
        unpickle(b"\x80\x02" + program, 0, FUNCTIONS, unknown=make_placeholder)
    assert [entry.name for entry in tmp_path.iterdir()] == ["hostile.py"]


@pytest.mark.parametrize("legacy", [False, True])
def test_whatever_torchs_safe_reader_takes_is_read_here(tmp_path, legacy):
    torch = pytest.importorskip("torch", reason="needs PyTorch as a peer")
    w, tagged = torch.arange(6.0).reshape(2, 3), torch.ones(2)
    tagged.note = "an attribute"
    beside = {
        "set": {1, 2}, "bytearray": bytearray(b"a"), "complex": 1j, "dtype": torch.bool,
        "dtypes": [torch.uint8, torch.int8, torch.complex64, torch.float8_e4m3fn],
        ("a", 1): 2, "deep": {((1,), 2): 3}, "numbers": torch.tensor([1, 2]),
        "mask": torch.tensor([True, False]), "complex tensor": torch.ones(2, dtype=torch.complex64),
        "layout": torch.strided, "size": torch.Size([1, 2]), "device": torch.device("cpu"),
        "quantised": torch.quantize_per_tensor(w, 0.1, 0, torch.qint8),
    }  # fmt: skip
    path = tmp_path / "w.pth"
    state = {"w": w, "tagged": tagged, "count": torch.tensor(3), "mask": torch.tensor([True])}
    torch.save({"state_dict": state, **beside}, path, _use_new_zipfile_serialization=not legacy)
    assert len(torch.load(path, weights_only=True)) == 1 + len(beside)
    loaded = weights.load(path)
    assert list(loaded) == list(state)
    for name, tensor in state.items():
        np.testing.assert_array_equal(loaded[name], tensor.detach().numpy())


def test_a_tensor_of_a_class_of_its_own_is_read_without_its_attributes(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="needs PyTorch as a peer")
    module = types.ModuleType("elsewhere")
    module.Sub = type("Sub", (torch.Tensor,), {"__module__": "elsewhere"})
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    value = torch.ones(2, 3).as_subclass(module.Sub)
    value.note = [1, 2]
    torch.save({"a": value, "p": torch.nn.Parameter(torch.ones(2))}, tmp_path / "w.pth")
    loaded = weights.load(tmp_path / "w.pth")
    assert loaded["a"].tolist() == [[1, 1, 1], [1, 1, 1]] and loaded["p"].tolist() == [1, 1]


@pytest.mark.parametrize("make", ["to_sparse", "quantised", "complex", "float8"])
@pytest.mark.parametrize("legacy", [False, True])
def test_weights_of_other_kinds_are_refused_by_name(tmp_path, make, legacy):
    torch = pytest.importorskip("torch", reason="needs PyTorch as a peer")
    value, found = {
        "to_sparse": (torch.ones(2).to_sparse(), "_rebuild_sparse_tensor"),
        "quantised": (
            torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "_rebuild_qtensor"
        ),
        "complex": (torch.ones(2, dtype=torch.complex64), "ComplexFloatStorage"),
        "float8": (torch.ones(2).to(torch.float8_e5m2), "float8_e5m2"),
    }[make]  # fmt: skip
    torch.save(
        {"a": torch.ones(2), "w": value}, tmp_path / "w.pth",
        _use_new_zipfile_serialization=not legacy,
    )  # fmt: skip
    with pytest.raises(ValueError, match=f"w.pth: expected PyTorch .* asks for '.*{found}"):
        weights.load(tmp_path / "w.pth")
