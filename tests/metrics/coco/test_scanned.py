import json

import numpy as np
import pytest

from npkpose.metrics.coco.scan import UnusualJson
from npkpose.metrics.coco.scanned import scan_ground_truth, scan_results
from tests.metrics.coco.test_read_json import RESULTS, TRUTH, change
from tests.metrics.coco.test_scan import as_bytes


def scan_both(truth=TRUTH, results=RESULTS):
    lists = scan_ground_truth("gt", as_bytes(json.dumps(truth)), 17)
    return lists, scan_results("dt", as_bytes(json.dumps(results)), 17)


def test_the_lists_of_a_file_worked_by_hand():
    lists, found = scan_both()
    people = lists["annotations"]
    assert lists["images"].ids("id").tolist() == [7, 8] and len(lists["images"]) == 2
    assert lists["categories"].entries == TRUTH["categories"]
    assert people.name == "gt: annotations" and people.ids("image_id").tolist() == [7, 8]
    assert people.numbers("area").tolist() == [900.5, 900.5] and len(people) == 2
    assert people.counts("num_keypoints").tolist() == [17, 17]
    assert people.boxes().tolist() == [[5, 6, 7.5, 8]] * 2
    points, third = people.keypoints(None)
    assert (points == (5, 6)).all() and (third == 2).all() and points.shape == (2, 17, 2)
    last = people.at(np.array([1]))
    assert last.positions.tolist() == [1] and last.keypoints(None)[0].shape == (1, 17, 2)
    assert found.have_boxes() and found.numbers("score").tolist() == [0.5, 0.5]


def test_a_file_cut_off_anywhere_is_left_to_json():
    text = json.dumps(TRUTH).encode()
    for end in range(len(text)):
        with pytest.raises(UnusualJson):
            scan_ground_truth("gt", as_bytes(text[:end]), 17)
    text = json.dumps(RESULTS).encode()
    for end in range(len(text)):
        with pytest.raises(UnusualJson):
            scan_results("dt", as_bytes(text[:end]), 17)


@pytest.mark.parametrize("text", ["[]", "{}", '{"images": [], "annotations": []}', "7", ""])
def test_a_file_without_the_three_lists_is_left_to_json(text):
    with pytest.raises(UnusualJson):
        scan_ground_truth("gt", as_bytes(text), 17)


@pytest.mark.parametrize("place, value, read", [
    ("1.score", "0.5", lambda found: found.numbers("score")),
    ("1.score", 10**400, lambda found: found.numbers("score")),
    ("1.image_id", 7.0, lambda found: found.ids("image_id")),
    ("1.image_id", "7", lambda found: found.ids("image_id")),
    ("1.image_id", 2**63, lambda found: found.ids("image_id")),
    ("1.keypoints", [], lambda found: found.keypoints(None)),
    ("1.keypoints.3", True, lambda found: found.keypoints(None)),
    ("1.bbox", [1, 2, 3], lambda found: found.boxes()),
    ("0.bbox", [], lambda found: found.have_boxes()),
])  # fmt: skip
def test_values_that_are_not_the_usual_are_left_to_json(place, value, read):
    found = scan_both(results=change(RESULTS, place, value))[1]
    with pytest.raises(UnusualJson):
        read(found)
    usual = 0 if place.startswith("1") else 1
    read(found.at(np.array([usual])))  # nobody asks for the other one


def test_counts_must_be_finite_and_the_first_result_decides_about_boxes():
    lists, _ = scan_both(change(TRUTH, "annotations.0.iscrowd", 0.5))
    assert lists["annotations"].counts("iscrowd").tolist() == [0.5, 0]
    text = json.dumps(TRUTH).replace('"iscrowd": 0', '"iscrowd": 1e999')
    people = scan_ground_truth("gt", as_bytes(text), 17)["annotations"]
    assert people.numbers("iscrowd")[0] == np.inf
    with pytest.raises(UnusualJson):
        people.counts("iscrowd")
    without = [{field: one[field] for field in one if field != "bbox"} for one in RESULTS]
    assert not scan_both(results=without)[1].have_boxes()
    assert not scan_both(results=[])[1].have_boxes()
    with pytest.raises(UnusualJson):
        scan_both(results=[without[0] | {"segmentation": []}])[1].have_boxes()
