"""`weights.load` and `weights.save`: formats by suffix, archives whole or not at all."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import weights

ARRAYS = {
    "stem.conv.weight": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
    "stem.norm/bias": np.array([0.5, -1.0]),
    "file": np.array(7),  # a name np.savez itself cannot take
    "empty": np.zeros((0, 3), np.int64),
}


def test_what_was_saved_is_loaded(tmp_path):
    weights.save(tmp_path / "w.npz", ARRAYS)
    loaded = weights.load(tmp_path / "w.npz")
    assert list(loaded) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_numpy_reads_what_was_saved_and_the_other_way_round(tmp_path):
    weights.save(tmp_path / "ours.npz", ARRAYS)
    with np.load(tmp_path / "ours.npz") as archive:
        np.testing.assert_array_equal(archive["stem.norm/bias"], ARRAYS["stem.norm/bias"])
    np.savez_compressed(tmp_path / "theirs.npz", w=ARRAYS["stem.conv.weight"])
    loaded = weights.load(tmp_path / "theirs.npz")
    np.testing.assert_array_equal(loaded["w"], ARRAYS["stem.conv.weight"])


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        weights.save(tmp_path / name, ARRAYS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_suffixes_may_be_capitals_and_paths_strings(tmp_path):
    weights.save(str(tmp_path / "W.NPZ"), ARRAYS)
    assert set(weights.load(str(tmp_path / "W.NPZ"))) == set(ARRAYS)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    weights.save(tmp_path / "w.npz", ARRAYS)
    before = (tmp_path / "w.npz").read_bytes()

    def disk_full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", disk_full)
    with pytest.raises(OSError, match="no space left"):
        weights.save(tmp_path / "w.npz", {"other": np.ones(3)})
    assert (tmp_path / "w.npz").read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["w.npz"]


def test_only_real_numbers_are_saved(tmp_path):
    with pytest.raises(ValueError, match="labels: expected real numbers"):
        weights.save(tmp_path / "w.npz", {"labels": np.array(["a"])})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["w.txt", "w.h5", "weights", "w.npz.gz"])
def test_an_unknown_suffix_is_refused_with_the_list_of_those_read(tmp_path, name):
    with pytest.raises(ValueError, match=r"expected a file ending in \.npz or \.pb, got .*" + name):
        weights.load(tmp_path / name)
    with pytest.raises(ValueError, match=r"expected a file ending in \.npz, got .*" + name):
        weights.save(tmp_path / name, ARRAYS)


def test_a_graph_cannot_be_saved(tmp_path):
    with pytest.raises(ValueError, match=r"expected a file ending in \.npz"):
        weights.save(tmp_path / "w.pb", ARRAYS)


@pytest.mark.parametrize("name", ["w.npz", "w.pb"])
def test_a_missing_file_is_reported_as_such(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        weights.load(tmp_path / name)


def archive_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def giant(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue() + bytes(16)


FOREIGN = {
    "an empty file": b"",
    "text": b"hello",
    "a pickle": pickle.dumps({"w": [1.0]}),
    "a single array": npy(np.ones(3)),
    "text in the archive": archive_of(w=b"hello"),
    "objects in the archive": archive_of(w=npy(np.array([{}], dtype=object))),
    "strings in the archive": archive_of(w=npy(np.array(["a"]))),
    "2^40 elements in 16 bytes": archive_of(w=giant((2**40,))),
    "2^70 elements in 16 bytes": archive_of(w=giant((2**35, 2**35))),
    "a negative size": archive_of(w=giant((-1,))),
    "half an archive": archive_of(w=npy(np.ones(100)))[:300],
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_or_damaged_archive_is_refused_with_its_path(tmp_path, case):
    path = tmp_path / "w.npz"
    path.write_bytes(FOREIGN[case])
    with pytest.raises(ValueError, match="expected an .npz archive") as error:
        weights.load(path)
    assert str(error.value).startswith(str(path))


SMALL = archive_of(w=npy(np.arange(4.0)), b=npy(np.ones((2, 2), np.float32)))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4))
def test_changed_bytes_give_arrays_or_a_value_error(tmp_path_factory, changes):
    content = bytearray(SMALL)
    for position, byte in changes:
        content[position] = byte
    path = tmp_path_factory.getbasetemp() / "changed.npz"
    path.write_bytes(content)
    try:
        weights.load(path)
    except ValueError as error:
        assert str(error).startswith(str(path))


def test_an_archive_cut_anywhere_is_refused(tmp_path):
    for end in range(len(SMALL)):
        (tmp_path / "w.npz").write_bytes(SMALL[:end])
        with pytest.raises(ValueError, match="expected an .npz archive"):
            weights.load(tmp_path / "w.npz")
