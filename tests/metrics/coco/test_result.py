import numpy as np
import pytest

from npkpose import Skeleton
from npkpose.metrics import Detections, GroundTruth, evaluate_coco
from npkpose.metrics.coco.evaluate import THRESHOLDS
from npkpose.metrics.coco.result import RECALL_LEVELS

PAIR = Skeleton("PAIR", ("a", "b"), ((0, 1),), sigmas=0.1)
AREA = 2000.0  # OKS of a pose d pixels away is exp(-d^2 / 160): 0.5 at 10.5


def evaluate(**settings):
    """Three images: one of two found and a false detection, an empty one, a crowd and a miss."""
    truth = np.zeros((4, 2, 2)) + [[[0, 0]], [[100, 0]], [[0, 0]], [[200, 0]]]
    people = GroundTruth(
        truth, np.full((4, 2), 2), [5, 5, 9, 9], np.full(4, AREA), iscrowd=[0, 0, 1, 0],
        images=[9, 7, 5],
    )  # fmt: skip
    poses = np.zeros((4, 2, 2)) + [[[500, 0]], [[3, 4]], [[0, 1]], [[1, 0]]]
    poses[1, 1] = 0, 8
    return evaluate_coco(people, Detections(poses, [0.9, 0.8, 0.7, 0.6], [5, 5, 9, 9]), **settings)


def test_ten_numbers_worked_by_hand():
    # by score: false, true, and two in the crowd, which are ignored; of three people
    result = evaluate(skeleton=PAIR)
    oks = (np.exp(-25 / 160) + np.exp(-64 / 160)) / 2  # 0.763: thresholds 0.5 to 0.75
    assert 0.75 < oks < 0.8
    curve = np.where(np.linspace(0, 1, 101) <= 1 / 3, 1 / 2, 0)
    np.testing.assert_allclose(result.precision[:6, :, 0, 0, 0], np.tile(curve, (6, 1)))
    assert (result.precision[6:] <= 0).all()
    stats = result.stats
    assert stats.ap == pytest.approx(0.6 * curve.mean()) and stats.ar == pytest.approx(0.2)
    assert stats.ap50 == stats.ap75 == pytest.approx(curve.mean()) and stats.ar50 == 1 / 3
    assert stats.ap_large == stats.ar_large == -1


def test_print_gives_the_table_of_pycocotools():
    lines = str(evaluate(skeleton=PAIR)).splitlines()
    assert len(lines) == 10
    first = " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.101"
    assert lines[0] == first
    assert lines[6].endswith("(AR) @[ IoU=0.50      | area=   all | maxDets= 20 ] = 0.333")
    assert repr(evaluate(skeleton=PAIR)) == "CocoResult(ap=0.101, 4 detections)"


def test_matches_are_positions_in_the_lists():
    result = evaluate(skeleton=PAIR)
    assert result.matches().tolist() == [-1, 0, 2, 2]
    assert result.matches(0.8).tolist() == [-1, -1, 2, 2]
    assert evaluate(skeleton=PAIR, max_dets=(1,)).matches().tolist() == [-1, -1, 2, -1]


def test_results_that_are_left_out_keep_their_position_among_the_matches():
    person = {"id": 1, "image_id": 7, "category_id": 1, "area": AREA, "bbox": [0, 0, 9, 9],
              "iscrowd": 0, "num_keypoints": 2, "keypoints": [0, 0, 2, 9, 9, 2]}  # fmt: skip
    truth = {"images": [{"id": 7}], "categories": [{"id": 1}], "annotations": [person]}
    found = {"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": person["keypoints"]}
    lists = {(9, 1, 1): [-1, 0, -1], (1, 9, 1): [0, -1, -1], (9, 9, 1): [-1, -1, 0]}
    for categories, expected in lists.items():
        with pytest.warns(UserWarning, match="of unknown categories are left out"):
            result = evaluate_coco(truth, [found | {"category_id": c} for c in categories], PAIR)
        assert result.matches().tolist() == expected


def test_writing_to_arrays_of_a_result_changes_no_later_result():
    first = evaluate(skeleton=PAIR)
    expected = first.stats
    first.recall_levels[:] = first.settings.thresholds[:] = 7
    assert evaluate(skeleton=PAIR).stats == expected
    for constant in (RECALL_LEVELS, THRESHOLDS):
        with pytest.raises(ValueError, match="read-only"):
            constant[0] = 1


def test_thresholds_match_within_1e_8_unless_strict():
    steps = np.arange(0.5, 1, 0.05)
    assert 0.75 not in steps
    stats = evaluate(skeleton=PAIR).stats
    assert evaluate(skeleton=PAIR, thresholds=steps).stats.ap75 == stats.ap75 > 0
    assert evaluate(skeleton=PAIR, thresholds=steps, strict=True).stats.ap75 == -1


def test_per_image_counts_people_found_and_missed():
    rows = evaluate(skeleton=PAIR).per_image()
    assert [row.image_id for row in rows] == [5, 7, 9]
    assert [row[1:] for row in rows] == [(2, 2, 1, 1, 1), (0, 0, 0, 0, 0), (1, 2, 0, 0, 1)]
    assert [row.found for row in evaluate(skeleton=PAIR).per_image(0.9)] == [0, 0, 0]


def test_keypoint_errors_are_means_over_people_found():
    errors = evaluate(skeleton=PAIR).keypoint_errors()
    assert errors.counts.tolist() == [1, 1] and errors.pixels.tolist() == [5, 8]
    np.testing.assert_allclose(errors.similarity, np.exp([-25 / 160, -64 / 160]))
    nobody = evaluate(skeleton=PAIR).keypoint_errors(0.9)
    assert nobody.counts.tolist() == [0, 0] and np.isnan(nobody.pixels).all()


def test_several_max_dets_are_evaluated_separately():
    result = evaluate(skeleton=PAIR, max_dets=(2, 1), thresholds=(0.5,))
    assert result.settings.max_dets == (1, 2)
    assert result.recall[0, 0, 0].tolist() == [0, pytest.approx(1 / 3)]
    assert result.stats.ap > 0 and evaluate(skeleton=PAIR, max_dets=(1,), strict=True).stats.ap < 0


def test_thresholds_and_areas_that_were_not_evaluated_are_refused():
    result = evaluate(skeleton=PAIR)
    with pytest.raises(ValueError, match=r"threshold: expected one of \[0.5, .*, got 0.3"):
        result.matches(0.3)
    with pytest.raises(ValueError, match=r"area: expected one of \['all', .*, got 'small'"):
        result.per_image(area="small")
    with pytest.raises(ValueError, match="threshold: expected a finite number, got 'half'"):
        result.matches("half")
    with pytest.raises(ValueError, match=r"area: expected one of \['all', .*, got \[0, 32\]"):
        result.per_image(area=[0, 32])
