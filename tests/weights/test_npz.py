"""The reader and writer of .npz, against NumPy's and against hostile archives."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from npkpose.weights import load_npz, save_npz


def test_numpy_reads_our_archives(tmp_path, arrays):
    save_npz(tmp_path / "ours.npz", arrays)
    with np.load(tmp_path / "ours.npz") as archive:
        for name, array in arrays.items():
            np.testing.assert_array_equal(archive[name], array)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numpys_archives_are_read(tmp_path, save, arrays, same):
    del arrays["file"]
    save(tmp_path / "theirs.npz", **arrays)
    same(load_npz(tmp_path / "theirs.npz"), arrays)


def test_a_name_with_the_character_nul_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"names without the character NUL, got 'a\\x00b'"):
        save_npz(tmp_path / "w.npz", {"a\0b": np.ones(1), "a": np.zeros(1)})
    assert not list(tmp_path.iterdir())


def test_fortran_order_and_big_endian_numbers_are_read(tmp_path):
    x = np.arange(6.0).reshape(2, 3)
    np.savez(tmp_path / "w.npz", f=np.asfortranarray(x), b=x.astype(">f4"))
    loaded = load_npz(tmp_path / "w.npz")
    np.testing.assert_array_equal(loaded["f"], x)
    np.testing.assert_array_equal(loaded["b"], x)


def test_changing_a_loaded_array_does_not_change_the_file(tmp_path):
    save_npz(tmp_path / "w.npz", {"x": np.zeros(4, np.uint8)})
    load_npz(tmp_path / "w.npz")["x"][:] = 1
    assert load_npz(tmp_path / "w.npz")["x"].tolist() == [0, 0, 0, 0]


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
    "a plane of negative sizes": archive_of(w=giant((-2, -2))),
    "a size of true": archive_of(w=giant((True,))),
    "sizes of true and four": archive_of(w=giant((True, 4))),
    "fewer numbers than bytes": archive_of(w=npy(np.ones(3)) + bytes(8)),
    "half an archive": archive_of(w=npy(np.ones(100)))[:300],
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_or_damaged_archive_is_refused_with_its_path(tmp_path, case):
    path = tmp_path / "w.npz"
    path.write_bytes(FOREIGN[case])
    with pytest.raises(ValueError, match="expected an .npz archive") as error:
        load_npz(path)
    assert str(error.value).startswith(str(path))


def bomb(size, members=1):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(members):
            archive.writestr(f"{i}.npy", giant((size // 4,))[:-16] + bytes(size))
    return stream.getvalue()


def test_an_archive_that_claims_too_much_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "w.npz"
    path.write_bytes(bomb(2**20, members=5))  # 5 kB for 5 MiB
    with pytest.raises(ValueError, match="bytes that claims to hold 5243520"):
        load_npz(path)
    path.write_bytes(bomb(2**20))
    assert load_npz(path)["0"].shape == (2**18,)


def test_a_member_that_unpacks_to_more_than_it_claims_is_refused(tmp_path):
    content = bomb(2**20)
    claim = (2**20 + 128).to_bytes(4, "little")  # with the header of the array
    assert content.count(claim) == 2  # before the member and in the directory
    content = content.replace(claim, (1000).to_bytes(4, "little"))
    path = tmp_path / "w.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="with a wrong size or checksum"):
        load_npz(path)


def test_a_changed_number_is_noticed_by_the_checksum(tmp_path):
    save_npz(tmp_path / "w.npz", {"x": np.arange(100.0)})
    content = (tmp_path / "w.npz").read_bytes()
    (tmp_path / "w.npz").write_bytes(content.replace(np.float64(50).tobytes(), bytes(8)))
    with pytest.raises(ValueError, match="checksum"):
        load_npz(tmp_path / "w.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damage_gives_arrays_or_an_error_and_takes_little_memory(save, endures):
    stream = io.BytesIO()
    save(stream, w=np.arange(4.0), b=np.ones((2, 2), np.float32))
    assert endures(load_npz, stream.getvalue(), "damaged.npz") > 200


def test_an_archive_truncated_anywhere_is_refused(tmp_path):
    save_npz(tmp_path / "w.npz", {"w": np.arange(4.0), "b": np.ones(2)})
    content = (tmp_path / "w.npz").read_bytes()
    for end in range(len(content)):
        (tmp_path / "w.npz").write_bytes(content[:end])
        with pytest.raises(ValueError, match="w.npz: expected"):
            load_npz(tmp_path / "w.npz")
