"""The tracker on synthetic crowds, of which `benchmarks.tracking` has more, and on a real video."""

import json
import pathlib

import numpy as np
import pytest

from npkpose import COCO_17, Poses
from npkpose.data import moving_crowd
from npkpose.metrics import evaluate_tracking
from npkpose.tracking import Tracker


@pytest.mark.parametrize(("people", "idf1", "switches"), [(2, 0.95, 0), (5, 0.9, 3)])
def test_people_who_cross_are_hidden_and_return_keep_their_identities(people, idf1, switches):
    crowd, tracker = moving_crowd(np.random.default_rng(11), people, 200), Tracker(COCO_17)
    found = [tracker.update(poses) for poses in crowd.detections]
    scores = evaluate_tracking(crowd.truth, found, COCO_17.sigmas, crowd.areas)
    assert scores.idf1 >= idf1 and scores.switches <= switches


def test_two_football_players_keep_their_identities():
    """What YOLOX and MoveNet find in five frames of a video of PoseTrack: one runs, one falls."""
    path = pathlib.Path(__file__).parent / "football.json"
    rows = np.array(json.loads(path.read_text("utf-8")))
    tracker = Tracker(COCO_17)
    for f in range(5):
        _, scores, keypoints = np.split(rows[rows[:, 0] == f], [1, 2], axis=1)
        keypoints = keypoints.reshape(-1, 17, 2)
        poses = Poses(np.where(keypoints > 0, keypoints, np.nan), person_scores=scores[:, 0])
        found = tracker.update(poses[[1, 0]] if f % 2 else poses)
        assert found.ids.tolist() == ([2, 1] if f % 2 else [1, 2])
        assert np.nanmean(found.keypoints[found.ids == 1, :, 0]) < 500  # the one on the left
