import numpy as np
import pytest
from numpy.testing import assert_array_equal

from npkpose.tracking import fill_short_gaps


def test_a_gap_is_filled_in_with_a_line_and_marked():
    points = np.full((8, 2, 2), np.nan)
    points[[0, 3, 7], 0] = [(0, 0), (3, -6), (9, 9)]
    points[2:6, 1] = 5.0
    filled, is_filled = fill_short_gaps(points, fps=10, max_gap=0.3)
    assert_array_equal(filled[:4, 0], [(0, 0), (1, -2), (2, -4), (3, -6)])
    assert np.isnan(filled[4:7, 0]).all()  # 0.4 s
    assert_array_equal(filled[:, 1], points[:, 1])  # nothing outside of what was found
    assert np.argwhere(is_filled).tolist() == [[1, 0], [2, 0]]


def test_times_decide_how_long_a_gap_is_and_where_its_points_lie():
    points = np.array([0, np.nan, 8, np.nan, 0]).reshape(5, 1, 1)
    filled, _ = fill_short_gaps(points, max_gap=1.0, times=[0, 0.25, 1, 2, 3])
    assert_array_equal(filled[:3, 0, 0], [0, 2, 8])
    assert np.isnan(filled[3])


def test_no_frames_and_wrong_arguments():
    filled, is_filled = fill_short_gaps(np.zeros((0, 3, 2)))
    assert filled.shape == (0, 3, 2) and is_filled.shape == (0, 3)
    for arguments, name in [(([[[1, np.nan]]],), "points"), (([[[1]]], 30, -1), "max_gap")]:
        with pytest.raises(ValueError, match=name):
            fill_short_gaps(*arguments)
