import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npkpose.metrics.coco import matching
from npkpose.metrics.coco.matching import candidate_pairs, match_detections, stable_argsort
from npkpose.reference.metrics.coco import matching as reference

NAN = np.nan


def match_one(table, ignored, iscrowd, threshold=0.5):
    """Match one image's table of OKS (D, G); return what each detection is matched with."""
    table = np.array(table, float)
    first = np.array([(0, 0, 0), (*table.shape, table.size)])
    thresholds = np.array([threshold])
    return match_detections(
        table.ravel(), first, np.array(ignored), np.array(iscrowd), thresholds
    )[0]


def test_the_detection_with_the_higher_score_chooses_first_and_nobody_is_taken_twice():
    table = [[0.6, 0.7], [0.9, 0.9], [0.4, 0.4]]
    assert match_one(table, [False] * 2, [False] * 2).tolist() == [1, 0, -1]


def test_between_equal_oks_the_later_wins_and_nan_beats_all_before_it():
    assert match_one([[0.8, 0.8, 0.7]], [False] * 3, [False] * 3).tolist() == [1]
    assert match_one([[0.8, NAN, 0.7]], [False] * 3, [False] * 3).tolist() == [2]
    assert match_one([[0.8, 0.7, NAN]], [False] * 3, [False] * 3).tolist() == [2]


def test_ignored_ground_truth_is_matched_only_if_nothing_else_qualifies_and_a_crowd_many_times():
    ignored, iscrowd = [False, True, True], [False, False, True]
    table = [[0.5, 0.9, 0.9], [0.9, 0.6, 0.9], [0.9, 0.9, 0.9], [0.9, 0.9, 0.6]]
    assert match_one(table, ignored, iscrowd).tolist() == [0, 2, 2, 1]


def test_a_threshold_of_1_accepts_a_perfect_pose():
    assert match_one([[1 - 1e-11, 0.5]], [False] * 2, [False] * 2, 1.0).tolist() == [0]


def test_candidate_pairs_are_of_one_group_by_falling_score_up_to_max_dets():
    scores = np.array([0.1, 0.9, 0.5, 0.9, NAN])
    candidates = candidate_pairs(
        np.array([9, 0, -1, 9]), np.array([9, 9, 4, 9, 9]), scores=scores, max_dets=3
    )
    assert candidates.gt.tolist() == [1, 0, 3]
    assert candidates.dt.tolist() == [2, 1, 3, 0]
    assert candidates.rank.tolist() == [0, 0, 1, 2]
    assert candidates.groups.tolist() == [0, 4, 9]
    assert candidates.first.tolist() == [[0, 0, 0], [0, 1, 0], [1, 1, 0], [4, 3, 6]]
    expected = [[1, 0], [1, 3], [3, 0], [3, 3], [0, 0], [0, 3]]
    assert candidates.pairs.tolist() == expected


@given(st.integers(0, 2**32 - 1))
def test_equal_values_keep_their_order_and_nan_is_last(seed):
    rng = np.random.default_rng(seed)
    for values in (
        rng.choice([0.0, -0.0, 0.5, np.inf, -np.inf, NAN], rng.integers(0, 30)),
        rng.integers(-1, 3, rng.integers(0, 30)),
    ):
        expected = np.argsort(values, kind="stable")
        np.testing.assert_array_equal(stable_argsort(values), expected)


@given(st.integers(0, 2**32 - 1))
def test_candidate_pairs_and_matches_equal_the_reference(seed):
    rng = np.random.default_rng(seed)
    gt_groups, dt_groups = rng.integers(-1, 4, 8), rng.integers(-1, 4, 12)
    scores = rng.integers(0, 3, 12) / 2
    dt, gt, _, groups, first, pairs = candidate_pairs(gt_groups, dt_groups, scores, 3)
    expected = reference.candidate_pairs(gt_groups, dt_groups, scores, 3)
    assert [part.tolist() for part in (dt, gt, groups, first, pairs)] == expected
    similarity = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0, NAN], len(pairs))
    ignored, iscrowd = rng.random(len(gt)) < 0.3, rng.random(len(gt)) < 0.3
    thresholds = np.array([0.25, 0.5, 1.0])
    np.testing.assert_array_equal(
        match_detections(similarity, first, ignored, iscrowd, thresholds),
        reference.match_detections(similarity, first, ignored, iscrowd, thresholds),
    )


def test_one_specialisation_serves_every_input():
    match_one([[1]], [False], [False])
    candidate_pairs(np.zeros(2, np.int32), np.zeros(2, np.int64), np.zeros(2), 20)
    candidate_pairs(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0), 20)
    for name in ("_list_pairs", "_match"):
        assert len(getattr(getattr(matching, name), "signatures", [None])) == 1
