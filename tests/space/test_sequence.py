import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17, H36M_17
from npkpose.space.sequence import coco_to_h36m, fill_gaps

NAN = np.nan


def test_a_gap_is_a_line_and_ends_stand_still():
    film = np.array([NAN, 2, NAN, NAN, 8, NAN])[:, None, None] * [1, -1]
    np.testing.assert_array_equal(fill_gaps(film)[:, 0], [[n, -n] for n in (2, 2, 4, 6, 8, 8)])
    assert np.isnan(film).sum() == 8  # the input is left alone


@given(arrays(np.float64, (6, 2, 2), elements=st.integers(-9, 9)), st.integers(0, 4))
def test_what_is_there_stays_and_what_moves_along_a_line_comes_back(film, gone):
    np.testing.assert_array_equal(fill_gaps(film), film)
    line = film[0] + np.arange(6)[:, None, None] * film[1]
    holed = line.copy()
    holed[1 : 1 + gone, 0] = NAN
    np.testing.assert_allclose(fill_gaps(holed), line, rtol=0, atol=1e-12)


def test_a_keypoint_that_is_never_seen_is_named():
    film = np.zeros((3, 2, 2))
    film[:, 1, 0] = NAN
    with pytest.raises(ValueError, match=r"keypoints\[:, 1\]: expected one in some frame"):
        fill_gaps(film)
    with pytest.raises(ValueError, match=r"keypoints: expected shape \(F, K, 2\)"):
        fill_gaps(np.zeros((3, 2)))


def test_shared_joints_keep_their_places_and_the_others_lie_between_their_parts(rng):
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
