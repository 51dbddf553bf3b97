"""Each thing that can be wrong, alone in files that are otherwise fine."""

import copy
import json
import warnings

import pytest

from npkpose.metrics import evaluate_coco
from npkpose.metrics.coco.doctor import examine

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

# what is changed in the second annotation, what is found, whether the evaluation refuses it
ANNOTATIONS = [
    ({"id": 0}, "id 0", False),
    ({"id": 1}, "ids that were used before", False),
    ({"area": 0}, "area from 0 to less than 2", False),
    ({"area": 1.9}, "area from 0 to less than 2", False),
    ({"id": 1.5}, "a field missing, or no number", True),
    ({"id": 2**63}, "a field missing, or no number", True),
    ({"id": "two"}, "expected text, as others, got 1", True),
    ({"iscrowd": NAN}, "NaN or infinity", True),
    ({"keypoints": [5, 6, NAN, *POINTS[3:]], "num_keypoints": 16}, "NaN or infinity", True),
    ({"keypoints": UNSEEN, "num_keypoints": 0, "bbox": [NAN] * 4}, "NaN or infinity", True),
    ({"image_id": 1.5}, "no image_id or category_id", True),
    ({"category_id": 99, "keypoints": None}, "people of unknown categories", False),
    ({"area": -5}, "area below 0", True),
    ({"area": None}, "a field missing, or no number", True),
    ({"area": LONG}, "NaN or infinity", True),
    ({"bbox": [1, 2]}, "a field missing, or no number", True),
    ({"iscrowd": "no"}, "a field missing, or no number", True),
    ({"num_keypoints": 0}, "num_keypoints 0 beside labelled keypoints", False),
    ({"num_keypoints": 3}, "num_keypoints that is not the number labelled", False),
    ({"keypoints": UNSEEN}, "num_keypoints above 0 without a labelled keypoint", False),
    ({"keypoints": POINTS[3:]}, "keypoints that are no list of 3 numbers", True),
    ({"keypoints": [True, *POINTS[1:]]}, "keypoints that are no list of 3 numbers", True),
    ({"keypoints": "none"}, "keypoints that are no list of 3 numbers", True),
    ({"keypoints": [NAN, *POINTS[1:]]}, "NaN or infinity", True),
    ({"keypoints": [20.5, *POINTS[1:]]}, "labelled keypoints outside the image", False),
    ({"keypoints": [*POINTS[:-2], -1, 1]}, "labelled keypoints outside the image", False),
    ({"image_id": 99}, "people in unknown images", False),
    ({"category_id": 99}, "people of unknown categories", False),
]
DETECTIONS = [
    ({"image_id": 99}, "results for unknown images", True),
    ({"category_id": 2}, "results of unknown categories", False),
    ({"category_id": 2, "keypoints": 3, "bbox": []}, "results of unknown categories", False),
    ({"category_id": None}, "no image_id or category_id", True),
    ({"bbox": [1, 2, 3]}, "expected a list of 4 numbers, got [1, 2, 3]", True),
    ({"bbox": None}, "expected a list of 4 numbers, got None", True),
    ({"bbox": [1, 2, 1e200, 1e200]}, "expected a finite number, got inf", True),
    ({"keypoints": [500, 500, 0, *POINTS[3:]]}, "keypoints outside the image", False),
    ({"score": 0.7}, "scores that other results have, too", False),
    ({"score": "0.8"}, "no score, or no number", True),
    ({"score": NAN}, "NaN or infinity", True),
    ({"keypoints": [*POINTS[:-3], 5, NAN, 1]}, "NaN or infinity", True),
    ({"keypoints": [POINTS]}, "keypoints that are no list of 3 numbers", True),
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


def test_nothing_is_found_where_all_is_well():
    assert examine(TRUTH, RESULTS) == [] and not refuses(TRUTH, RESULTS)


@pytest.mark.parametrize("change, what, refused", ANNOTATIONS, ids=range(len(ANNOTATIONS)))
def test_what_is_wrong_with_an_annotation_is_found(tmp_path, change, what, refused):
    truth = copy.deepcopy(TRUTH)
    truth["annotations"][1].update(change)
    (finding,) = examine(truth)
    assert finding.what.startswith(what)
    other = ["annotations[0].id"]  # it has text beside it
    assert finding.entries == (other if change == {"id": "two"} else ["annotations[1]"])
    assert refuses(truth, RESULTS) == refused == finding.refuses
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    assert examine(tmp_path / "truth.json") == [finding]


@pytest.mark.parametrize("change, what, refused", DETECTIONS, ids=range(len(DETECTIONS)))
def test_what_is_wrong_with_a_result_is_found(tmp_path, change, what, refused):
    results = [RESULTS[0], RESULTS[1] | change]
    (finding,) = examine(TRUTH, results)
    assert finding.what.startswith(what) and finding.entries[-1].startswith("results[1]")
    assert len(finding.entries) == 1 + (what.startswith("scores"))
    assert refuses(TRUTH, results) == refused == finding.refuses
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert examine(TRUTH, tmp_path / "results.json") == [finding]


@pytest.mark.parametrize("field", FIELDS, ids=".".join)
def test_the_evaluation_refuses_a_damaged_file_just_where_the_doctor_says_so(field):
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


def test_crowds_and_who_does_not_count_may_be_tiny():
    for change in ({"iscrowd": 1}, {"num_keypoints": 0, "keypoints": UNSEEN}):
        truth = copy.deepcopy(TRUTH)
        truth["annotations"][1].update(change, area=0)
        assert examine(truth) == []


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


def test_a_finding_names_the_first_few_and_says_what_it_does():
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


def test_an_id_of_0_an_area_of_1_and_ties_do_what_is_said():
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


def test_files_that_cannot_be_gone_through_are_refused(tmp_path):
    with pytest.raises(ValueError, match="annotations: expected an object with .*, got a list"):
        examine([])
    with pytest.raises(ValueError, match="annotations: images: expected a list, got nothing"):
        examine({})
    with pytest.raises(ValueError, match=r"results\[0\]: expected an object, got 3"):
        examine(TRUTH, [3])
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ValueError, match="x.json: expected JSON"):
        examine(tmp_path / "x.json")
