import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17, H36M_17
from npkpose.space.sequence import coco_to_h36m, fill_gaps

NAN = np.nan


def test_gaps_are_interpolated_linearly_and_ends_are_constant():
    sequence = np.array([NAN, 2, NAN, NAN, 8, NAN])[:, None, None] * [1, -1]
    np.testing.assert_array_equal(fill_gaps(sequence)[:, 0], [[n, -n] for n in (2, 2, 4, 6, 8, 8)])
    assert np.isnan(sequence).sum() == 8  # the input is not changed


@given(arrays(np.float64, (6, 2, 2), elements=st.integers(-9, 9)), st.integers(0, 4))
def test_known_values_are_kept_and_linear_motion_is_recovered(sequence, missing):
    np.testing.assert_array_equal(fill_gaps(sequence), sequence)
    line = sequence[0] + np.arange(6)[:, None, None] * sequence[1]
    gappy = line.copy()
    gappy[1 : 1 + missing, 0] = NAN
    np.testing.assert_allclose(fill_gaps(gappy), line, rtol=0, atol=1e-12)


def test_a_keypoint_missing_in_every_frame_is_named():
    sequence = np.zeros((3, 2, 2))
    sequence[:, 1, 0] = NAN
    with pytest.raises(ValueError, match=r"keypoints\[:, 1\]: expected one in some frame"):
        fill_gaps(sequence)
    with pytest.raises(ValueError, match=r"keypoints\[0, 0, 1\]: expected at most 1e\+30 in size"):
        fill_gaps([[[0, np.inf]], [[1, 2]]])
    with pytest.raises(ValueError, match=r"keypoints: expected shape \(F, K, 2\)"):
        fill_gaps(np.zeros((3, 2)))


def test_shared_joints_are_copied_and_the_others_are_means(rng):
    coco = rng.normal(size=(4, 17, 2))
    found = coco_to_h36m(coco)
    columns = COCO_17.columns_of(H36M_17)
    np.testing.assert_array_equal(found[:, columns >= 0], coco[:, columns[columns >= 0]])
    joint = dict(zip(H36M_17.keypoints, found.swapaxes(0, 1)))
    middle = (joint["left_hip"] + joint["right_hip"]) / 2
    chest = (joint["left_shoulder"] + joint["right_shoulder"]) / 2
    np.testing.assert_allclose(joint["mid_hip"], middle)
    np.testing.assert_allclose(joint["spine"], (middle + chest) / 2)
    np.testing.assert_allclose(joint["head"], coco[:, 1:5].mean(axis=1))
    np.testing.assert_allclose(joint["neck_nose"], (chest + joint["head"]) / 2)


def test_mirroring_commutes_with_the_change_of_joints(rng):
    coco = rng.normal(size=(5, 17, 2))
    mirror = np.array([-1, 1])
    first = coco_to_h36m((coco * mirror)[:, COCO_17.flip_order])
    after = (coco_to_h36m(coco) * mirror)[:, H36M_17.flip_order]
    np.testing.assert_allclose(first, after, rtol=0, atol=1e-12)
