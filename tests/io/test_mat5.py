import struct

import numpy as np
import pytest

from npkpose.io import read
from npkpose.io.mat5 import read_mat
from tests.io import make

scipy_io = pytest.importorskip("scipy.io")


@pytest.mark.parametrize("compressed", [False, True])
def test_what_scipy_writes_is_read(tmp_path, compressed):
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.normal(size=(2, 3)), "b": np.arange(6, dtype=np.int16).reshape(3, 2),
        "text": "a name", "small": np.array([[7]], np.uint8),
    }  # fmt: skip
    nested = {**arrays, "s": {"x": 1.5, "inner": [{"y": 2.0}, {"y": 3.0}]}}
    cell = np.empty((1, 2), dtype=object)
    cell[0] = ["p", 2.5]
    scipy_io.savemat(tmp_path / "x.mat", {**nested, "c": cell}, do_compression=compressed)
    found = read_mat(tmp_path / "x.mat")
    for name, expected in arrays.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    (outer,) = found["s"]
    assert outer["x"] == 1.5 and found["c"][0] == "p" and found["c"][1] == 2.5
    assert [each[0]["y"].item() for each in outer["inner"]] == [2, 3]


def test_mpiis_structure_is_read(tmp_path):
    (tmp_path / "mpii.mat").write_bytes(make.mpii_mat())
    labels = read(tmp_path / "mpii.mat")
    assert labels.skeleton.name == "MPII_16" and len(labels) == 2 and len(labels.images) == 2
    assert labels.keypoints[0, 3].tolist() == [12, 19] and labels.images[0].file_name == "1.jpg"
    assert labels.visibility[0].tolist() == [1, 2] * 8
    assert labels.fields["head_boxes"][0].tolist() == [4, 5, 10, 20]
    assert labels.fields["centers"][0].tolist() == [29, 39] and labels.fields["scales"][0] == 1.5


@pytest.mark.parametrize(("content", "message"), [
    (b"text", "x.mat: expected a .mat file of version 5, got another file"),
    (b"MATLAB 7.3 MAT-file" + bytes(500), "got version 7.3, which is HDF5"),
    (bytes(126) + b"IM" + struct.pack("<II", 14, 99), "x.mat: byte 128: expected 99 bytes, got 0"),
    (bytes(126) + b"IM" + struct.pack("<II", 15, 4) + b"text", "x.mat: expected a .mat file of"),
])  # fmt: skip
def test_another_file_is_named(tmp_path, content, message):
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_mat(tmp_path / "x.mat")


def test_a_few_bytes_that_unpack_to_many_are_refused(tmp_path):
    scipy_io.savemat(tmp_path / "x.mat", {"a": np.zeros(12_000_000)}, do_compression=True)
    with pytest.raises(ValueError, match="expected at most .* decompressed bytes, got more"):
        read_mat(tmp_path / "x.mat")
