import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import COCO_17, OPENPOSE_18, Grid, Skeleton, paf_fields
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.pipeline.flip import flip, flip_fields, flip_maps, shift_right


def test_three_columns_by_hand():
    maps = np.array([[[1.0, 2.0, 4.0]]])
    for shift, moved in ((0.0, [1, 2, 4]), (1.0, [1, 1, 2]), (0.5, [1, 1.5, 3]), (2.0, [1, 1, 1])):
        np.testing.assert_array_equal(shift_right(maps, shift)[0, 0], moved)


def test_a_shift_of_0_spreads_no_nan():
    maps = np.array([[[np.nan, 2.0, np.inf]]])
    np.testing.assert_array_equal(shift_right(maps, 0.0), maps)


@given(st.integers(0, 99))
def test_flipping_twice_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(2, 20, 5, 6)).astype(np.float32)  # three more channels than keypoints
    again = flip_maps(flip_maps(maps, COCO_17), COCO_17)
    np.testing.assert_array_equal(again, maps)
    np.testing.assert_array_equal(flip(flip(maps)), maps)
    np.testing.assert_array_equal(flip_maps(maps, COCO_17)[:, 17:], maps[:, 17:, :, ::-1])


@pytest.mark.parametrize("convention", ["index", "centre", "corner"])
@given(x=st.floats(30, 65), stride=st.sampled_from([2, 4]))
def test_the_map_of_a_flipped_image_coincides_with_that_of_the_image(convention, x, stride):
    """A point at x in an image of width 96 is at 95 - x in the flipped image."""
    grid, size, width = Grid(stride, convention), (32 // stride, 96 // stride), 96
    points = np.array([[(x, 16.0)], [(width - 1 - x, 16.0)]])
    own, flipped = gaussian_heatmaps(grid.to_map(points, size), size)
    skeleton = type("One", (), {"num_keypoints": 1, "flip_order": np.array([0])})
    back = flip_maps(flipped[None], skeleton, grid.flip_shift())[0]
    centres = [(m[0].sum(axis=0) * np.arange(size[1])).sum() / m.sum() for m in (own, back)]
    np.testing.assert_allclose(*centres, rtol=0, atol=0.01)


@given(st.integers(0, 99))
def test_fields_of_a_flipped_person_become_those_of_the_person(seed):
    person = np.random.default_rng(seed).uniform(4, 28, (1, 18, 2))
    flipped = person[:, OPENPOSE_18.flip_order] * (-1, 1) + (31, 0)
    own, other = (paf_fields(points, OPENPOSE_18, 32) for points in (person, flipped))
    back = flip_fields(other[None], OPENPOSE_18)[0]
    assert (abs(back - own) > 1e-6).mean() < 0.002  # of pixels, on limbs' edges


def test_a_partner_may_have_the_opposite_direction():
    plan = Skeleton("V", ("top", "left", "right"), ((0, 1), (2, 0)), ((1, 2),))
    pafs = np.zeros((1, 4, 1, 2))
    pafs[0, :, 0, 0] = 1, 2, 3, 4
    np.testing.assert_array_equal(flip_fields(pafs, plan)[0, :, 0, 1], [3, -4, 1, -2])
    np.testing.assert_array_equal(flip_fields(flip_fields(pafs, plan), plan), pafs)


def test_a_limb_without_a_partner_is_named():
    plan = Skeleton("L", ("top", "left", "right"), ((0, 1),), ((1, 2),))
    with pytest.raises(ValueError, match=r"skeleton: expected a limb \(0, 2\)"):
        flip_fields(np.zeros((1, 2, 2, 2)), plan)
