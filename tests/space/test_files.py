import io
import json
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from npkpose.space.files import read_cameras, read_keypoints, write_arrays
from npkpose.space.people_files import read_people

ENTRY = {"K": [[900, 0, 500], [0, 900, 400], [0, 0, 1]], "distCoef": [0] * 5,
         "R": np.eye(3).tolist(), "t": [[0], [0], [2]]}  # fmt: skip
SHELF = {"R": ENTRY["R"], "T": [[1], [2], [3]], "fx": 9, "fy": 9, "cx": 5, "cy": 5,
         "k": [[0], [0], [0]], "p": [0, 0]}  # fmt: skip
H36M = {"R": ENTRY["R"], "T": [1, 2, 3], "f": [9, 9], "c": [5, 5], "k": [0, 0, 0], "p": [0, 0]}


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_data_set_of_a_camera_file_is_recognised_by_its_keys(tmp_path):
    entries = [{"name": "a", **ENTRY}, ENTRY]
    cameras = read_cameras(write(tmp_path / "c.json", {"cameras": entries}))
    assert list(cameras) == ["a", "1"] and cameras["a"].unit == "cm"
    np.testing.assert_allclose(cameras["1"].position, [0, 0, -2])
    cameras = read_cameras(write(tmp_path / "c.json", {"0": SHELF, "1": SHELF}))
    assert list(cameras) == ["0", "1"] and cameras["0"].unit == "mm"
    cameras = read_cameras(write(tmp_path / "c.json", {"x": H36M}))
    assert cameras["x"].unit == "m" and cameras["x"].model == "h36m"
    np.testing.assert_allclose(cameras["x"].position, [1, 2, 3])


def test_a_unit_is_that_of_the_camera_or_the_file_or_asked_for(tmp_path):
    entries = [{"name": "a", **ENTRY}, {"name": "b", "unit": "mm", **ENTRY}]
    path = write(tmp_path / "c.json", {"cameras": entries, "unit": "m"})
    assert [camera.unit for camera in read_cameras(path).values()] == ["m", "mm"]
    assert [camera.unit for camera in read_cameras(path, "cm").values()] == ["cm", "cm"]
    path = write(tmp_path / "c.json", {"x": H36M, "unit": "mm"})
    cameras = read_cameras(path)
    assert list(cameras) == ["x"] and cameras["x"].unit == "mm"
    path = write(tmp_path / "c.json", {"x": {**SHELF, "unit": "inch"}})
    with pytest.raises(ValueError, match="c.json: camera x: unit: expected one of mm, cm, m, got"):
        read_cameras(path)


def test_names_out_of_a_file_are_escaped_and_cut(tmp_path):
    escape = "\x1b]0;owned\x07"
    for content in (
        {"cameras": [{"name": escape, **ENTRY, "R": [[2, 0, 0]] * 3}]},
        {"cameras": [{"name": escape * 9000, "K": 1, escape: 2}]},
        {escape: 3}, {"cameras": [{"name": escape, **ENTRY}] * 3},
        {"x": {f"{escape}{n}": 0 for n in range(3000)}},
    ):  # fmt: skip
        with pytest.raises(ValueError) as error:
            read_cameras(write(tmp_path / "c.json", content))
        assert "\x1b" not in str(error.value) and len(str(error.value)) < 2000


def test_real_calibrations_are_read(shared_data):
    cameras = read_cameras(shared_data / "panoptic" / "calibration_160906_band1.json")
    assert len(cameras) == 520 and cameras["00_03"].unit == "cm"
    assert len(read_cameras(shared_data / "shelf" / "calibration.json")) == 5


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "c.json: expected JSON"),
        ("[1]", "c.json: expected cameras"),
        ("{}", "c.json: expected cameras"),
        ('{"cameras": [3]}', "c.json: camera 0: expected an object, got 3"),
        ({"cameras": [{"name": "a", **ENTRY}, {"name": "a", **ENTRY}]}, "expected distinct names"),
        ({"cameras": [{**ENTRY, "R": np.ones((3, 3)).tolist()}]}, "camera 0: .*R"),
        ({"x": {"R": ENTRY["R"]}}, "camera x: entry: expected the key 'T'"),
    ],
)
def test_other_content_of_a_camera_file_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_cameras(write(tmp_path / "c.json", content))


def test_keypoints_are_the_same_from_every_format(tmp_path):
    array = np.array([[[1, 2, 0.5], [3, 4, 1], [5, 6, 0]]])
    np.save(tmp_path / "k.npy", array)
    np.savez(tmp_path / "k.npz", keypoints=array, other=1)
    np.savez(tmp_path / "single.npz", anything=array)
    write(tmp_path / "k.json", [[[1, 2, 0.5], [3, 4, 1], [None, None, None]]])
    for name in ("k.npy", "k.npz", "single.npz", "k.json"):
        keypoints, scores = read_keypoints(tmp_path / name)
        np.testing.assert_array_equal(keypoints, [[[1, 2], [3, 4], [np.nan, np.nan]]])
        np.testing.assert_array_equal(scores, [[0.5, 1, 0]])
    write(tmp_path / "k.json", [[1, 2], [None, 4]])
    keypoints, scores = read_keypoints(tmp_path / "k.json")
    np.testing.assert_array_equal(keypoints, [[1, 2], [np.nan, np.nan]])
    assert scores.tolist() == [1, 0]


def test_other_content_of_a_keypoint_file_is_named(tmp_path):
    np.savez(tmp_path / "two.npz", a=1, b=2)
    np.save(tmp_path / "flat.npy", np.zeros(6))
    np.save(tmp_path / "infinite.npy", np.full((2, 2), np.inf))
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    write(tmp_path / "ragged.json", [[1, 2], [3]])
    write(tmp_path / "text.json", "{}")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "flat.npy").read_bytes()[:9])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name, message in {
        "two.npz": "expected an .npz archive, got a, b and no array called keypoints",
        "flat.npy": "expected shape",
        "infinite.npy": "expected finite numbers or NaN", "pickled.npy": "expected an array",
        "ragged.json": "expected nested lists", "text.json": "expected nested lists",
        "cut.npy": "expected an array", "empty.npz": "expected an .npz archive",
        "k.csv": "expected .npy",
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            read_keypoints(tmp_path / name)


def npy(shape, content=b"", text=None):
    """A .npy file whose header claims ``shape``, or has another text."""
    header = text or f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + content


def zipped(content, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("keypoints.npy", content)
    return stream.getvalue()


HOSTILE = {
    "claims 2^62 bytes.npy": npy((2**58, 2)),
    "has 2^70 rows of none.npy": npy((2**70, 0)),
    "broken.npy": npy(None, text="[" * 60),
    "deep.npy": npy(None, text="(" * 9000 + ")" * 9000),
    "axes.npy": npy((1,) * 33, bytes(8)),
    "claims 2^40 numbers.npz": zipped(npy((2**39, 2), bytes(16))),
    "grows.npz": zipped(npy((2**21, 2), bytes(2**25))),
    "cut.npz": zipped(npy((4, 2), bytes(64)))[:-30],
    "lzma.npz": zipped(npy((4, 2), bytes(64)), zipfile.ZIP_LZMA),
    "text.npz": zipped(b"hello"),
    "deep.json": b"[" * 100_000,
    "deep objects.json": b'{"a":' * 100_000,
    "closed.json": b"[" * 900 + b"]" * 900,
    "digits.json": b"[[" + b"9" * 400 + b", 1]]",
    "many digits.json": b"[[" + b"9" * 10_000 + b", 1]]",
    "text.json": b'[["1", "2"]]',
    "flags.json": b"[[true, false]]",
    "bytes.json": b"[[1, \xff]]",
    "page.json": b"<!DOCTYPE html><html>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_or_hostile_file_is_refused_by_name_and_takes_little_memory(tmp_path, name):
    path, content = tmp_path / name, HOSTILE[name]
    path.write_bytes(content)
    others = [read_cameras, read_people] if name.endswith("json") else []
    for read in [read_keypoints, *others]:
        tracemalloc.start()
        with pytest.raises(ValueError, match=f"{re.escape(name)}: expected") as error:
            if read(path) is None:  # no COCO results: what reads it next refuses it
                read_keypoints(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30 * len(content) + 2**21 and len(str(error.value)) < 600


def test_a_byte_order_mark_is_passed_over(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "k.json").write_text("[[1, 2]]", encoding=encoding)
        assert read_keypoints(tmp_path / "k.json")[0].tolist() == [[1, 2]]


def test_ids_beyond_64_bits_are_written_as_text(tmp_path):
    ids = np.array([20240101123045123456, 5])
    write_arrays(tmp_path / "o.npz", {"ids": ids if ids.dtype == object else ids.astype(object)})
    with np.load(tmp_path / "o.npz", allow_pickle=False) as stored:
        assert stored["ids"].tolist() == ["20240101123045123456", "5"]


def test_written_arrays_are_read_back_and_nan_is_null(tmp_path):
    arrays = {"points": np.array([[1.5, np.nan]]), "ids": np.array(["a", "b"]), "n": np.arange(2)}
    write_arrays(tmp_path / "o.npz", arrays)
    with np.load(tmp_path / "o.npz") as stored:
        assert set(stored.files) == set(arrays)
        np.testing.assert_array_equal(stored["points"], arrays["points"])
    write_arrays(tmp_path / "o.json", arrays)
    text = (tmp_path / "o.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"points": [[1.5, None]], "ids": ["a", "b"], "n": [0, 1]}
    with pytest.raises(ValueError, match="--out: expected a file ending in .npz or .json"):
        write_arrays(tmp_path / "o.txt", arrays)
