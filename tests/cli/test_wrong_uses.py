"""What a stranger gets wrong: each message names the argument or file, and what came instead."""

import json
import os

import numpy as np
import pytest

from npkpose.cli.main import main

RIG = {"cameras": [{"name": "a", "K": np.eye(3).tolist(), "distCoef": [0] * 5,
                    "R": np.eye(3).tolist(), "t": [[0], [0], [0]]}]}  # fmt: skip
POINTS = [1.0, 2.0, 1.0] * 17
RESULT = {"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": POINTS}
TRUTH = {
    "images": [{"id": 7}], "categories": [{"id": 1, "name": "person"}],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "area": 9.0, "keypoints": POINTS,
                     "bbox": [1, 2, 3, 4], "iscrowd": 0, "num_keypoints": 17}],
}  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with files of many kinds, one of them named as an option."""
    monkeypatch.chdir(tmp_path)
    for name, content in (("gt \u00fc.json", TRUTH), ("dt.json", [RESULT]), ("rig.json", RIG)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "empty.json").touch()
    (tmp_path / "a b.bin").write_bytes(b"\xff\xd8\xff" + bytes(range(256)))
    (tmp_path / "out").mkdir()
    (tmp_path / "format").mkdir()
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), [
    ("convert|a b.bin", "a b.bin: expected a file of keypoints (.*, got a JPEG image"),
    ("convert|empty.json", "empty.json: expected a file of keypoints (.*, got an empty file"),
    ("convert|format", "format: expected a file of keypoints (.*, got a folder without such files"),
    ("convert|gt \u00fc.json|out|--to|openpose", "OUT: expected a new file or folder, got out"),
    ("convert|gt \u00fc.json|x.csv|--from|xml", "--from: expected one of auto, .*, got 'xml'"),
    ("convert|gt \u00fc.json|--images|none", "--images: expected a folder, got none"),
    ("eval|missing.json|dt.json", "missing.json: expected a file that exists, got none"),
    ("eval|dt.json|gt \u00fc.json", "GT.json, RESULTS.json: expected annotations and then results"),
    ("eval|gt \u00fc.json|empty.json", "empty.json: expected JSON, got an empty file"),
    ("track|out", "out: expected a file of keypoints (.*, got a folder without such files"),
    ("triangulate|out|a.npy", "out: expected a file, got a folder"),
    ("train|topdown|--out|dt.json", "dt.json: expected a folder, got a file in its place"),
    ("predict|x.jpg|--list|a b.bin", "--list: expected a file of text, got a b.bin"),
    ("predict|x.jpg|--out|", "--out: expected a folder, got ''"),
    ("draw|dt.json|none.jpg", "none.jpg: expected a file that exists, got none"),
    ("draw|dt.json|a b.bin", "dt.json: expected people of a b.bin, got the images 7"),
    ("explain|a b.bin|--model|paf", "a b.bin: expected an image (.*, got a JPEG image that is dam"),
])  # fmt: skip
def test_a_wrong_use_is_one_line_that_names_it(here, capsys, arguments, message):
    command, *words = arguments.split("|")
    if command == "explain":
        pytest.importorskip("matplotlib")
    network = ["--offline", "--model", "openpose-mobilenetv2"] * (command == "predict")
    before = sorted(os.listdir(here))
    assert main([command, *words, *network]) == 1
    [line] = capsys.readouterr().err.splitlines()
    parts = message.split(".*")
    assert line.startswith(f"npkpose {command}: {parts[0]}") and parts[-1] in line
    assert sorted(os.listdir(here)) == before
