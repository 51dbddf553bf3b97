"""The exercises in small; the examples print their full numbers."""

import numpy as np

from npkpose import gaussian_heatmaps
from npkpose.exercises import markers


def test_a_short_training_finds_the_markers():
    net = markers.train_markers(seed=0, steps=60)
    held_out = markers.held_out_markers(0, 32)
    argmax = markers.marker_errors(net, *held_out, "argmax")
    refined = markers.marker_errors(net, *held_out, "log_parabola")
    assert np.median(argmax) < 1 and np.median(refined) < np.median(argmax)


def test_best_assignment_accepts_any_order_of_identical_markers(oracle):
    images, keypoints = markers.held_out_markers(0, 4, "identical")
    keypoints = np.array([[(5.0, 5), (20, 6), (33, 50), (50, 20)]] * 4)
    heatmaps = gaussian_heatmaps(keypoints[:, [2, 0, 3, 1]], 64)
    errors = markers.best_assignment_errors(oracle(heatmaps), images, keypoints, "log_parabola")
    assert errors.shape == (4, 4) and errors.max() < 0.05
