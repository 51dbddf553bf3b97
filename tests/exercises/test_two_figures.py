"""The grouping exercise in small; the example prints its full numbers."""

import numpy as np
import pytest

from npkpose import Poses
from npkpose.exercises import two_figures


def test_ideal_fields_group_correctly_and_the_nearest_keypoint_does_not(oracle):
    images, keypoints = two_figures.held_out_figures(0, 60)
    ideal = oracle(np.concatenate(two_figures.figure_targets(keypoints), axis=1))
    fields = two_figures.score_figures(two_figures.group_figures(ideal, images), keypoints)
    nearest = two_figures.score_figures(two_figures.group_figures(ideal, images, True), keypoints)
    assert fields.right_instance > 0.98 and fields.oks > 0.95 and fields.found > 0.98
    assert nearest.right_instance < 0.9


def test_scores_of_hand_made_groups():
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], float)
    truth = np.stack([square, square + 40])[None]
    exact = two_figures.score_figures([Poses(truth[0])], truth)
    assert exact == (1.0, 1.0, 1.0, 0)
    swapped = truth[0].copy()
    swapped[:, 0] = swapped[::-1, 0]
    score = two_figures.score_figures([Poses(swapped)], truth)
    assert score.right_instance == 0.75 and score.oks == pytest.approx(0.75)
    assert two_figures.score_figures([Poses.empty(4)], truth) == (0.0, 0.0, 0.0, 0)


def test_a_step_of_the_figures_training_runs():
    net = two_figures.train_figures(steps=2)
    assert len(two_figures.group_figures(net, two_figures.held_out_figures(0, 2)[0])) == 2
