import numpy as np
import pytest

from npkpose.metrics import epe, nme

POSES = [[(3, 4), (0, 0)], [(0, 7), (6, 8)]]
TRUTH = np.zeros((2, 2, 2))


def test_distances_of_5_0_7_and_10_worked_by_hand():
    assert epe(POSES, TRUTH) == pytest.approx(22 / 4)
    assert nme(POSES, TRUTH, [10, 20]) == pytest.approx((0.5 + 0 + 0.35 + 0.5) / 4)
    assert epe(POSES, TRUTH, [[1, 0], [2, 0]]) == pytest.approx(6)


def test_unlabelled_keypoints_are_not_read_and_without_labelled_ones_the_mean_is_nan():
    poses = np.array(POSES, float)
    poses[0, 0] = np.nan
    assert epe(poses, TRUTH, [[0, 1], [1, 1]]) == pytest.approx(17 / 3)
    assert np.isnan(epe(poses, TRUTH, np.zeros((2, 2))))
    assert np.isnan(nme(np.empty((0, 2, 2)), np.empty((0, 2, 2)), []))


def test_a_missing_keypoint_has_no_distance_and_is_refused_by_index():
    poses = np.array(POSES, float)
    poses[1, 0] = np.nan
    with pytest.raises(ValueError, match=r"keypoints\[1, 0\]: expected finite \(x, y\), got"):
        epe(poses, TRUTH)
    with pytest.raises(ValueError, match=r"sizes\[1\]: expected more than 0, got -1"):
        nme(POSES, TRUTH, [1, -1])
