"""The COCO evaluation of sets worked by hand; `test_pycocotools` has the peer."""

import copy
import json

import numpy as np
import pytest

from npkpose.metrics import Detections, GroundTruth, evaluate_coco
from npkpose.skeleton import Skeleton
from npkpose.skeletons import H36M_17


def one_person(**changes):
    """Annotations of one person in one image, changed, and the result that finds it exactly."""
    points = np.c_[np.arange(17.0), np.arange(17.0), np.full(17, 2)].ravel().tolist()
    person = {"id": 1, "image_id": 7, "category_id": 1, "area": 2000.0, "iscrowd": 0,
              "bbox": [0, 0, 16, 16], "num_keypoints": 17, "keypoints": points}  # fmt: skip
    truth = {"images": [{"id": 7}], "categories": [{"id": 1}], "annotations": [person | changes]}
    return truth, [{"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": points}]


def test_one_perfect_pose_misses_1_by_a_bit_and_two_do_not():
    truth, results = one_person()
    result = evaluate_coco(truth, results)
    assert result.stats.ap == 0.9999999999999998 and result.stats.ar == 1.0
    assert result.stats.ap_medium == result.stats.ap and result.stats.ap_large == -1
    again = copy.deepcopy(truth["annotations"][0]) | {"id": 2, "image_id": 8}
    truth["annotations"].append(again)
    truth["images"].append({"id": 8})
    assert evaluate_coco(truth, [results[0], results[0] | {"image_id": 8}]).stats.ap == 1.0


@pytest.mark.filterwarnings("ignore")
def test_tables_and_files_give_what_parsed_json_gives(random_set, tmp_path):
    truth, results = random_set(3)
    for number, annotation in enumerate(truth["annotations"]):
        annotation["id"] = number + 1
    for name, data in (("truth", truth), ("results", results)):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    column = lambda name, rows: np.array([row[name] for row in rows])  # noqa: E731
    people = truth["annotations"]
    points = column("keypoints", people).reshape(-1, 17, 3)
    truth_table = GroundTruth(
        points[..., :2], points[..., 2], column("image_id", people), column("area", people),
        column("bbox", people), column("iscrowd", people), column("num_keypoints", people),
        column("category_id", people), images=column("id", truth["images"]),
        categories=column("id", truth["categories"]),
    )  # fmt: skip
    found_table = Detections(
        column("keypoints", results).reshape(-1, 17, 3)[..., :2], column("score", results),
        column("image_id", results), column("bbox", results) if "bbox" in results[0] else None,
        column("category_id", results),
    )  # fmt: skip
    expected = evaluate_coco(truth, results)
    assert -1 < expected.stats.ap < 1
    for pair in ((tmp_path / "truth", tmp_path / "results"), (truth_table, found_table)):
        result = evaluate_coco(*pair)
        np.testing.assert_array_equal(result.precision, expected.precision)
        np.testing.assert_array_equal(result.recall, expected.recall)


@pytest.mark.parametrize("strict", [False, True])
def test_no_results_give_zeros_and_no_people_minus_1(strict):
    truth, results = one_person()
    with pytest.warns(UserWarning, match="results: nothing to evaluate, recall is 0"):
        stats = evaluate_coco(truth, [], strict=strict).stats
    assert stats == (0, 0, 0, 0, -1, 0, 0, 0, 0, -1)
    with pytest.warns(UserWarning, match="annotations: nobody to find, AP and AR are -1"):
        stats = evaluate_coco({**truth, "annotations": []}, results, strict=strict).stats
    assert set(stats) == {-1}
    with pytest.warns(UserWarning, match="results: nothing to evaluate, and nobody to find"):
        nothing = {"images": [], "annotations": [], "categories": []}
        assert set(evaluate_coco(nothing, [], strict=strict).stats) == {-1}


def test_a_match_with_annotation_0_is_a_true_positive_unless_strict():
    truth, results = one_person(id=0)
    with pytest.warns(UserWarning, match="annotations: a match with id 0 is a true positive"):
        assert evaluate_coco(truth, results).stats.ap > 0.99
    with pytest.warns(UserWarning, match="annotations: a match with id 0 is a false positive"):
        assert evaluate_coco(truth, results, strict=True).stats.ap == 0


def test_repeated_ids_are_warned_of_and_only_strict_uses_the_last_of_each():
    truth, results = one_person()
    truth["annotations"] += [truth["annotations"][0] | {"image_id": 8}]
    truth["images"].append({"id": 8})
    with pytest.warns(UserWarning, match="1 ids are repeated, all are used"):
        assert evaluate_coco(truth, results).stats.ar == 0.5
    with pytest.warns(UserWarning, match="1 ids are repeated, only the last of each is used"):
        assert evaluate_coco(truth, results, strict=True).stats.ar == 0


def test_nan_is_refused_with_its_place_and_matches_anybody_if_strict():
    truth, results = one_person()
    results[0]["keypoints"] = [float("nan"), *np.full(50, 400.0)]
    assert evaluate_coco(truth, results, strict=True).stats.ap > 0.99
    message = r"results\[0\]\.keypoints\[0\]: expected a finite number, got nan"
    with pytest.raises(ValueError, match=message):
        evaluate_coco(truth, results)


def test_rows_that_are_left_out_are_warned_of():
    truth, results = one_person()
    truth["annotations"].append(truth["annotations"][0] | {"image_id": 99, "id": 2})
    with pytest.warns(UserWarning, match="annotations: 1 of unknown images or categories are"):
        assert evaluate_coco(truth, results).stats.ar == 1
    truth["annotations"].pop()
    with pytest.warns(UserWarning, match="results: 1 of unknown categories are left out"):
        assert evaluate_coco(truth, [*results, results[0] | {"category_id": 2}]).stats.ar == 1
    with pytest.raises(ValueError, match=r"results\[0\].image_id: expected an image of the ground"):
        evaluate_coco(truth, [results[0] | {"image_id": 8}])


@pytest.mark.filterwarnings("ignore:results. nothing to evaluate", "ignore:.*nobody to find")
def test_ids_that_are_text_on_one_side_only_are_unknown_and_warned_of():
    truth, results = one_person()
    left_out = r"1 of unknown {} are left out \({}: text, {} has numbers\)"
    match = left_out.format("categories", "category_id", "the ground truth")
    with pytest.warns(UserWarning, match=f"results: {match}"):
        assert evaluate_coco(truth, [results[0] | {"category_id": "1"}]).stats.ap == 0
    match = r"results\[0\].image_id: .*, got '7': text, the ground truth has numbers"
    with pytest.raises(ValueError, match=match):
        evaluate_coco(truth, [results[0] | {"image_id": "7"}])
    match = left_out.format("images or categories", "image_id", "the list of images")
    with pytest.warns(UserWarning, match=f"annotations: {match}"):
        assert evaluate_coco(one_person(image_id="7")[0], results).stats.ap == -1


@pytest.mark.filterwarnings("ignore:.*nobody to find")
def test_people_of_unknown_categories_are_left_out_and_warned_of():
    truth, results = one_person(category_id=5)
    with pytest.warns(UserWarning, match="annotations: 1 of unknown images or categories are"):
        assert evaluate_coco(truth, results).stats.ap == -1


@pytest.mark.parametrize("strict", [False, True])
def test_a_person_with_neither_box_nor_labelled_keypoint_is_refused(strict):
    truth = GroundTruth(np.zeros((1, 17, 2)), np.zeros((1, 17)), [1], [900.0], num_keypoints=[3])
    with pytest.raises(ValueError, match=r"annotations\[0\].bbox: expected a box"):
        evaluate_coco(truth, Detections(np.ones((1, 17, 2)), [0.5], [1]), strict=strict)


def test_boxes_may_be_arrays():
    truth, results = one_person()
    for box, area in (([1, 2, 3, 4], 12), ([], 256)):
        result = evaluate_coco(truth, [results[0] | {"bbox": np.array(box)}])
        assert result.found.area.tolist() == [area]


def test_results_of_other_categories_alone_leave_nothing_to_evaluate():
    truth, results = one_person()
    truth["categories"].append({"id": 2})
    with pytest.warns(UserWarning, match="results: nothing to evaluate, recall is 0"):
        stats = evaluate_coco(truth, [results[0] | {"category_id": 2}], categories=[1]).stats
    assert stats.ar == 0
    with pytest.warns(UserWarning, match="results: nothing to evaluate, and nobody to find"):
        assert evaluate_coco(truth, results, categories=[2]).stats.ar == -1


@pytest.mark.filterwarnings("ignore")
def test_chosen_categories_are_evaluated_alone_and_max_dets_may_be_one_number(random_set):
    truth, results = random_set(4)
    truth["annotations"] = [a | {"id": i + 1} for i, a in enumerate(truth["annotations"])]
    both = evaluate_coco(truth, results)
    assert both.categories.tolist() == [1, 4]
    for k, category in enumerate((1, 4)):
        one = evaluate_coco(truth, results, categories=[float(category)], max_dets=20)
        np.testing.assert_array_equal(one.precision[:, :, 0], both.precision[:, :, k])
        assert -1 < one.stats.ar < 1


def test_empty_groups_take_no_memory_and_categories_are_limited():
    truth, results = one_person()
    truth["images"] += [{"id": i} for i in range(10_000, 20_000)]
    truth["categories"] += [{"id": c} for c in range(2, 2001)]
    truth["annotations"].append(truth["annotations"][0] | {"id": 2, "category_id": 1234})
    result = evaluate_coco(truth, results)
    assert len(result.candidates.first) == 3 and result.precision.shape[2] == 2000
    assert result.stats.ar == 0.5
    assert sum(image.people for image in result.per_image()) == 2
    truth["categories"].append({"id": 2001})
    with pytest.raises(ValueError, match="categories: expected at most 2000, got 2001"):
        evaluate_coco(truth, results)
    assert evaluate_coco(truth, results, categories=[1]).stats.ar == 1


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"max_dets": (0,)}, "max_dets: expected at least 1"),
        ({"max_dets": ()}, "max_dets, thresholds, areas: expected at least one each"),
        ({"areas": {}}, "max_dets, thresholds, areas: expected at least one each"),
        ({"max_dets": 2.5}, "max_dets: expected an integer, got 2.5"),
        ({"categories": [1.5]}, "categories: expected integers or text, got 1.5"),
        ({"categories": [1, 99]}, r"categories: expected ids among \[1\], got 99"),
        ({"categories": ["person"]}, r"categories: expected ids among \[1\], got person"),
        ({"categories": []}, r"categories: expected ids among \[1\], got none"),
        ({"thresholds": [[0.5]]}, "thresholds: expected shape"),
        ({"areas": {"all": (5, 1)}}, "areas.'all'.: expected at least 5"),
        ({"areas": {"all": 5}}, "areas.'all'.: expected .low, high., got 5"),
        ({"areas": {"all": [[1], [2, 3]]}}, "areas.'all'.: expected a finite number, got .1."),
        ({"areas": []}, r"areas: expected a dict from name to \(low, high\), got \[\]"),
        ({"max_dets": [[1], [2, 3]]}, "max_dets: expected an array of real numbers, got list"),
        ({"strict": "no"}, "strict: expected True or False, got 'no'"),
        ({"skeleton": 17}, "skeleton: expected a Skeleton, got 17"),
        ({"skeleton": "COCO_18x"}, "skeleton: expected a skeleton, .* got 'COCO_18x'"),
        ({"protocol": "voc"}, "protocol: expected one of coco, xtcoco, .*, got 'voc'"),
        ({"protocol": 7}, "protocol: expected a name or a Protocol, got 7"),
        ({"sigmas": [0.1] * 16}, "sigmas: expected 17 of COCO_17"),
        ({"sigmas": [0.1] * 16 + [0]}, "sigmas: expected positive numbers, got 0"),
        ({"categories": [[1], [2, 3]]}, "categories: expected an array of real numbers, got list"),
        ({"areas": [1, 2]}, r"areas: expected a dict from name to \(low, high\), got \[1, 2\]"),
        ({"skeleton": Skeleton("TWO", ("a", "b"), ())}, "keypoints: expected a list of 6 numbers"),
        ({"skeleton": H36M_17}, "skeleton.sigmas: .* constants of H36M_17, got none for 4 of 17"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        evaluate_coco(*one_person(), **settings)
