import copy
import json

import numpy as np
import pytest

from npkpose.metrics import evaluate_wholebody
from npkpose.metrics.coco import read_json
from npkpose.metrics.coco.protocols import PARTS


def one_person(**changes):
    """Return annotations of one person in COCO-WholeBody's fields, and the same as a result."""
    person = {"id": 1, "image_id": 7, "category_id": 1, "area": 2000.0, "iscrowd": 0,
              "bbox": [0, 0, 60, 60]}  # fmt: skip
    for n, part in enumerate(PARTS):
        k = np.arange(part.count)
        person[part.field] = np.c_[k + n, k * 2.0, np.full(part.count, 2)].ravel().tolist()
    result = {key: value for key, value in person.items() if "k" in key or key.endswith("id")}
    truth = {"images": [{"id": 7}], "categories": [{"id": 1, "name": "person"}]}
    return truth | {"annotations": [person | changes]}, copy.deepcopy([result | {"score": 0.5}])


def flat(truth, results):
    """Return the same with all 133 keypoints in one list."""
    truth, results = copy.deepcopy((truth, results))
    for entry in truth["annotations"] + results:
        entry["keypoints"] = [number for part in PARTS for number in entry.pop(part.field)]
    return truth, results


def test_a_person_found_exactly_is_found_in_every_part():
    result = evaluate_wholebody(*one_person())
    assert list(result.parts) == ["body", "foot", "face", "lefthand", "righthand", "wholebody"]
    assert all(stats.ap > 0.999 and stats.ar == 1 for stats in result.stats.values())
    assert result["foot"].settings.skeleton.num_keypoints == 6
    assert str(result).splitlines()[2].split()[:2] == ["foot", "1.000"]


def test_a_part_that_is_not_labelled_is_ignored_in_its_own_evaluation_only():
    truth, results = one_person(face_kpts=[0] * 204)
    stats = evaluate_wholebody(truth, results).stats
    assert stats["face"].ap == -1 and stats["foot"].ap > 0.999 and stats["wholebody"].ap > 0.999


def test_a_part_that_is_not_valid_is_left_out_if_asked_for():
    truth, results = one_person(face_valid=False)
    assert evaluate_wholebody(truth, results).stats["face"].ap > 0.999
    stats = evaluate_wholebody(truth, results, use_valid=True).stats
    assert stats["face"].ap == -1 and stats["body"].ap > 0.999


def test_results_without_a_keypoint_above_0_are_left_out():
    truth, results = one_person()
    results[0]["foot_kpts"][2::3] = [0] * 6
    stats = evaluate_wholebody(truth, results).stats
    assert stats["foot"].ar == 0 and stats["body"].ar == 1


def test_one_list_of_133_keypoints_gives_the_same():
    parted, whole = (evaluate_wholebody(*pair) for pair in (one_person(), flat(*one_person())))
    for name, result in parted.parts.items():
        np.testing.assert_array_equal(result.precision, whole[name].precision)


@pytest.mark.parametrize("form", [lambda *pair: pair, flat])
def test_scanned_files_give_what_json_gives(form, tmp_path, monkeypatch):
    truth, results = form(*one_person())
    results[0]["face_score"] = 0.25
    paths = tmp_path / "gt.json", tmp_path / "dt.json"
    for path, data in zip(paths, (truth, results)):
        path.write_text(json.dumps(data), encoding="utf-8")
    expected = evaluate_wholebody(truth, results)
    monkeypatch.setattr(read_json, "SCAN_FROM", 0)
    monkeypatch.setattr(read_json.JsonFile, "parse", None)  # not needed
    found = evaluate_wholebody(*paths)
    for name, result in expected.parts.items():
        np.testing.assert_array_equal(found[name].scores, result.scores)
    assert found["face"].found.score.tolist() == [0.25]
    assert found["foot"].found.score.tolist() == [0.5]


def test_wrong_lists_are_named_with_file_entry_and_field():
    truth, results = one_person(foot_kpts=[1, 2, 3])
    with pytest.raises(ValueError, match=r"annotations\[0\].foot_kpts: expected a list of 18 num"):
        evaluate_wholebody(truth, results)
    truth, results = one_person()
    del results[0]["lefthand_kpts"]
    with pytest.raises(ValueError, match=r"results\[0\].lefthand_kpts: .* 63 numbers, got nothing"):
        evaluate_wholebody(truth, results)
    truth, results = one_person()
    truth["annotations"][0]["face_kpts"][4] = float("nan")
    with pytest.raises(ValueError, match=r"annotations\[0\].face_kpts\[4\]: expected a finite"):
        evaluate_wholebody(truth, results)
