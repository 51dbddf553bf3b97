"""The tracker on synthetic crowds; `python -m benchmarks tracking` measures longer ones."""

import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.data import moving_crowd
from npkpose.metrics import evaluate_tracking
from npkpose.tracking import Tracker


@pytest.mark.parametrize(("people", "idf1", "switches"), [(2, 0.95, 0), (5, 0.9, 3)])
def test_people_who_cross_are_hidden_and_return_keep_their_identities(people, idf1, switches):
    crowd, tracker = moving_crowd(np.random.default_rng(11), people, 200), Tracker(COCO_17)
    found = [tracker.update(poses) for poses in crowd.detections]
    scores = evaluate_tracking(crowd.truth, found, COCO_17.sigmas, crowd.areas)
    assert scores.idf1 >= idf1 and scores.switches <= switches
