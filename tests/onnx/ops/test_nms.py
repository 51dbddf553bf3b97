"""NonMaxSuppression, by hand and against its twin."""

import numpy as np
import pytest

from npkpose.onnx.ops.nms import non_max_suppression
from npkpose.reference.onnx.ops import nms as reference

FLOAT = np.float32


def test_the_better_of_two_boxes_that_cover_each_other_is_kept():
    boxes = np.array([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3]]], FLOAT)
    scores = np.array([[[0.8, 0.9, 0.1]]], FLOAT)
    rows = non_max_suppression(boxes, scores, np.array(3), np.array(0.5), np.array(0.05))
    np.testing.assert_array_equal(rows, [[0, 0, 1], [0, 0, 2]])  # the first overlaps by 9 / 11


@pytest.mark.parametrize("threshold", [0.1, 0.5])
def test_suppression_matches_the_reference(rng, threshold):
    corners = rng.integers(0, 12, (2, 40, 4)).astype(FLOAT)
    scores = rng.integers(0, 30, (2, 3, 40)).astype(FLOAT) / 32  # with ties
    given = corners, scores, np.array(9), np.array(threshold, FLOAT), np.array(0.25, FLOAT)
    expected = reference.non_max_suppression(corners, scores, 9, FLOAT(threshold), 0.25)
    np.testing.assert_array_equal(non_max_suppression(*given), expected)


def test_centres_and_sizes_are_boxes_too():
    boxes = np.array([[[1, 1, 2, 2], [1, 1, 2, 2]]], FLOAT)
    scores = np.ones((1, 1, 2), FLOAT)
    rows = non_max_suppression(boxes, scores, np.array(2), np.array(0.5), center_point_box=1)
    np.testing.assert_array_equal(rows, [[0, 0, 0]])


def test_boxes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="boxes: expected"):
        non_max_suppression(np.zeros((1, 2, 5), FLOAT), np.zeros((1, 1, 2), FLOAT))
