import warnings

import pytest

from npkpose import COCO_17
from npkpose.metrics.coco import evaluate_coco

POINTS = [5, 6, 2] * 17
PERSON = {
    "id": 1, "image_id": 7, "category_id": 1, "area": 900.5, "bbox": [5, 6, 7.5, 8], "iscrowd": 0,
    "num_keypoints": 17, "keypoints": POINTS,
}  # fmt: skip
TRUTH = {"images": [{"id": 7}], "categories": [{"id": 1}], "annotations": [PERSON]}
RESULTS = [{"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": POINTS}]


def messages(truth, results=RESULTS, **settings):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        evaluate_coco(truth, results, **settings)
    assert all(warning.filename == __file__ for warning in caught)  # they point at the caller
    return [str(warning.message) for warning in caught]


def test_well_formed_files_give_no_warning():
    assert messages(TRUTH) == []
    assert messages({**TRUTH, "categories": [{"id": 1, "keypoints": COCO_17.keypoints}]}) == []


@pytest.mark.parametrize(
    "annotations, why",
    [
        ([], "there are none"),
        ([PERSON | {"iscrowd": 1}], "all are ignored (iscrowd, or num_keypoints 0)"),
        ([PERSON | {"num_keypoints": 0}], "all are ignored (iscrowd, or num_keypoints 0)"),
        ([PERSON | {"keypoints": [0] * 51, "num_keypoints": 0}], "all are ignored (iscrowd, or"),
        ([PERSON | {"image_id": 9}], "none is of an evaluated image and category"),
    ],
)
def test_that_there_is_nobody_to_find_is_warned_of(annotations, why):
    expected = f"ground_truth: annotations: nobody to find, AP and AR are -1: {why}"
    assert messages({**TRUTH, "annotations": annotations})[-1].startswith(expected)


def test_other_names_of_keypoints_are_warned_of_where_they_are_evaluated():
    other = {"id": 1, "keypoints": ["root", *COCO_17.keypoints[1:]]}
    (message,) = messages({**TRUTH, "categories": [other]})
    assert message.startswith(
        "ground_truth: categories[0].keypoints: keypoint 0 is 'root', in COCO_17 it is 'nose'; "
        "keypoints are compared by position, with the sigmas of COCO_17; for other keypoints pass"
    )
    unused = {"id": 2, "keypoints": ["root"]}
    assert messages({**TRUTH, "categories": [{"id": 1}, unused]}) == []
    unused["keypoints"] = other["keypoints"]
    second = PERSON | {"id": 2, "category_id": 2}
    truth = {**TRUTH, "categories": [{"id": 1}, unused], "annotations": [PERSON, second]}
    assert messages(truth, categories=[1]) == [] and len(messages(truth)) == 1
