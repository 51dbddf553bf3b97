"""Files that are called weights and are something else."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

from npkpose import weights
from npkpose.weights.identify import identify


def zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 100)
    return stream.getvalue()


def tarred():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("w.pth"))
    return stream.getvalue()


def npy():
    stream = io.BytesIO()
    np.save(stream, np.ones(3))
    return stream.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123456\n"
INDEX = b'{"metadata": {"total_size": 5}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}'
FILES = {
    "a pointer": (POINTER, "a Git LFS pointer of 69 bytes, not the file itself; run `git lfs"),
    "a page": (b"\n<!DOCTYPE html>\n<html><body>Quota", "a web page (HTML), not the file itself"),
    "another page": (b"\xef\xbb\xbf<HTML lang=en>", "a web page (HTML), not the file itself"),
    "a server's answer": (b"Access denied\n", "text that begins with 'Access denied'"),
    "JSON": (b'{"error": 404}', "text that begins with '{\"error\": 404}'"),
    "text with an escape": (b"\x1b[31m", None),
    "text cut in a letter": ("é".encode() * 2048 + b"\xc3", "text that begins with 'éé"),
    "an index": (INDEX, "the index of weights that lie in several files, such as model-00001"),
    "an ONNX model": (b"\x08\x07\x12\x07pytorch\x1a\x051.9.0", "an ONNX model, a whole network"),
    "a SavedModel": (b"\x08\x01\x12\x00", "a TensorFlow SavedModel; freeze it into one graph"),
    "an array": (npy(), "a single array (.npy); weights have names"),
    "an image": (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(9), "an HDF5 file, such as Keras writes"),
    "TF Lite": (b"\x1c\0\0\0TFL3" + bytes(9), "a TensorFlow Lite model, a whole network, "),
    "gzip": (b"\x1f\x8b\x08", "a gzip archive; unpack it and load the file inside"),
    "tar": (tarred(), "a tar archive; unpack it and load the file inside"),
    "a .pt2": (zipped("e/archive_format", "e/models/model.json"), "a program of torch.export"),
    "Keras": (zipped("config.json", "model.weights.h5"), "a Keras model"),
    "a zip of weights": (zipped("net/hrnet.pth"), "a zip archive with 'net/hrnet.pth' in it; u"),
    "half a .pth": (zipped("archive/data.pkl", "archive/data/0")[:150],
                    "the first 150 bytes of PyTorch weights, whose end is missing; download it"),
    "half an .npz": (zipped("w.npy")[:100], "the first 100 bytes of an .npz archive"),
    "half a zip": (zipped("w.txt")[:100], "the first 100 bytes of a zip archive"),
    "nothing": (b"", "an empty file; download it again"),
    "other bytes": (bytes(range(128, 256)), None),
    "a whole zip of text": (zipped("w.txt"), None),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_told_by_its_first_bytes(tmp_path, what):
    content, phrase = FILES[what]
    (tmp_path / "w").write_bytes(content)
    found = identify(tmp_path / "w")
    assert found is None if phrase is None else found.startswith(phrase)


@pytest.mark.parametrize("suffix", [".pth", ".bin", ".safetensors", ".npz", ".pb", ".ckpt", ".pt2"])
@pytest.mark.parametrize("what", FILES)
def test_the_reader_says_so_whatever_the_suffix(tmp_path, what, suffix):
    content, phrase = FILES[what]
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        weights.load(path)
    assert str(error.value).startswith(f"{path}: ") and len(str(error.value)) < 500
    assert phrase is None or phrase in str(error.value) or what == "nothing"


def test_valid_files_are_never_taken_for_something_else(tmp_path, arrays):
    for suffix in (".npz", ".safetensors"):
        weights.save(tmp_path / f"w{suffix}", arrays)
        assert identify(tmp_path / f"w{suffix}") is None


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("kind", ["zip", "legacy", ".safetensors"])
def test_half_a_file_is_called_half_a_file(tmp_path, kind, share):
    path = tmp_path / f"w{kind if kind.startswith('.') else '.pth'}"
    if kind == ".safetensors":
        weights.save(path, {"w": np.ones(5000)})
    else:
        torch = pytest.importorskip("torch", reason="needs PyTorch as a peer")
        is_zip = kind == "zip"
        torch.save({"w": torch.ones(5000)}, path, _use_new_zipfile_serialization=is_zip)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="download it again"):
        weights.load(path)
