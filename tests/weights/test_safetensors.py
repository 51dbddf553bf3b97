"""Our reader and writer of .safetensors, against files made by hand and by the official library."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npkpose.weights import load_safetensors, save_safetensors


def packed(table, content=b""):
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + content


def entry(dtype="F32", shape=(2,), begin=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def load_bytes(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    return load_safetensors(path)


def test_a_file_written_by_hand_is_read(tmp_path):
    table = {"__metadata__": {"format": "pt"}, "b": entry(begin=8, end=16), "a": entry()}
    loaded = load_bytes(tmp_path, packed(table, struct.pack("<4f", 1, 2, 3, 4)))
    assert {name: array.tolist() for name, array in loaded.items()} == {"b": [3, 4], "a": [1, 2]}


def test_bfloat16_becomes_float32_and_every_nonzero_byte_is_true(tmp_path):
    table = {"x": entry("BF16", (3,), 0, 6), "mask": entry("BOOL", (3,), 6, 9)}
    content = struct.pack("<3H", 0x3F80, 0xC040, 0x7F80) + b"\0\1\7"
    loaded = load_bytes(tmp_path, packed(table, content))
    assert loaded["x"].tolist() == [1.0, -3.0, np.inf] and loaded["x"].dtype == np.float32
    assert loaded["mask"].tolist() == [False, True, True] and loaded["mask"].dtype == bool


def test_the_official_library_reads_our_files(tmp_path, arrays, same):
    peer = pytest.importorskip("safetensors.numpy", reason="needs safetensors as a peer")
    save_safetensors(tmp_path / "ours.safetensors", arrays)
    loaded = peer.load_file(tmp_path / "ours.safetensors")
    same({name: loaded[name] for name in arrays}, arrays)


def test_files_of_the_official_library_are_read(tmp_path, arrays, same):
    peer = pytest.importorskip("safetensors.numpy", reason="needs safetensors as a peer")
    peer.save_file(arrays, tmp_path / "theirs.safetensors", metadata={"made": "elsewhere"})
    loaded = load_safetensors(tmp_path / "theirs.safetensors")
    same({name: loaded[name] for name in arrays}, arrays)


@given(
    st.dictionaries(
        st.text(max_size=5),
        arrays(
            st.sampled_from(["f2", "f4", "f8", "i8", "u1", "?"]),
            array_shapes(min_dims=0, min_side=0, max_side=3),
        ),
        max_size=4,
    )
)
def test_saved_arrays_are_loaded_in_order_and_aligned(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "round.safetensors"
    save_safetensors(path, state)
    loaded = load_safetensors(path)
    assert list(loaded) == list(state)
    for name, array in state.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype and loaded[name].flags.aligned


def test_strided_and_big_endian_arrays_are_stored_contiguous_and_little_endian(tmp_path):
    path, x = tmp_path / "w.safetensors", np.arange(6.0).reshape(2, 3)
    save_safetensors(path, {"t": x.T, "swapped": x.astype(">f4"), "every": x[:, ::2]})
    loaded = load_safetensors(path)
    np.testing.assert_array_equal(loaded["t"], x.T)
    np.testing.assert_array_equal(loaded["swapped"], x)
    np.testing.assert_array_equal(loaded["every"], x[:, ::2])


def test_changing_a_loaded_array_does_not_change_the_file(tmp_path):
    path = tmp_path / "w.safetensors"
    save_safetensors(path, {"x": np.zeros(4)})
    load_safetensors(path)["x"][:] = 1
    assert load_safetensors(path)["x"].tolist() == [0, 0, 0, 0]


EIGHT = bytes(8)
FOREIGN = {
    "nothing": b"",
    "seven bytes": b"\2\0\0\0\0\0\0",
    "a table longer than the file": struct.pack("<Q", 100) + b"{}",
    "a table of 2^63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "a table that is not JSON": packed(b"{'a'}"),
    "a table that is not UTF-8": packed(b'{"\xff": 1}'),
    "a list": packed([1]),
    "JSON nested 100,000 deep": packed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a number of 10,000 digits": packed(b'{"a": ' + b"9" * 10_000 + b"}"),
    "a duplicate name": packed(b'{"a": 1, "a": 2}'),
    "an entry that is a number": packed({"a": 1}),
    "no offsets": packed({"a": {"dtype": "F32", "shape": [2]}}, EIGHT),
    "three offsets": packed({"a": entry() | {"data_offsets": [0, 4, 8]}}, EIGHT),
    "a shape of text": packed({"a": entry() | {"shape": "22"}}, EIGHT),
    "a shape that is an empty table": packed({"a": entry(end=4) | {"shape": {}}}, bytes(4)),
    "a shape that is empty text": packed({"a": entry(end=4) | {"shape": ""}}, bytes(4)),
    "a shape that is null": packed({"a": entry(end=4) | {"shape": None}}, bytes(4)),
    "offsets that are text": packed({"a": entry() | {"data_offsets": "08"}}, EIGHT),
    "a table of more than 2 MiB": packed(b'{"a": [' + b"[]," * 700_000 + b"[]]}"),
    "a size of true": packed({"a": entry("F64", (True,))}, EIGHT),
    "a size of 2.0": packed({"a": entry(shape=(2.0,))}, EIGHT),
    "a negative size": packed({"a": entry(shape=(-1, -2))}, EIGHT),
    "a negative offset": packed({"a": entry(begin=-8, end=0)}, EIGHT),
    "an end before the beginning": packed({"a": entry(begin=8, end=0)}, EIGHT),
    "2^60 elements": packed({"a": entry(shape=(2**30, 2**30), end=2**62)}, EIGHT),
    "an empty giant": packed({"a": entry(shape=(0, 2**62), end=0)}),
    "33 axes": packed({"a": entry(shape=[1] * 32 + [2])}, EIGHT),
    "an eight-bit float": packed({"a": entry("F8_E4M3", (8,))}, EIGHT),
    "a dtype that is a list": packed({"a": entry(["F32"])}, EIGHT),
    "too few bytes for the shape": packed({"a": entry(end=4)}, EIGHT),
    "an array outside": packed({"a": entry(begin=8, end=16)}, EIGHT),
    "a gap": packed({"a": entry(begin=4, end=12)}, bytes(12)),
    "an overlap": packed({"a": entry(), "b": entry(begin=4, end=12)}, bytes(12)),
    "bytes left over": packed({"a": entry()}, bytes(9)),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_or_damaged_file_is_refused_with_its_path(tmp_path, case):
    with pytest.raises(ValueError, match="expected a") as error:
        load_bytes(tmp_path, FOREIGN[case])
    assert str(error.value).startswith(str(tmp_path / "w.safetensors"))
    assert len(str(error.value)) < 500


def test_a_file_truncated_anywhere_is_refused(tmp_path, arrays):
    save_safetensors(tmp_path / "w.safetensors", arrays)
    content = (tmp_path / "w.safetensors").read_bytes()
    for end in range(len(content)):
        with pytest.raises(ValueError, match="w.safetensors: expected a"):
            load_bytes(tmp_path, content[:end])


def test_damage_gives_arrays_or_an_error_and_takes_little_memory(tmp_path, arrays, endures):
    save_safetensors(tmp_path / "w.safetensors", arrays)
    content = (tmp_path / "w.safetensors").read_bytes()
    assert endures(load_safetensors, content, "damaged.safetensors") > 100


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"x": np.ones(2, np.longdouble)}, "x: expected an array that .safetensors can hold"),
        (
            {"__metadata__": np.ones(2)},
            "expected an array that .safetensors can hold, got the name",
        ),
        ({"x": np.array(["a"])}, "x: expected real numbers"),
        ({3: np.ones(2)}, "arrays: expected names that are text, got 3"),
    ],
)
def test_other_arrays_are_refused_and_nothing_is_written(tmp_path, state, message):
    with pytest.raises(ValueError, match=message):
        save_safetensors(tmp_path / "w.safetensors", state)
    assert not list(tmp_path.iterdir())
