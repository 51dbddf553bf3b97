import json

import pytest

from npkpose import skeletons
from npkpose.metrics import evaluate_coco
from npkpose.metrics.coco.file_skeleton import skeleton_of_file


def file_of(*categories, count=17):
    rows = [{"keypoints": [1] * (3 * count)}]
    return {"images": [], "annotations": rows, "categories": list(categories)}


def test_listed_names_decide():
    names = list(skeletons.AP10K_17.keypoints)
    category = {"id": 3, "name": "bat", "keypoints": names}
    assert skeleton_of_file(file_of(category, category | {"id": 4})) == skeletons.AP10K_17


def test_without_names_the_number_of_keypoints_decides():
    assert skeleton_of_file(file_of({"id": 1, "keypoints": []}, count=68)) == skeletons.FACE_68
    assert skeleton_of_file(file_of({"id": 1}, count=98)) == skeletons.WFLW_98


def test_other_names_give_a_skeleton_without_sigmas():
    category = {"id": 1, "name": "chair", "keypoints": ["seat", "back"]}
    plan = skeleton_of_file(file_of(category, count=2))
    assert plan.name == "chair" and plan.keypoints == ("seat", "back")
    with pytest.raises(ValueError, match="constants of chair, got none for 2 of 2 keypoints"):
        evaluate_coco(file_of(category, count=2), [], "auto")


def test_categories_of_different_keypoints_are_to_be_chosen():
    one, two = {"id": 1, "keypoints": ["a", "b"]}, {"id": 5, "keypoints": ["c", "d"]}
    with pytest.raises(ValueError, match="categories: .* got other names in 1 and 5: choose"):
        skeleton_of_file(file_of(one, two, count=2))
    assert skeleton_of_file(file_of(one, two, count=2), [5]).keypoints == ("c", "d")


def test_a_file_is_looked_at_without_parsing_it(tmp_path, monkeypatch):
    path = tmp_path / "gt.json"
    path.write_text("\ufeff" + json.dumps(file_of({"id": 1}, count=133)), encoding="utf-8")
    assert skeleton_of_file(path) == skeletons.COCO_WHOLEBODY_133
    path.write_text(json.dumps(file_of({"id": 1}, count=21)), encoding="utf-8")
    assert skeleton_of_file(path).num_keypoints == 21


@pytest.mark.parametrize("data", [[], {}, {"annotations": [3], "categories": [3]}])
def test_files_without_keypoints_are_refused(data):
    with pytest.raises(ValueError, match="expected keypoints|needs a file of annotations"):
        skeleton_of_file(data)
