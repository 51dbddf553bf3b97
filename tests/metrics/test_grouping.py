import numpy as np
import pytest

from npkpose.metrics import right_instance

NAN = (np.nan, np.nan)
TRUTH = [[(0, 0), (0, 10)], [(20, 0), (20, 10)]]
POSES = [[(1, 1), (19, 9)], [(18, 1), NAN], [(0, 0), (0, 10)]]


def test_a_keypoint_is_in_the_right_instance_if_its_keypoint_is_the_nearest():
    right = right_instance(POSES, TRUTH, [0, 1, -1])
    assert right.tolist() == [[True, False], [True, False], [False, False]]
    assert right_instance(np.empty((0, 2, 2)), TRUTH, []).shape == (0, 2)


@pytest.mark.parametrize("wrong", [0.9, 2, -2, 2**63])
def test_a_match_is_the_index_of_a_person_or_minus_1(wrong):
    with pytest.raises(ValueError, match=r"matched\[1\]: expected -1 or an index below 2, got"):
        right_instance(POSES, TRUTH, [0, wrong, -1])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"matched\[2\]: expected a finite value, got nan"):
        right_instance(POSES, TRUTH, [0, 1, np.nan])
    with pytest.raises(ValueError, match=r"matched: expected shape \(3\), got \(2,\)"):
        right_instance(POSES, TRUTH, [0, 1])
    with pytest.raises(ValueError, match="true_keypoints: expected at least 1 instance"):
        right_instance(POSES, np.empty((0, 2, 2)), [0, 1, -1])
