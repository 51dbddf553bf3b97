import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.training.losses.labels import (
    check_confidence,
    check_joint,
    check_labels,
    check_limbs,
    check_points,
    check_type,
    check_valid,
)


def test_estimates_and_labels_keep_their_values_and_become_floats():
    points = check_points("x", [[1, 2, 3]], ("K", 3))
    assert points.dtype == np.float32 and points.tolist() == [[1, 2, 3]]
    labels = check_labels("x", [[1, np.nan, -1e15]], ("K", 3), np.float64)
    np.testing.assert_array_equal(labels, [[1, np.nan, -1e15]])


def test_a_weight_is_broadcast_and_1_by_default():
    np.testing.assert_array_equal(check_confidence("c", [[0.5], [0]], (2, 3)), [[0.5] * 3, [0] * 3])
    np.testing.assert_array_equal(check_confidence("c", None, (2, 3), np.float32), np.ones((2, 3)))


def test_flags_are_booleans_or_0_and_1():
    assert check_valid("v", None, 2).tolist() == [True, True]
    assert check_valid("v", [1.0, 0.0], 2).tolist() == [True, False]
    assert check_valid("v", np.array([False, True]), 2).dtype == bool


def test_limbs_are_a_skeletons_or_pairs():
    assert check_limbs("limbs", COCO_17, 17).tolist() == [list(limb) for limb in COCO_17.limbs]
    assert check_limbs("limbs", [(1.0, 0)], 2).tolist() == [[1, 0]]
    assert check_limbs("limbs", (), 2).shape == (0, 2)


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (check_points, ("x", [1e16], ("K",)), r"x\[0\]: expected at most 1e\+15 in size, got 1e\+16"),
    (check_points, ("x", [[0, np.nan]], (..., 2)), r"x\[0, 1\]: expected a finite value"),
    (check_points, ("x", None, (..., 2)), "x: expected real numbers"),
    (check_labels, ("x", [-np.inf], ("K",), float), r"x\[0\]: expected at most 1e\+15 in size"),
    (check_labels, ("x", [1e300], ("K",), np.float32), r"x\[0\]: expected .* range of float32"),
    (check_confidence, ("c", [1, -2], (2,)), "c: expected at least 0, got -2"),
    (check_confidence, ("c", [1, 2e6], (2,)), r"c\[1\]: expected at most 1e\+06 in size"),
    (check_confidence, ("c", [1, np.nan], (2,)), r"c\[1\]: expected a finite value"),
    (check_valid, ("v", [1, 0.5], 2), r"v\[1\]: expected True or False, got 0.5"),
    (check_valid, ("v", [1, np.nan], 2), r"v\[1\]: expected a finite value"),
    (check_valid, ("v", True, 2), r"v: expected shape \(2\)"),
    (check_limbs, ("limbs", COCO_17, 16), r"limbs\[\d+, \d\]: expected a joint in \[0, 16\)"),
    (check_limbs, ("limbs", None, 16), "limbs: expected real numbers"),
    (check_joint, ("root", True, 3), "root: expected an integer, got True"),
    (check_joint, ("root", -1, 3), "root: expected at least 0, got -1"),
    (check_type, ("labels", {}, list), "labels: expected list, got dict"),
])
def test_bad_arguments_are_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
