"""Malformed files: the error names the file, the entry and the field."""

import copy
import json
import math
import os
import threading

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18
from npkpose._json import JsonFile
from npkpose.io.entries import Entries
from npkpose.metrics import evaluate_coco
from npkpose.metrics.coco import read_json
from npkpose.metrics.coco.scan import skip_space, skip_value
from tests.metrics.coco.test_scan import random_value, write_json

POINTS = [5, 6, 2] * 17
TRUTH = {
    "images": [{"id": 7}, {"id": 8}],
    "categories": [{"id": 1}],
    "annotations": [
        {"id": i, "image_id": 6 + i, "category_id": 1, "area": 900.5, "bbox": [5, 6, 7.5, 8],
         "iscrowd": 0, "num_keypoints": 17, "keypoints": [*POINTS]} for i in (1, 2)
    ],
}  # fmt: skip
RESULTS = [
    {"image_id": i, "category_id": 1, "score": 0.5, "keypoints": [*POINTS], "bbox": [5, 6, 7, 8]}
    for i in (7, 8)
]
NAN, DROP, LONG = float("nan"), object(), 10**400

# Where a good file is changed, the new value, and what the message says after the file's name.
TRUTH_TABLE = [
    ("annotations.1.id", DROP, r": annotations\[1\]\.id: expected an id, got nothing"),
    ("annotations.1.id", 1.5, r": annotations\[1\]\.id: expected an id, got 1.5"),
    ("annotations.1.id", True, r": annotations\[1\]\.id: expected an id, got True"),
    ("annotations.1.id", "2", r": annotations\[0\]\.id: expected text, as others, got 1"),
    ("annotations.0.image_id", None, r": annotations\[0\]\.image_id: expected an id, got None"),
    ("annotations.0.image_id", [7], r": annotations\[0\]\.image_id: expected an id, got \[7\]"),
    (
        "annotations.0.image_id",
        2**63,
        r": annotations\[0\]\.image_id: expected an id, got 9223\d+; integer ids go from -2\^63 to",
    ),
    ("annotations.0.category_id", DROP, r": annotations\[0\]\.category_id: expected an id"),
    ("annotations.0.category_id", NAN, r": annotations\[0\]\.category_id: expected an id, got nan"),
    (
        "images",
        [{"id": "7"}, {"id": 501 * "8"}],
        r": images\[1\]\.id: expected at most 500 char",
    ),
    ("annotations.1.area", DROP, r": annotations\[1\]\.area: expected a number, got nothing"),
    ("annotations.1.area", "900", r": annotations\[1\]\.area: expected a number, got '900'"),
    ("annotations.1.area", -1, r": annotations\[1\]\.area: expected at least 0, got -1"),
    ("annotations.1.area", NAN, r": annotations\[1\]\.area: expected a finite number, got nan"),
    ("annotations.1.area", LONG, r": annotations\[1\]\.area: expected a number, got 1000"),
    ("annotations.0.bbox", DROP, r": annotations\[0\]\.bbox: expected a list of 4 numbers"),
    ("annotations.0.bbox", [1, 2, 3], r": annotations\[0\]\.bbox: expected a list of 4 .*, got \["),
    ("annotations.0.bbox", {"x": 1}, r": annotations\[0\]\.bbox: expected a list of 4 .*, got {"),
    ("annotations.1.iscrowd", DROP, r": annotations\[1\]\.iscrowd: expected a number, got nothing"),
    ("annotations.1.iscrowd", "no", r": annotations\[1\]\.iscrowd: expected a number, got 'no'"),
    ("annotations.1.iscrowd", NAN, r": annotations\[1\]\.iscrowd: expected a finite number"),
    ("annotations.0.num_keypoints", DROP, r": annotations\[0\]\.num_keypoints: expected a number"),
    ("annotations.0.num_keypoints", NAN, r": annotations\[0\]\.num_keypoints: expected a finite"),
    ("annotations.1.keypoints", DROP, r": annotations\[1\]\.keypoints: expected a list of 51"),
    (
        "annotations.1.keypoints",
        POINTS[3:],
        r": annotations\[1\]\.keypoints: expected a list .*\[5",
    ),
    ("annotations.1.keypoints", "abc", r": annotations\[1\]\.keypoints: expected a list .* 'abc'"),
    ("annotations.1.keypoints", 51, r": annotations\[1\]\.keypoints: expected a list .* got 51"),
    ("annotations.1.keypoints.3", None, r": annotations\[1\]\.keypoints: expected a list"),
    ("annotations.1.keypoints.3", True, r": annotations\[1\]\.keypoints: expected a list"),
    ("annotations.1.keypoints.3", [1], r": annotations\[1\]\.keypoints: expected a list"),
    ("annotations.1.keypoints.4", NAN, r": annotations\[1\]\.keypoints\[4\]: expected a finite"),
    ("annotations.1.keypoints.5", NAN, r": annotations\[1\]\.keypoints\[5\]: expected a finite"),
    ("annotations.0", 3, r": annotations\[0\]: expected an object, got 3"),
    ("annotations", DROP, ": annotations: expected a list, got nothing"),
    ("annotations", {"0": 1}, ": annotations: expected a list, got {'0': 1}"),
    ("images", DROP, ": images: expected a list, got nothing"),
    ("images.1.id", DROP, r": images\[1\]\.id: expected an id, got nothing"),
    ("images.1", None, r": images\[1\]: expected an object, got None"),
    ("categories", "person", ": categories: expected a list, got 'person'"),
    ("categories.0.id", {}, r": categories\[0\]\.id: expected an id, got {}"),
]
RESULTS_TABLE = [
    ("1.image_id", DROP, r"\[1\]\.image_id: expected an id, got nothing"),
    ("1.image_id", 99, r"\[1\]\.image_id: expected an image of the ground truth, got 99"),
    ("0.image_id", "7", r"\[1\]\.image_id: expected text, as others, got 8"),
    ("1.category_id", DROP, r"\[1\]\.category_id: expected an id, got nothing"),
    ("1.score", DROP, r"\[1\]\.score: expected a number, got nothing"),
    ("1.score", "0.5", r"\[1\]\.score: expected a number, got '0.5'"),
    ("1.score", [0.5], r"\[1\]\.score: expected a number, got \[0.5\]"),
    ("1.score", True, r"\[1\]\.score: expected a number, got True"),
    ("1.score", NAN, r"\[1\]\.score: expected a finite number, got nan"),
    ("1.score", float("inf"), r"\[1\]\.score: expected a finite number, got inf"),
    ("1.keypoints", DROP, r"\[1\]\.keypoints: expected a list of 51 numbers, got nothing"),
    ("1.keypoints", POINTS[:34], r"\[1\]\.keypoints: expected a list of 51 numbers, got \[5"),
    ("1.keypoints", [POINTS], r"\[1\]\.keypoints: expected a list of 51 numbers, got \[\[5"),
    ("1.keypoints.0", "5", r"\[1\]\.keypoints: expected a list of 51 numbers"),
    ("1.keypoints.0", LONG, r"\[1\]\.keypoints: expected a list of 51 numbers"),
    ("1.keypoints.3", NAN, r"\[1\]\.keypoints\[3\]: expected a finite number, got nan"),
    ("1.bbox", DROP, r"\[1\]\.bbox: expected a list of 4 numbers, got nothing"),
    ("1.bbox.2", NAN, r"\[1\]\.bbox: expected a finite area, got nan"),
    ("1", [1], r"\[1\]: expected an object, got \[1\]"),
    ("", {"annotations": []}, ": expected a list, got {'annotations': \\[\\]}"),
    ("", None, ": expected a list, got nothing"),
]
TEXTS = {
    "nothing at all": "",
    "a cut off file": json.dumps(TRUTH)[:400],
    "two files in one": json.dumps(TRUTH) * 2,
    "a single quote": "{'images': []}",
    "a list without an end": "[" * 100_000,
    "bytes that are no text": b"\xff\xfe\x00\x80",
    "a number of 5,000 digits": '{"images": [{"id": ' + "9" * 5000 + "}]}",
}


def change(data, place, value):
    """Return a copy of ``data`` with ``value`` at the dotted ``place``; DROP removes it."""
    data = copy.deepcopy(data)
    if not place:
        return value
    *path, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner = data
    for step in path:
        inner = inner[step]
    if value is DROP:
        del inner[last]
    else:
        inner[last] = value
    return data


JUNK = (None, True, 0, -1, 1.5, NAN, float("inf"), 2**63, -(2**63), LONG, 1e308, "", "7", "\0", [],
        [1], {}, {"id": 1}, [None] * 51, [1e308] * 51, [0] * 51)  # fmt: skip


def damage(node, rng):
    """Replace something deep inside ``node`` by junk, or remove it."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = keys[rng.integers(len(keys))]
    if isinstance(node[key], (dict, list)) and rng.random() < 0.75:
        damage(node[key], rng)
    elif rng.random() < 0.15:
        del node[key]
    else:
        node[key] = copy.deepcopy(JUNK[rng.integers(len(JUNK))])


def write(folder, truth=TRUTH, results=RESULTS):
    """Write both as files and return their paths; text is written as it is."""
    paths = folder / "gt.json", folder / "dt.json"
    for path, data in zip(paths, (truth, results)):
        data = data if isinstance(data, (str, bytes)) else json.dumps(data)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return paths


@pytest.fixture(params=["json", "scan"], autouse=True)
def reader(request, monkeypatch):
    """Run each test twice: files are read by `json`, or by the scanner if that can read them."""
    monkeypatch.setattr(read_json, "SCAN_FROM", math.inf if request.param == "json" else 0)


@pytest.mark.parametrize("place, value, message", TRUTH_TABLE, ids=range(len(TRUTH_TABLE)))
def test_malformed_annotations_are_refused_with_their_place(tmp_path, place, value, message):
    truth = change(TRUTH, place, value)
    with pytest.raises(ValueError, match="gt.json" + message):
        evaluate_coco(*write(tmp_path, truth))
    with pytest.raises(ValueError, match="^ground_truth" + message):
        evaluate_coco(truth, RESULTS)


@pytest.mark.parametrize("place, value, message", RESULTS_TABLE, ids=range(len(RESULTS_TABLE)))
def test_malformed_results_are_refused_with_their_place(tmp_path, place, value, message):
    results = change(RESULTS, place, value)
    with pytest.raises(ValueError, match="dt.json" + message):
        evaluate_coco(*write(tmp_path, results=results))
    with pytest.raises(ValueError, match="^results" + message):
        evaluate_coco(TRUTH, results)


@pytest.mark.parametrize("what", TEXTS)
def test_files_that_are_not_json_are_refused_by_name(tmp_path, what):
    with pytest.raises(ValueError, match="gt.json: expected JSON, got "):
        evaluate_coco(*write(tmp_path, TEXTS[what]))
    with pytest.raises(ValueError, match="dt.json: expected JSON, got "):
        evaluate_coco(*write(tmp_path, results=TEXTS[what]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strict", [False, True])
def test_any_damage_gives_numbers_in_range_or_an_error_that_names_the_file(rng, strict):
    refused = 0
    for _ in range(400):
        both = copy.deepcopy([TRUTH, RESULTS])
        for _ in range(rng.integers(1, 3)):
            damage(both[rng.integers(2)], rng)
        try:
            result = evaluate_coco(*both, strict=strict)
            assert all(value == -1 or 0 <= value <= 1 for value in result.stats)
        except ValueError as error:
            refused += 1
            assert str(error).startswith(("ground_truth", "results"))
    assert 200 < refused < 400


def test_the_same_values_in_other_types_give_the_same_numbers(tmp_path):
    expected = evaluate_coco(TRUTH, RESULTS).stats
    assert expected.ap == 1 and evaluate_coco(*write(tmp_path)).stats == expected
    marked = b"\xef\xbb\xbf" + json.dumps(TRUTH).encode()  # a byte order mark
    assert evaluate_coco(*write(tmp_path, marked)).stats == expected
    for place, value in (
        ("annotations.0.image_id", 7.0), ("annotations.0.iscrowd", False),
        ("annotations.0.num_keypoints", 17.0), ("annotations.0.keypoints", np.array(POINTS)),
        ("annotations.0.keypoints", tuple(POINTS)), ("annotations.0.area", np.float32(900.5)),
    ):  # fmt: skip
        assert evaluate_coco(change(TRUTH, place, value), RESULTS).stats == expected
    text = json.dumps(TRUTH).replace('id": 7', 'id": "7"').replace('id": 8', 'id": "8"')
    found = json.dumps(RESULTS).replace('id": 7', 'id": "7"').replace('id": 8', 'id": "8"')
    assert evaluate_coco(*write(tmp_path, text, found)).stats == expected


def test_an_empty_list_of_keypoints_is_of_nobody_labelled_if_num_keypoints_is_0():
    empty = change(change(TRUTH, "annotations.1.keypoints", []), "annotations.1.num_keypoints", 0)
    zeros = change(empty, "annotations.1.keypoints", [0] * 51)
    result = evaluate_coco(empty, RESULTS)
    assert not result.truth.labelled[1].any() and result.stats.ar == 1
    np.testing.assert_array_equal(result.precision, evaluate_coco(zeros, RESULTS).precision)
    with pytest.raises(ValueError, match=r"annotations\[1\]\.keypoints: .*, got \[\]: 0 numbers"):
        evaluate_coco(change(empty, "annotations.1.num_keypoints", 2), RESULTS)
    with pytest.raises(ValueError, match=r"annotations\[1\]\.keypoints: expected a list of 51"):
        evaluate_coco(change(empty, "annotations.1.keypoints", {}), RESULTS)


def test_keypoints_of_another_skeleton_are_refused_with_what_to_call():
    truth = change(TRUTH, "annotations.0.keypoints", [1.0] * 54)
    message = (
        r"annotations\[0\].keypoints: expected a list of 51 numbers, got \[1.0, .*: 54 numbers, 18 "
        r"keypoints{}; COCO_17 has 17 keypoints; .* as in evaluate_coco\(..., "
        r"skeleton=npkpose.OPENPOSE_18\)$"
    )
    with pytest.raises(ValueError, match=message.format("")):
        evaluate_coco(truth, RESULTS)
    truth["categories"] = [{"id": 1, "keypoints": list(OPENPOSE_18.keypoints)}]
    as_listed = r" \(as categories\[0\].keypoints lists\)"
    with pytest.raises(ValueError, match=message.format(as_listed)):
        evaluate_coco(truth, RESULTS)
    hand = change(RESULTS, "0.keypoints", [1.0] * 63)
    message = r"results\[0\].keypoints: .* 63 numbers, 21 .*skeleton=npkpose.HUMANART_21\)$"
    with pytest.raises(ValueError, match=message):
        evaluate_coco(TRUTH, hand)
    named = TRUTH | {"categories": [{"id": 1, "name": "person"}]}
    with pytest.raises(ValueError, match="21 keypoints.* has 17 .*; its category is 'person'$"):
        evaluate_coco(named, hand)


def test_large_ids_keep_all_their_digits():
    entries = Entries("entries", [{"id": 2**62 + 1}, {"id": 7.0}])
    assert entries.ids("id").tolist() == [2**62 + 1, 7]


def test_missing_files_are_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.json"):
        evaluate_coco(tmp_path / "none.json", RESULTS)


def columns_of(table):
    """Return everything that a table holds, arrays as bytes and dtype."""

    def comparable(value):
        is_array = isinstance(value, np.ndarray)
        return (value.tobytes(), value.dtype, value.shape) if is_array else value

    return {name: comparable(value) for name, value in vars(table).items()}


def read_by(monkeypatch, paths, scan):
    """Return both tables of two files, read by the scanner or by `json`."""
    monkeypatch.setattr(read_json, "SCAN_FROM", 0 if scan else math.inf)
    if scan:
        monkeypatch.setattr(JsonFile, "parse", None)  # the scanner reads these without json
    truth = read_json.read_ground_truth(paths[0], COCO_17)
    tables = truth, read_json.read_detections(paths[1], COCO_17, truth.categories)
    monkeypatch.undo()
    return tables


@pytest.mark.parametrize("seed", range(25))
def test_scanned_files_give_the_tables_that_json_gives(seed, tmp_path, random_set, monkeypatch):
    rng = np.random.default_rng(seed)
    truth, results = random_set(seed)
    more = [{"id": 5, "image_id": 99, "category_id": 1}, {"image_id": 1, "category_id": 9, "id": 0}]
    truth["annotations"] += more  # left out, so they need not be complete
    truth |= {"info": random_value(rng), "licenses": [random_value(rng)]}
    for entry in (*truth["images"], *truth["annotations"], *truth["categories"], *results[1:]):
        entry[f"more {rng.integers(9)}"] = random_value(rng)
    mark = "\ufeff" if rng.random() < 0.3 else ""
    paths = write(tmp_path, mark + write_json(truth, rng), write_json(results, rng))
    scanned, parsed = (read_by(monkeypatch, paths, scan) for scan in (True, False))
    for ours, expected in zip(scanned, parsed):
        assert columns_of(ours) == columns_of(expected)
        assert ours.from_json and len(ours.entry) == len(ours)


def test_a_pipe_can_be_read(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs named pipes")
    paths = write(tmp_path)
    expected = evaluate_coco(*paths).stats
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[paths[1].read_bytes()])
    writer.start()
    assert evaluate_coco(paths[0], tmp_path / "pipe").stats == expected
    writer.join()


def test_annotations_of_many_data_sets_end_where_json_says(shared_data):
    paths = sorted((shared_data / "samples" / "annotations").glob("*.json"))
    assert len(paths) > 20
    for path in paths:
        data = JsonFile(path).data
        assert skip_space(data, skip_value(data, skip_space(data, 0))) == len(data) - 1, path
