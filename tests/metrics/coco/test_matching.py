import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npkpose.metrics.coco import matching as coco_match
from npkpose.metrics.coco.matching import match_people, meet
from npkpose.reference.metrics.coco import matching as reference

NAN = np.nan


def match_one(table, counts, crowd, threshold=0.5):
    """Match one image's similarity table (D, G); return whom each detection takes."""
    table = np.array(table, float)
    first = np.array([(0, 0, 0), (*table.shape, table.size)])
    thresholds = np.array([threshold])
    return match_people(table.ravel(), first, np.array(counts), np.array(crowd), thresholds)[0]


def test_the_better_scored_chooses_first_and_nobody_is_taken_twice():
    table = [[0.6, 0.7], [0.9, 0.9], [0.4, 0.4]]
    assert match_one(table, [True, True], [False, False]).tolist() == [1, 0, -1]


def test_between_equals_the_later_wins_and_nan_beats_all_before_it():
    assert match_one([[0.8, 0.8, 0.7]], [True] * 3, [False] * 3).tolist() == [1]
    assert match_one([[0.8, NAN, 0.7]], [True] * 3, [False] * 3).tolist() == [2]
    assert match_one([[0.8, 0.7, NAN]], [True] * 3, [False] * 3).tolist() == [2]


def test_who_does_not_count_is_a_last_resort_and_a_crowd_takes_many():
    counts, crowd = [True, False, False], [False, False, True]
    table = [[0.5, 0.9, 0.9], [0.9, 0.6, 0.9], [0.9, 0.9, 0.9], [0.9, 0.9, 0.6]]
    assert match_one(table, counts, crowd).tolist() == [0, 2, 2, 1]


def test_a_threshold_of_1_lets_a_perfect_pose_in():
    assert match_one([[1 - 1e-11, 0.5]], [True] * 2, [False] * 2, 1.0).tolist() == [0]


def test_only_those_of_one_group_meet_by_falling_score_up_to_the_most():
    scores = np.array([0.1, 0.9, 0.5, 0.9, NAN])
    meeting = meet(np.array([1, 0, -1, 1]), np.array([1, 1, 0, 1, 1]), 3, scores, 3)
    assert meeting.people.tolist() == [1, 0, 3]
    assert meeting.detections.tolist() == [2, 1, 3, 0]
    assert meeting.rank.tolist() == [0, 0, 1, 2]
    assert meeting.first.tolist() == [[0, 0, 0], [1, 1, 1], [4, 3, 7], [4, 3, 7]]
    expected = [[2, 1], [1, 0], [1, 3], [3, 0], [3, 3], [0, 0], [0, 3]]
    assert meeting.pairs.tolist() == expected


@given(st.integers(0, 2**32 - 1))
def test_matches_and_meetings_are_the_references(seed):
    rng = np.random.default_rng(seed)
    truth_groups, found_groups = rng.integers(-1, 4, 8), rng.integers(-1, 4, 12)
    scores = rng.integers(0, 3, 12) / 2
    meeting = meet(truth_groups, found_groups, 4, scores, 3)
    assert reference.meet(truth_groups, found_groups, 4, scores, 3) == [
        part.tolist() for part in (meeting.detections, meeting.people, meeting.first, meeting.pairs)
    ]
    people = len(meeting.people)
    similarity = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0, NAN], len(meeting.pairs))
    who = rng.random(people) < 0.7, rng.random(people) < 0.3, np.array([0.25, 0.5, 1.0])
    expected = reference.match_people(similarity, meeting.first, *who)
    np.testing.assert_array_equal(match_people(similarity, meeting.first, *who), expected)


def test_one_specialisation_serves_every_input():
    match_one([[1]], [True], [False])
    meet(np.zeros(2, np.int32), np.zeros(2, np.int64), 1, np.zeros(2), 20)
    meet(np.zeros(2, np.int64), np.zeros(0, np.int32), 1, np.zeros(0), 20)
    for name in ("_list_pairs", "_match"):
        assert len(getattr(getattr(coco_match, name), "signatures", [None])) == 1
