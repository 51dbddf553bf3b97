"""Each thing that can be wrong, alone in files that are otherwise well-formed."""

import copy
import json
import warnings

import pytest

from npkpose import COCO_17, OPENPOSE_18
from npkpose.metrics.coco import evaluate_coco, examine

POINTS = [5, 6, 2] * 17
TRUTH = {
    "images": [{"id": i, "width": 20, "height": 10} for i in (7, 8)],
    "categories": [{"id": 1}],
    "annotations": [
        {"id": i, "image_id": 6 + i, "category_id": 1, "area": 900.5, "bbox": [5, 6, 7.5, 8],
         "iscrowd": 0, "num_keypoints": 17, "keypoints": POINTS} for i in (1, 2)
    ],
}  # fmt: skip
RESULTS = [
    {"image_id": i, "category_id": 1, "score": i / 10, "keypoints": POINTS, "bbox": [5, 6, 7, 8]}
    for i in (7, 8)
]
UNSEEN = [0, 0, 0] * 17
NAN, LONG = float("nan"), 10**400

# changed fields of the second annotation, the finding, whether the evaluation refuses it
ANNOTATIONS = [
    ({"id": 0}, "id 0", False),
    ({"id": 1}, "repeated ids", False),
    ({"area": 0}, "area from 0 to less than 2", False),
    ({"area": 1.9}, "area from 0 to less than 2", False),
    ({"id": 1.5}, "id that is not text of up to 500 characters", True),
    ({"image_id": 501 * "7"}, "image_id that is not text of up to 500 characters", True),
    ({"id": 2**63}, "id that is not text of up to 500 characters", True),
    ({"id": "two"}, "expected text, as others, got 1", True),
    ({"iscrowd": NAN}, "NaN or infinity in iscrowd", True),
    ({"num_keypoints": NAN}, "NaN or infinity in num_keypoints", True),
    ({"keypoints": [5, 6, NAN, *POINTS[3:]], "num_keypoints": 16}, "NaN or infinity in key", True),
    ({"keypoints": UNSEEN, "num_keypoints": 0, "bbox": [NAN] * 4}, "NaN or infinity in bbox", True),
    ({"image_id": 1.5}, "image_id that is not text of up to 500 characters", True),
    ({"category_id": 99, "keypoints": None}, "people of unknown categories", False),
    ({"area": -5}, "area below 0", True),
    ({"area": None}, "area that is not a number", True),
    ({"area": LONG}, "NaN or infinity in area", True),
    ({"bbox": [1, 2]}, "bbox that is not a list of 4 numbers", True),
    ({"iscrowd": "no"}, "iscrowd that is not a number", True),
    ({"num_keypoints": 0}, "num_keypoints 0 beside labelled keypoints", False),
    ({"num_keypoints": 3}, "num_keypoints that is not the number labelled", False),
    ({"keypoints": UNSEEN}, "num_keypoints above 0 without a labelled keypoint", False),
    ({"keypoints": POINTS[3:]}, "keypoints of another length: 48 numbers, 16 keypoints;", True),
    ({"keypoints": POINTS[2:]}, "keypoints of another length: 49 numbers; COCO_17 has 17", True),
    ({"keypoints": []}, "keypoints of another length: 0 numbers", True),
    ({"keypoints": [True, *POINTS[1:]]}, "keypoints that are not a list of numbers", True),
    ({"keypoints": "none"}, "keypoints that are not a list of numbers", True),
    ({"keypoints": [NAN, *POINTS[1:]]}, "NaN or infinity in keypoints", True),
    ({"keypoints": [20.5, *POINTS[1:]]}, "labelled keypoints outside the image", False),
    ({"keypoints": [*POINTS[:-2], -1, 1]}, "labelled keypoints outside the image", False),
    ({"image_id": 99}, "people in unknown images", False),
    ({"category_id": 99}, "people of unknown categories", False),
]
DETECTIONS = [
    ({"image_id": 99}, "results for unknown images", True),
    ({"category_id": 2}, "results of unknown categories", False),
    ({"category_id": 2, "keypoints": 3, "bbox": []}, "results of unknown categories", False),
    ({"category_id": None}, "category_id that is not text of up to 500 characters", True),
    ({"bbox": [1, 2, 3]}, "expected a list of 4 numbers, got [1, 2, 3]", True),
    ({"bbox": None}, "expected a list of 4 numbers, got None", True),
    ({"bbox": [1, 2, 1e200, 1e200]}, "expected a finite area, got inf", True),
    ({"keypoints": [500, 500, 0, *POINTS[3:]]}, "keypoints outside the image", False),
    ({"score": 0.7}, "scores that other results also have", False),
    ({"score": "0.8"}, "score that is not a number", True),
    ({"score": NAN}, "NaN or infinity in score", True),
    ({"keypoints": [*POINTS[:-3], 5, NAN, 1]}, "NaN or infinity in keypoints", True),
    ({"keypoints": [POINTS]}, "keypoints that are not a list of numbers", True),
    ({"keypoints": POINTS[3:]}, "keypoints of another length: 48 numbers, 16 keypoints;", True),
    ({"keypoints": [5, 60, *POINTS[2:]]}, "keypoints outside the image", False),
    ({"bbox": []}, "results without a box, unlike the first", True),
]
FIELDS = [
    *(("annotations", field) for field in TRUTH["annotations"][0]),
    *(("results", field) for field in (*RESULTS[0], "segmentation")),
    ("images", "id"), ("categories", "id"),
]  # fmt: skip
DROP = object()
DAMAGE = (
    DROP, None, NAN, float("inf"), -1, 0, 1, 1.5, 2**63, LONG, True, "x", "7", [], {}, [1, 2, 3],
    [NAN] * 4, [1, 2, 1e200, 1e200], [LONG, 1, 1, 1], ["x"] * 51, [5, 6, NAN] * 17, UNSEEN,
    [NAN, NAN, -1] + POINTS[3:], [1e200, -1e200, 1, -1e200] + POINTS[4:],
)  # fmt: skip


def refuses(truth, results):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            evaluate_coco(truth, results)
        except ValueError:
            return True
    return False


def test_nothing_is_found_in_well_formed_files():
    assert examine(TRUTH, RESULTS) == [] and not refuses(TRUTH, RESULTS)


@pytest.mark.parametrize("change, what, refused", ANNOTATIONS, ids=range(len(ANNOTATIONS)))
def test_what_is_wrong_with_an_annotation_is_found(tmp_path, change, what, refused):
    truth = copy.deepcopy(TRUTH)
    truth["annotations"][1].update(change)
    (finding,) = examine(truth)
    assert finding.what.startswith(what)
    other = ["annotations[0].id"]  # a number among text
    assert finding.entries == (other if change == {"id": "two"} else ["annotations[1]"])
    assert refuses(truth, RESULTS) == refused == finding.refuses
    (tmp_path / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    assert examine(tmp_path / "truth.json") == [finding]


@pytest.mark.parametrize("change, what, refused", DETECTIONS, ids=range(len(DETECTIONS)))
def test_what_is_wrong_with_a_result_is_found(tmp_path, change, what, refused):
    results = [RESULTS[0], RESULTS[1] | change]
    (finding,) = examine(TRUTH, results)
    assert finding.what.startswith(what) and finding.entries[-1].startswith("results[1]")
    assert len(finding.entries) == 1 + (what.startswith("scores"))
    assert refuses(TRUTH, results) == refused == finding.refuses
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert examine(TRUTH, tmp_path / "results.json") == [finding]


@pytest.mark.parametrize("field", FIELDS, ids=".".join)
def test_the_evaluation_refuses_a_damaged_file_if_and_only_if_the_doctor_says_so(field):
    *lists, name = field
    for value in DAMAGE:
        for i in (0, 1):
            files = copy.deepcopy({**TRUTH, "results": RESULTS})
            files["categories"].append({"id": 5})
            entry = files[lists[0]][i]
            entry[name] = value
            if value is DROP:
                del entry[name]
            results = files.pop("results")
            told = any(finding.refuses for finding in examine(files, results))
            assert told == refuses(files, results), (i, value)


def test_ignored_people_may_have_an_area_of_0():
    for change in ({"iscrowd": 1}, {"num_keypoints": 0, "keypoints": UNSEEN}):
        truth = copy.deepcopy(TRUTH)
        truth["annotations"][1].update(change, area=0)
        assert examine(truth) == []


@pytest.mark.parametrize("field", TRUTH["annotations"][0])
def test_a_missing_field_of_an_annotation_is_named(field):
    truth = copy.deepcopy(TRUTH)
    del truth["annotations"][1][field]
    (finding,) = examine(truth)
    assert finding.what == f"no {field}" and finding.entries == ["annotations[1]"]
    assert finding.refuses and refuses(truth, RESULTS)


@pytest.mark.parametrize("field", ("image_id", "category_id", "keypoints", "score"))
def test_a_missing_field_of_a_result_is_named(field):
    results = copy.deepcopy(RESULTS)
    del results[1][field]
    (finding,) = examine(TRUTH, results)
    assert finding.what == f"no {field}" and finding.entries == ["results[1]"]
    assert finding.refuses and refuses(TRUTH, results)


@pytest.mark.parametrize("field", ("image_id", "category_id"))
def test_ids_that_are_text_on_one_side_only_are_found(field):
    text = [one | {field: str(one[field])} for one in RESULTS]
    (finding,) = examine(TRUTH, text)
    owner = {"image_id": "images", "category_id": "categories"}[field]
    assert finding.what == f"{field} that is text, where the list of {owner} has numbers"
    assert finding.entries == ["results[0]", "results[1]"]
    assert finding.refuses == refuses(TRUTH, text) == (field == "image_id")
    with_text = copy.deepcopy(TRUTH)
    for entry in [*with_text["annotations"], *text]:
        entry[field] = str(entry[field])
    for entry in with_text[owner]:
        entry["id"] = str(entry["id"])
    assert examine(with_text, text) == []
    (finding,) = examine(with_text, RESULTS)
    assert finding.what == f"{field} that is a number, where the list of {owner} has text"


NOBODY = {
    "there are no annotations": [],
    "all annotations are left out": [TRUTH["annotations"][0] | {"image_id": 99}],
    "all annotations are ignored (iscrowd, or num_keypoints 0)": [
        TRUTH["annotations"][0] | {"iscrowd": 1},
        TRUTH["annotations"][1] | {"num_keypoints": 0, "keypoints": []},
    ],
}


@pytest.mark.parametrize("why", NOBODY)
def test_that_there_is_nobody_to_find_is_found(why):
    finding = examine({**TRUTH, "annotations": NOBODY[why]}, RESULTS)[-1]
    assert finding.what == f"nobody to find, {why}" and finding.changes_score
    assert not finding.refuses and finding.effect.startswith("AP and AR are -1")


def test_an_empty_list_of_keypoints_is_well_formed_if_num_keypoints_is_0():
    truth = copy.deepcopy(TRUTH)
    truth["annotations"][1].update(keypoints=[], num_keypoints=0, area=0)
    assert examine(truth, RESULTS) == [] and not refuses(truth, RESULTS)


def test_other_names_of_keypoints_are_found_and_other_spellings_are_not():
    for names, what in (
        ([name.replace("left_", "L ") for name in COCO_17.keypoints], None),
        (COCO_17.keypoints[::-1], "keypoint 0 is 'right_ankle', in COCO_17 it is 'nose'"),
        (OPENPOSE_18.keypoints, "18 keypoints, COCO_17 has 17"),
    ):
        category = {"id": 1, "keypoints": list(names)}
        found = examine({**TRUTH, "categories": [category, {**category, "id": 2}]}, RESULTS)
        whats = [] if what is None else [f"other keypoints: {what}"]
        assert [finding.what for finding in found] == whats
        assert all(one.entries == ["categories[0]", "categories[1]"] for one in found)
        assert all(one.changes_score and not one.refuses for one in found)


def test_annotations_of_another_skeleton_are_refused_with_what_to_call():
    truth = {**TRUTH, "categories": [{"id": 1, "keypoints": list(OPENPOSE_18.keypoints)}]}
    truth["annotations"] = [
        one | {"keypoints": [5, 6, 2] * 18, "num_keypoints": 18} for one in TRUTH["annotations"]
    ]
    names, lengths = examine(truth)
    assert "skeleton=npkpose.OPENPOSE_18)" in names.effect
    assert lengths.what.endswith(
        "54 numbers, 18 keypoints (as categories[0].keypoints lists); COCO_17 has 17 keypoints"
    )
    assert lengths.refuses and "skeleton=npkpose.OPENPOSE_18)" in lengths.effect
    assert examine(truth, skeleton=OPENPOSE_18) == []


def test_images_without_size_and_too_many_or_no_results_are_found():
    truth = {**TRUTH, "images": [{"id": 7, "width": 20}, TRUTH["images"][1]]}
    assert [finding.entries for finding in examine(truth, RESULTS)] == [["images[0]"]]
    many = [RESULTS[0] | {"score": 1 - i / 100} for i in range(22)]
    (finding,) = examine(TRUTH, many)
    assert finding.entries == ["results[20]", "results[21]"]
    assert [finding.what for finding in examine(TRUTH, [])] == ["no results"]
    boxless = {key: value for key, value in RESULTS[0].items() if key != "bbox"}
    (finding,) = examine(TRUTH, [boxless, RESULTS[1]])
    assert finding.what == "boxes, unlike the first" and finding.entries == ["results[1]"]


def test_a_finding_prints_the_first_few_entries_and_its_effect():
    truth = copy.deepcopy(TRUTH)
    truth["annotations"] = [TRUTH["annotations"][0] | {"id": i, "area": 0} for i in range(1, 8)]
    (finding,) = examine(truth)
    first, second = str(finding).splitlines()
    assert (
        first
        == "7 x area from 0 to less than 2: "
        + ", ".join(f"annotations[{i}]" for i in range(5))
        + ", ..."
    )
    assert second == "    " + finding.effect


def test_an_id_of_0_an_area_of_1_and_ties_have_the_stated_effects():
    for change, ap in (({"id": 0}, 0.0), ({"area": 1}, 0.0), ({}, 1.0)):
        truth = copy.deepcopy(TRUTH)
        shifted = [one | {"keypoints": [6, 6, 2] * 17} for one in RESULTS]
        for annotation in truth["annotations"]:
            annotation.update(change)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert evaluate_coco(truth, shifted, strict=True).stats.ap50 == ap
    wrong = RESULTS[1] | {"keypoints": [500, 6, 2] * 17, "score": 0.7}
    either_way = [[RESULTS[0], wrong], [RESULTS[0] | {"image_id": 8}, wrong | {"image_id": 7}]]
    assert len({evaluate_coco(TRUTH, results).stats.ap for results in either_way}) == 2


def test_files_that_are_not_lists_of_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="annotations: expected an object with .*, got a list"):
        examine([])
    with pytest.raises(ValueError, match="annotations: images: expected a list, got nothing"):
        examine({})
    with pytest.raises(ValueError, match=r"results\[0\]: expected an object, got 3"):
        examine(TRUTH, [3])
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="x.json: expected JSON"):
        examine(tmp_path / "x.json")
