"""PoseTrack's AP, worked by hand from the published code's definitions."""

import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics import evaluate_posetrack
from npkpose.metrics.distances.posetrack import assign, inside

PLAN = skeletons.POSETRACK_17
K = PLAN.num_keypoints
HEAD = [0.0, 0.0, 30.0, 40.0]  # 0.6 of its diagonal is 30 px, so 15 px are near enough


def labels(places, images, scores=None, tracks=None, regions=None, count=None):
    """Return people whose keypoints are 100 px apart in y, moved to x = ``places``."""
    points = np.zeros((len(places), K, 2))
    points[..., 0], points[..., 1] = np.reshape(places, (-1, 1)), 100.0 * np.arange(K)
    fields = {"head_boxes": np.array([HEAD] * len(places))}
    if tracks is not None:
        fields["track_ids"] = np.array(tracks)
    count = max(images) + 1 if count is None else count
    image_fields = {}
    if regions is not None:
        image_fields["ignore_regions"] = np.array([None] * count, dtype=object)
        image_fields["ignore_regions"][0] = regions
    scores = None if scores is None else np.repeat(np.reshape(scores, (-1, 1)), K, axis=1)
    return Labels(
        PLAN, [ImageEntry(i) for i in range(count)], images, points, scores=scores, fields=fields,
        image_fields=image_fields,
    )  # fmt: skip


def test_ap_worked_by_hand():
    """Of two people one is found with score 0.5, after a false positive with 0.9.

    Precision is 0, then 1/2, at recall 1/2: the area is 1/2 * 1/2 = 1/4.
    """
    truth, found = labels([0, 1000], [0, 0]), labels([10, 500], [0, 0], [0.5, 0.9])
    scores = evaluate_posetrack(truth, found)
    assert scores.ap == dict.fromkeys(scores.ap, 25.0) and scores.mota is None
    assert list(scores.ap) == "head shoulder elbow wrist hip knee ankle total".split()
    better = evaluate_posetrack(truth, labels([15, 500], [0, 0], [0.9, 0.5]))
    assert better.ap["total"] == 50.0
    assert evaluate_posetrack(truth, labels([15.1], [0], [0.9])).ap["total"] == 0.0


def test_a_person_gets_one_pose_and_the_other_one_is_false():
    """The pose with more correct keypoints is taken, whatever its score."""
    truth = labels([0], [0])
    found = labels([10, 5], [0, 0], [0.9, 0.1])
    found.keypoints[0, :8, 0] = 300
    scores = evaluate_posetrack(truth, found)
    assert scores.per_keypoint["nose"] == 50.0 and scores.per_keypoint["left_ankle"] == 50.0


def test_each_pose_keeps_its_best_person_and_each_person_its_best_pose():
    correct = np.zeros((3, 2, 4), dtype=bool)
    correct[0, 0, :2] = correct[0, 1, :1] = True  # prefers person 0 with 2 of 4
    correct[1, 0, :3] = True  # takes person 0 with 3 of 4
    correct[2, 1, :0] = True  # none
    assert assign(correct, np.ones((2, 4), dtype=bool)).tolist() == [-1, 0, -1]
    assert assign(correct[:0], np.ones((2, 4), dtype=bool)).tolist() == []


def test_images_without_people_and_regions_to_ignore_are_left_out():
    truth = labels([0], [0], regions=[[[400, -50], [600, -50], [600, 1e4], [400, 1e4]]], count=2)
    found = labels([0, 500, 0], [0, 0, 1], [0.5, 0.9, 0.9])
    assert evaluate_posetrack(truth, found).ap["total"] == 100.0
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]])
    points = np.array([[1, 1], [3, 1], [1, -1], [np.nan, 1]])
    assert inside(points, square).tolist() == [True, False, False, False]


def test_mota_counts_misses_false_positives_and_switches():
    """Three frames of one person; hypothesis 8 takes over in the last one, with a false positive.

    Of 3 objects: 0 misses, 1 false positive, 1 switch: MOTA 1 - 2/3; precision 3/4, recall 1.
    """
    truth = labels([0, 0, 0], [0, 1, 2], tracks=[1, 1, 1])
    found = labels([0, 0, 0, 700], [0, 1, 2, 2], [1] * 4, tracks=[7, 7, 8, 7])
    scores = evaluate_posetrack(truth, found)
    assert scores.mota["total"] == pytest.approx(100 / 3) and scores.motp == 100
    assert (scores.precision, scores.recall) == (75, 100)
    assert str(scores).splitlines()[-1].split() == ["Rec", "=", "100.0"]


def test_other_skeletons_and_labels_without_heads_are_refused():
    body = Labels(skeletons.COCO_17, [ImageEntry(0)], [0], np.ones((1, 17, 2)))
    with pytest.raises(ValueError, match="skeleton: expected PoseTrack's keypoints, got COCO_17"):
        evaluate_posetrack(body, body)
    truth = labels([0], [0])
    truth.fields.clear()
    with pytest.raises(ValueError, match="expected the field head_boxes"):
        evaluate_posetrack(truth, truth)
