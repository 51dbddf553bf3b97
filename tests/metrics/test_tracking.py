import numpy as np
import pytest

from npkpose import COCO_17, Poses
from npkpose.metrics import evaluate_tracking

SHAPE = np.random.default_rng(0).uniform(0, 100, (17, 2))


def people(*places, ids):
    return Poses(SHAPE + np.reshape(places, (-1, 1, 1)), ids=ids)


def test_a_person_who_is_found_under_two_identities_worked_by_hand():
    truth = [people(0, 500, ids=[7, 8])] * 4
    found = [people(500, 1, ids=[1, 2])] * 3 + [people(0, 900, ids=[3, 2])]
    scores = evaluate_tracking(truth, found, COCO_17.sigmas)
    assert scores.identities == (6, 2, 2) and scores.idf1 == 0.75
    assert scores.switches == 1 and scores.mota == 1 - (1 + 1 + 1) / 8


def test_missing_keypoints_of_the_truth_and_areas_decide_what_is_near():
    truth, found = people(0, ids=[1]), people(0, ids=[1])
    truth.keypoints[0, :9] = np.nan
    found.keypoints[0, :9] += 100
    assert evaluate_tracking([truth], [found], COCO_17.sigmas).idf1 == 1
    away = people(12, ids=[1])
    for area, idf1 in ((1e3, 0), (1e6, 1)):
        assert evaluate_tracking([truth], [away], COCO_17.sigmas, [[area]]).idf1 == idf1


def test_a_wrong_argument_is_named():
    frames = [people(0, ids=[1])]
    for arguments, name in [
        (([0], frames), r"truth\[0\]"), ((frames, frames * 2), "found"), ((frames, 3), "found"),
        ((frames, [people(0, 1, ids=[1, 1])]), r"found\[0\].ids"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=name):
            evaluate_tracking(*arguments, COCO_17.sigmas)
