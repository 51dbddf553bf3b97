import numpy as np

from npkpose import COCO_17, Poses
from npkpose.data.people import SyntheticPeople
from npkpose.training.score import score

DATASET = SyntheticPeople(8, seed=1, size=64)


def test_the_truth_scores_one_and_nobody_scores_nothing():
    def truth(scene):
        return Poses(scene.keypoints[scene.labelled])

    assert score(DATASET, truth).stats.ap == 1
    assert score(DATASET, lambda scene: Poses.empty(17)).stats.ap == 0


def test_a_pixel_off_costs_something_and_ten_cost_nearly_all():
    def off_by(pixels):
        return score(
            DATASET, lambda scene: Poses(scene.keypoints[scene.labelled] + pixels)
        ).stats.ap

    assert 0.1 < off_by(1.0) < 1 and off_by(10.0) < 0.1
    assert np.isclose(score(DATASET, lambda s: Poses.empty(17)).stats.ar, 0) and COCO_17 is not None
