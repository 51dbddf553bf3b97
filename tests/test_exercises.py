"""The exercises in small; the examples print their full numbers."""

import numpy as np
import pytest

from npkpose import Poses, exercises


def test_a_short_training_finds_the_markers():
    net = exercises.train_markers(seed=0, steps=60)
    held_out = exercises.held_out_markers(0, 32)
    argmax = exercises.marker_errors(net, *held_out, "argmax")
    refined = exercises.marker_errors(net, *held_out, "log_parabola")
    assert np.median(argmax) < 1 and np.median(refined) < np.median(argmax)


class Oracle:
    """A network that answers the ideal maps."""

    def __init__(self, maps):
        self.maps = maps

    def __call__(self, x):
        return self.maps

    def split(self, maps):
        return maps[:, :4], maps[:, 4:]


def test_ideal_maps_group_right_where_the_nearest_keypoint_does_not():
    images, keypoints = exercises.held_out_figures(0, 60)
    oracle = Oracle(np.concatenate(exercises.figure_targets(keypoints), axis=1))
    fields = exercises.score_figures(exercises.group_figures(oracle, images), keypoints)
    nearest = exercises.score_figures(exercises.group_figures(oracle, images, True), keypoints)
    assert fields.right_instance > 0.98 and fields.oks > 0.95 and fields.found > 0.98
    assert nearest.right_instance < 0.9


def test_scores_of_hand_made_groups():
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], float)
    truth = np.stack([square, square + 40])[None]
    exact = exercises.score_figures([Poses(truth[0])], truth)
    assert exact == (1.0, 1.0, 1.0, 0)
    swapped = truth[0].copy()
    swapped[:, 0] = swapped[::-1, 0]
    score = exercises.score_figures([Poses(swapped)], truth)
    assert score.right_instance == 0.75 and score.oks == pytest.approx(0.75)
    assert exercises.score_figures([Poses.empty(4)], truth) == (0.0, 0.0, 0.0, 0)


def test_best_names_forgive_any_order_of_identical_markers():
    images, keypoints = exercises.held_out_markers(0, 4, "identical")
    keypoints = np.array([[(5.0, 5), (20, 6), (33, 50), (50, 20)]] * 4)
    heatmaps = exercises.gaussian_heatmaps(keypoints[:, [2, 0, 3, 1]], 64)
    errors = exercises.best_assignment_errors(Oracle(heatmaps), images, keypoints, "log_parabola")
    assert errors.shape == (4, 4) and errors.max() < 0.05


def test_a_step_of_the_figures_training_runs():
    net = exercises.train_figures(steps=2)
    assert len(exercises.group_figures(net, exercises.held_out_figures(0, 2)[0])) == 2
