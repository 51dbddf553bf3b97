"""Members of zip archives, read in place, against Python's `zipfile`."""

import struct
import warnings
import zipfile

import pytest

from npkpose.weights.archive import read_directory, read_member

CONTENTS = {"a": b"", "folder/b": bytes(range(256)), "c" * 70: b"x" * 5000}


def write(path, method=zipfile.ZIP_STORED, contents=CONTENTS):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path.read_bytes()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_as_they_were_written(tmp_path, method):
    data = write(tmp_path / "z", method)
    members = read_directory(tmp_path / "z")
    assert {name: bytes(read_member(data, info)) for name, info in members.items()} == CONTENTS


def test_a_stored_member_is_a_view(tmp_path):
    data = bytearray(write(tmp_path / "z"))
    content = read_member(data, read_directory(tmp_path / "z")["folder/b"])
    data[data.index(bytes(range(256))) + 7] = 99
    assert content[7] == 99


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(tmp_path, method):
    data = write(tmp_path / "z", method)
    with pytest.raises(ValueError, match=f"member 'a', compressed by method {method}"):
        read_member(data, read_directory(tmp_path / "z")["a"])


def broken(info, **attributes):
    for name, value in attributes.items():
        setattr(info, name, value)
    return info


@pytest.mark.parametrize(("attributes", "message"), [
    ({"flag_bits": 1}, "encrypted or outside the file"),
    ({"header_offset": -1}, "encrypted or outside the file"),
    ({"header_offset": 2**40}, "encrypted or outside the file"),
    ({"header_offset": 1}, "truncated or at a wrong position"),
    ({"compress_size": 2**40}, "truncated or at a wrong position"),
    ({"compress_type": zipfile.ZIP_DEFLATED}, "a damaged member"),
    ({"file_size": 255}, "with a wrong size or checksum"),
    ({"CRC": 1}, "with a wrong size or checksum"),
])  # fmt: skip
def test_a_member_that_contradicts_the_directory_is_refused(tmp_path, attributes, message):
    data = write(tmp_path / "z")
    info = broken(read_directory(tmp_path / "z")["folder/b"], **attributes)
    with pytest.raises(ValueError, match=message):
        read_member(data, info)


def test_a_checksum_of_zero_means_no_checksum(tmp_path):
    data = write(tmp_path / "z")
    info = broken(read_directory(tmp_path / "z")["folder/b"], CRC=0)
    assert bytes(read_member(data, info)) == CONTENTS["folder/b"]


def test_two_members_of_the_same_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "z", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    with pytest.raises(ValueError, match="two members of the same name"):
        read_directory(tmp_path / "z")


def test_a_file_without_a_directory_is_refused(tmp_path):
    (tmp_path / "z").write_bytes(b"PK\3\4" + struct.pack("<Q", 7))
    with pytest.raises(ValueError, match="a damaged zip archive"):
        read_directory(tmp_path / "z")
