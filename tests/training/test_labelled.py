import numpy as np
import pytest

from npkpose import Poses
from npkpose.data.people import SyntheticPeople
from npkpose.data.scene import Scene
from npkpose.models.small import SmallTopDown
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17
from npkpose.training.labelled import LabelledTask, score_poses

PLAN = Skeleton("THREE", ("a", "b", "c"), (), (), np.nan)
POINTS = np.array([[[10.0, 10.0], [20.0, 10.0], [np.nan, np.nan]]])


def scene(points=POINTS):
    """A scene of one person in a box of 50 x 32, whose sides' geometric mean is 40."""
    visibility = np.where(np.isnan(points[..., 0]), 0, 2)
    image, crowd = np.zeros((32, 50, 3), np.uint8), np.zeros(1, bool)
    boxes, areas = np.array([[0.0, 0.0, 50.0, 32.0]]), np.array([1600.0])
    return Scene(image, points, visibility, boxes, areas, crowd)


def test_scores_by_hand():
    found = np.array([[[10.0, 14.0], [20.0, 4.0], [0.0, 0.0]]])  # off by 4 and 6, of 5 allowed
    scores = score_poses([scene()], [Poses(found)], PLAN)
    assert (scores.instances, scores.keypoints) == (1, 2)
    assert scores.pck == 0.5 and scores.nme == pytest.approx((4 + 6) / 2 / 40)
    assert np.isnan(scores.oks) and np.isnan(scores.ap)
    assert str(scores) == "PCK@0.1 0.500, NME 0.1250 (1 instance)"


def test_poses_are_matched_by_their_ids_and_a_person_without_one_has_nothing_correct():
    two = Scene(*(np.concatenate([value, value]) if name != "image" else value
                  for name, value in vars(scene()).items()))  # fmt: skip
    two.keypoints[1] += 7
    found = np.nan_to_num(two.keypoints)
    both = Poses(found[::-1], ids=[1, 0])
    assert score_poses([two], [both], PLAN).pck == 1
    one = score_poses([two], [both[[0]]], PLAN)
    assert one.pck == 0.5 and one.nme == 0
    assert score_poses([two], [both[[]]], PLAN).pck == 0


def test_with_sigmas_there_are_oks_and_ap():
    plan = Skeleton("THREE", PLAN.keypoints, (), (), 0.1)
    exact = np.nan_to_num(POINTS)
    scores = score_poses([scene()], [Poses(exact)], plan)
    assert scores.oks == 1 and scores.ap == pytest.approx(1)
    off = exact + [0.0, 8.0]  # exp(-64 / (2 1600 0.04)) = exp(-1 / 2)
    assert score_poses([scene()], [Poses(off)], plan).oks == pytest.approx(np.exp(-0.5))
    assert "OKS 1.000, AP 1.000" in str(scores)


def test_the_score_of_a_run_is_ap_or_without_sigmas_pck():
    people = SyntheticPeople(2, 1, 64)
    task = LabelledTask(SmallTopDown((32, 16), 2), people, people, batch_size=2)
    reports = []
    task.report = reports.append
    assert task.score_name == "ap" and task.evaluate(task.model) == reports[0].ap
    unknown = Skeleton("UNKNOWN", COCO_17.keypoints, (), COCO_17.pairs, np.nan)
    task = LabelledTask(SmallTopDown((32, 16), 2, skeleton=unknown), people, people, batch_size=2)
    task.report = reports.append
    assert task.score_name == "pck" and task.evaluate(task.model) == reports[1].pck
