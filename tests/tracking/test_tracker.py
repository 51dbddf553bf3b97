import numpy as np
import pytest

from npkpose import COCO_17, Poses, Skeleton
from npkpose.tracking import Tracker

CHAIN = Skeleton("chain", ("a", "b", "c"), ((0, 1), (1, 2)), sigmas=(0.1, np.nan, 0.1))
BODY = np.random.default_rng(0).uniform(0, 1, (17, 2)) * [60, 150]


def at(*places, scores=None):
    """Return people of one shape at these places."""
    keypoints = BODY + np.array(places, float).reshape(-1, 1, 2)
    return Poses(keypoints, person_scores=scores)


def walk(tracker, *speeds, frames=30, starts=None, hidden=()):
    """Return the ids, per person, of people who walk in lines; ``hidden`` are (frame, person)."""
    starts = np.array([(300.0 * p, 0) for p in range(len(speeds))] if starts is None else starts)
    found = []
    for f in range(frames):
        seen = [p for p in range(len(speeds)) if (f, p) not in hidden]
        order = seen if f % 2 else seen[::-1]
        result = tracker.update(at(*(starts[p] + f * np.array(speeds[p]) for p in order)))
        found.append(dict(zip(order, result.ids.tolist())))
    return found


def test_people_keep_their_ids_in_whatever_order_they_are_found():
    found = walk(Tracker(COCO_17), (4, 0), (-3, 1), (0, 0))
    assert all(sorted(ids.values()) == [1, 2, 3] for ids in found)
    assert all(ids == found[0] for ids in found)


def test_people_who_cross_keep_their_ids():
    found = walk(Tracker(COCO_17), (6, 0), (-6, 0), starts=[(0, 0), (170, 8)])
    assert found[0] == found[-1] and set(found[0].values()) == {1, 2}


def test_a_person_who_is_hidden_for_a_second_returns_with_the_same_id():
    hidden = {(f, 0) for f in range(12, 42)}
    found = walk(Tracker(COCO_17), (4, 0), (0, 0), frames=60, hidden=hidden)
    assert found[0] == found[11] == found[42] == found[-1]


def test_a_person_who_was_away_for_longer_is_someone_new():
    tracker = Tracker(COCO_17, keep=0.5)
    assert tracker.update(at((0, 0))).ids.tolist() == [1]
    assert len(tracker.update(Poses.empty(17))) == 0
    assert len(tracker.update(at((0, 0)), time=0.6)) == 0  # a first sight
    assert tracker.update(at((0, 0)), time=0.63).ids.tolist() == [2]


def test_what_is_seen_in_one_frame_only_gets_no_id():
    tracker = Tracker(COCO_17)
    tracker.update(at((0, 0)))
    assert tracker.update(at((0, 0), (500, 0))).ids.tolist() == [1]
    assert tracker.update(at((0, 0))).ids.tolist() == [1]
    assert tracker.update(at((0, 0), (500, 0))).ids.tolist() == [1]
    assert tracker.update(at((0, 0), (500, 0))).ids.tolist() == [1, 2]


def test_a_low_score_continues_an_id_and_never_begins_one():
    tracker = Tracker(COCO_17, high=0.5, low=0.2)
    assert tracker.update(at((0, 0), (500, 0), scores=[0.9, 0.3])).ids.tolist() == [1]
    for _ in range(3):
        assert tracker.update(at((0, 0), (500, 0), scores=[0.3, 0.3])).ids.tolist() == [1]
    assert len(tracker.update(at((0, 0), scores=[0.1]))) == 0


def test_a_duplicate_of_a_person_begins_no_id():
    tracker = Tracker(COCO_17)
    tracker.update(at((0, 0)))
    for _ in range(3):
        assert tracker.update(at((0, 0), (2, 2), scores=[0.9, 0.8])).ids.tolist() == [1]


def test_hidden_legs_move_nobody():
    tracker = Tracker(COCO_17)
    poses = at((0, 0), (90, 0))
    half = poses.keypoints.copy()
    half[0, BODY[:, 1] > 70] = np.nan
    tracker.update(poses)
    for _ in range(10):
        assert tracker.update(Poses(half)).ids.tolist() == [1, 2]
    assert tracker.update(poses).ids.tolist() == [1, 2]


def test_the_time_between_frames_may_change():
    tracker = Tracker(COCO_17)
    for time in [0, 0.1, 0.2, 0.3, 0.8, 0.83, 1.5]:
        found = tracker.update(at((150 * time, 0), (400 - 150 * time, 40)), time=time)
        assert found.ids.tolist() == [1, 2]


def test_any_skeleton_is_tracked_also_without_oks_constants_and_with_one_keypoint_seen():
    tracker = Tracker(CHAIN, fps=10)
    body = np.array([(0, 0), (10, 40), (0, 80.0)])
    for f in range(10):
        keypoints = np.stack([body + 2 * f, body + (200, 0)])
        if f % 3:
            keypoints[:, :2] = np.nan
        assert tracker.update(Poses(keypoints)).ids.tolist() == [1, 2]


def test_no_people_and_people_without_keypoints_are_no_error():
    tracker = Tracker(COCO_17)
    assert len(tracker.update(Poses.empty(17))) == 0
    nobody = tracker.update(Poses(np.full((2, 17, 2), np.nan), person_scores=[1, 1]))
    assert nobody.keypoints.shape == (0, 17, 2)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: Tracker("COCO"), "skeleton"),
        (lambda: Tracker(COCO_17, fps=0), "fps"),
        (lambda: Tracker(COCO_17, high=0.2, low=0.5), "low"),
        (lambda: Tracker(COCO_17, keep=-1), "keep"),
        (lambda: Tracker(COCO_17).update(Poses.empty(3)), "skeleton"),
        (lambda: Tracker(COCO_17).update([]), "poses"),
    ],
)
def test_a_wrong_argument_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def test_time_must_go_forward():
    tracker = Tracker(COCO_17)
    tracker.update(Poses.empty(17), time=3)
    with pytest.raises(ValueError, match="time: expected a time later than 3, got 2"):
        tracker.update(Poses.empty(17), time=2)
