"""Every kind of error, made by hand, alone in a scene where everything else is perfect."""

import numpy as np
import pytest

from npkpose import Skeleton
from npkpose.metrics import Detections, GroundTruth, analyse_errors, evaluate_coco
from npkpose.metrics.coco.error_analysis import GOOD, KEYPOINT_KINDS, KINDS, UNKNOWN

PLAN = Skeleton("PLAN", ("nose", "left", "right", "tail"), ((0, 1),), ((1, 2),), sigmas=0.05)
BODY = np.array([(50, 0), (0, 50), (100, 50), (50, 200)], float)
TRUTH = np.array([BODY, BODY + (400, 0)])
AREA = 10_000.0  # ks is exp(-d^2 / 200): 0.85 at 5.7 pixels, 0.5 at 11.8


def analyse(poses, scores=None, truth=TRUTH, visibility=None):
    visibility = np.full(np.shape(truth)[:2], 2) if visibility is None else visibility
    ones = np.ones(len(truth), int)
    gt = GroundTruth(truth, visibility, ones, np.full(len(truth), AREA), images=[1], categories=[1])
    scores = np.linspace(0.9, 0.5, len(poses)) if scores is None else scores
    result = evaluate_coco(gt, Detections(poses, scores, np.ones(len(poses), int)), PLAN)
    return analyse_errors(result)


def only(kind, number=1):
    return {other: number if other == kind else 0 for other in KINDS}


def test_perfect_poses_have_no_errors_and_cost_nothing():
    errors = analyse(TRUTH)
    assert errors.counts == only(None) and errors.ap == 1
    assert (errors.keypoint_kinds == GOOD).all()
    assert set(errors.alone.values()) | set(errors.together.values()) == {1.0}


@pytest.mark.parametrize(
    "kind, keypoint, place",
    [
        ("jitter", 3, BODY[3] + (8, 0)),
        ("inversion", 1, BODY[2]),
        ("inversion", 1, BODY[2] + (0, 8)),
        ("swap", 3, BODY[3] + (400, 6)),
        ("swap", 1, BODY[2] + (400, 0)),
        ("miss", 3, BODY[3] + (0, 90)),
        ("miss", 0, BODY[3]),  # another keypoint, but no partner
    ],
)
def test_a_keypoint_in_the_wrong_place_has_one_kind_of_error(kind, keypoint, place):
    poses = TRUTH.copy()
    poses[0, keypoint] = place
    errors = analyse(poses)
    assert errors.counts == only(kind)
    expected = np.full((2, 4), GOOD)
    expected[0, keypoint] = KEYPOINT_KINDS.index(kind)
    np.testing.assert_array_equal(errors.keypoint_kinds, expected)
    assert errors.alone[kind] == errors.together["unfound"] == 1
    assert all(errors.lost(other) == 0 for other in KINDS if other != kind)
    assert errors.lost(kind) > 0


def test_jitter_has_the_bounds_of_the_docstring():
    for distance, kind in ((5.6, None), (5.8, "jitter"), (11.7, "jitter"), (11.9, "miss")):
        poses = TRUTH.copy()
        poses[1, 3, 0] += distance
        assert analyse(poses).counts == only(kind)


def test_the_nearer_of_partner_and_other_person_decides():
    truth = np.array([BODY, BODY + (0, 8)])  # the other's right hand is 8 pixels below
    for offset, kind in ((1, "inversion"), (7, "swap")):
        poses = truth.copy()
        poses[0, 1] = BODY[2] + (0, offset)
        assert analyse(poses, truth=truth).counts == only(kind)


def test_background_and_duplicates_are_distinguished():
    far, again = BODY + (0, 900), BODY + (0, 9)
    errors = analyse([far, *TRUTH])
    assert errors.counts == only("background") and errors.ap < 1 and errors.alone["background"] == 1
    assert errors.keypoint_kinds[0].tolist() == [UNKNOWN] * 4
    errors = analyse([*TRUTH, again], [0.9, 0.2, 0.5])
    assert errors.counts == only("duplicate") and errors.ap < 1 and errors.alone["duplicate"] == 1


def test_a_person_without_a_match_is_unfound():
    errors = analyse(TRUTH[:1])
    assert errors.counts == only("unfound")
    assert errors.ap == pytest.approx(51 / 101) and errors.lost("unfound") == pytest.approx(
        50 / 101
    )


def test_without_any_people_left_ap_is_1():
    far = BODY + (0, 900)
    with pytest.warns(UserWarning, match="results: nothing to evaluate, recall is 0"):
        errors = analyse(np.empty((0, 4, 2)))
    assert errors.ap == 0 and errors.lost("unfound") == errors.together["unfound"] == 1
    errors = analyse([far])
    assert errors.counts == only("background") | {"unfound": 2}
    assert errors.lost("background") == 0 and errors.lost("unfound") == 1
    truth = GroundTruth(TRUTH, np.ones((2, 4)), [1, 1], [AREA, AREA], category_id=[1, 2])
    found = Detections([BODY], [0.9], [1])
    errors = analyse_errors(evaluate_coco(truth, found, PLAN))
    assert (errors.ap, errors.alone["unfound"]) == (pytest.approx(0.5), pytest.approx(1.0))


def test_a_true_positive_is_not_a_duplicate_of_a_worse_pose_with_a_higher_score():
    low = BODY + (20.8, 0)
    assert 0.1 < np.exp(-(20.8**2) / 200) < 0.12
    errors = analyse([low, BODY], [0.95, 0.9], truth=TRUTH[:1])
    assert errors.counts == only("miss", 4) and errors.ap == pytest.approx(0.5)
    assert errors.lost("duplicate") == 0 and errors.alone["miss"] == pytest.approx(1.0)
    assert errors.together["unfound"] == pytest.approx(1.0)


def test_removing_false_detections_and_unfound_people_never_lowers_ap(rng):
    for _ in range(20):
        poses = np.concatenate([TRUTH + rng.normal(0, 12, (2, 1, 2)) for _ in range(4)])
        errors = analyse(poses + rng.normal(0, 4, poses.shape), rng.random(8))
        assert all(errors.lost(kind) >= 0 for kind in ("background", "duplicate", "unfound"))
        last = [errors.together[kind] for kind in KINDS[KINDS.index("jitter") :]]
        assert last == sorted(last)


def test_keypoint_kinds_are_in_the_order_of_the_list_of_results():
    person = {"id": 1, "image_id": 1, "category_id": 1, "area": AREA, "bbox": [0, 0, 1, 1],
              "iscrowd": 0, "num_keypoints": 4,
              "keypoints": np.c_[BODY, np.full(4, 2)].ravel().tolist()}  # fmt: skip
    truth = {"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": [person]}
    found = {"image_id": 1, "category_id": 1, "score": 0.5, "keypoints": person["keypoints"]}
    with pytest.warns(UserWarning, match="1 of unknown categories"):
        result = evaluate_coco(truth, [found | {"category_id": 9}, found], PLAN)
    kinds = analyse_errors(result).keypoint_kinds
    assert kinds.tolist() == [[UNKNOWN] * 4, [GOOD] * 4]


def test_unlabelled_keypoints_are_not_errors():
    poses = TRUTH.copy()
    poses[0, 3] += 90
    errors = analyse(poses, visibility=[[2, 2, 1, 0], [2, 2, 2, 2]])
    assert errors.counts == only(None) and errors.keypoint_kinds[0, 3] == UNKNOWN
    inverted = TRUTH.copy()
    inverted[0, 1] = BODY[2]  # where a right hand is, but is not labelled
    assert analyse(inverted, visibility=[[2, 2, 0, 2], [2, 2, 2, 2]]).counts == only("miss")


def test_correcting_everything_gives_an_ap_of_1(rng):
    poses = np.concatenate([TRUTH + rng.normal(0, 15, TRUTH.shape) for _ in range(3)])
    poses[0, 1] = BODY[2]
    errors = analyse(poses, rng.random(6))
    assert errors.ap < 0.9 and errors.together["unfound"] == 1
    assert sum(errors.counts[kind] for kind in KEYPOINT_KINDS) > 2
    lines = str(errors).splitlines()
    assert len(lines) == 1 + len(KINDS) and lines[1].startswith("miss") and "1.000" in lines[-1]


def test_detections_beyond_max_dets_stay_out_when_others_are_removed():
    poses = [BODY, *[BODY + (0, 900)] * 19, BODY + (0, 999), BODY + (400, 0)]
    errors = analyse(poses)
    assert errors.counts == only("background", 19) | {"unfound": 1}
    assert errors.together["background"] == pytest.approx(51 / 101)


@pytest.mark.filterwarnings("ignore:.*nobody to find")
def test_without_detections_or_people_there_are_no_keypoint_errors():
    with pytest.warns(UserWarning):
        errors = analyse(np.empty((0, 4, 2)))
    assert errors.counts == only("unfound", 2) and errors.ap == 0
    errors = analyse(TRUTH, truth=np.empty((0, 4, 2)))
    assert errors.counts == only("background", 2) and errors.ap == -1


def test_the_range_of_areas_all_is_needed():
    gt = GroundTruth(TRUTH, np.ones((2, 4)), [1, 1], [AREA, AREA])
    result = evaluate_coco(gt, Detections(TRUTH, [1, 1], [1, 1]), PLAN, areas={"some": (0, 1e9)})
    with pytest.raises(ValueError, match="areas: expected 'all' among them, got .'some'."):
        analyse_errors(result)
    with pytest.raises(ValueError, match="result: expected a CocoResult, got {}"):
        analyse_errors({})
