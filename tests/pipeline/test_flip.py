import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import COCO_17, OPENPOSE_18, Grid, Skeleton, paf_fields
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.pipeline.flip import mirror, mirror_fields, mirror_maps, shift_right


def test_three_columns_by_hand():
    maps = np.array([[[1.0, 2.0, 4.0]]])
    for shift, moved in ((0.0, [1, 2, 4]), (1.0, [1, 1, 2]), (0.5, [1, 1.5, 3]), (2.0, [1, 1, 1])):
        np.testing.assert_array_equal(shift_right(maps, shift)[0, 0], moved)


def test_a_shift_of_nothing_spreads_no_nan():
    maps = np.array([[[np.nan, 2.0, np.inf]]])
    np.testing.assert_array_equal(shift_right(maps, 0.0), maps)


@given(st.integers(0, 99))
def test_twice_mirrored_is_as_before(seed):
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(2, 20, 5, 6)).astype(np.float32)  # three channels of no keypoint
    again = mirror_maps(mirror_maps(maps, COCO_17), COCO_17)
    np.testing.assert_array_equal(again, maps)
    np.testing.assert_array_equal(mirror(mirror(maps)), maps)
    np.testing.assert_array_equal(mirror_maps(maps, COCO_17)[:, 17:], maps[:, 17:, :, ::-1])


@pytest.mark.parametrize("convention", ["index", "centre", "corner"])
@given(x=st.floats(30, 65), stride=st.sampled_from([2, 4]))
def test_a_mirrored_pictures_map_falls_on_the_pictures_own(convention, x, stride):
    """A point at x of a picture 96 wide is at 95 - x of its mirror image."""
    grid, size, width = Grid(stride, convention), (32 // stride, 96 // stride), 96
    points = np.array([[(x, 16.0)], [(width - 1 - x, 16.0)]])
    own, mirrored = gaussian_heatmaps(grid.to_map(points, size), size)
    skeleton = type("One", (), {"num_keypoints": 1, "flip_order": np.array([0])})
    back = mirror_maps(mirrored[None], skeleton, grid.flip_shift())[0]
    middles = [(m[0].sum(axis=0) * np.arange(size[1])).sum() / m.sum() for m in (own, back)]
    np.testing.assert_allclose(*middles, rtol=0, atol=0.01)


@given(st.integers(0, 99))
def test_fields_of_a_mirrored_person_become_the_persons_own(seed):
    person = np.random.default_rng(seed).uniform(4, 28, (1, 18, 2))
    mirrored = person[:, OPENPOSE_18.flip_order] * (-1, 1) + (31, 0)
    own, theirs = (paf_fields(points, OPENPOSE_18, 32) for points in (person, mirrored))
    back = mirror_fields(theirs[None], OPENPOSE_18)[0]
    assert (abs(back - own) > 1e-6).mean() < 0.002  # pixels on a limb's edge may fall either way


def test_a_partner_may_run_the_other_way():
    plan = Skeleton("V", ("top", "left", "right"), ((0, 1), (2, 0)), ((1, 2),))
    pafs = np.zeros((1, 4, 1, 2))
    pafs[0, :, 0, 0] = 1, 2, 3, 4
    np.testing.assert_array_equal(mirror_fields(pafs, plan)[0, :, 0, 1], [3, -4, 1, -2])
    np.testing.assert_array_equal(mirror_fields(mirror_fields(pafs, plan), plan), pafs)


def test_a_limb_without_a_mirror_image_is_named():
    plan = Skeleton("L", ("top", "left", "right"), ((0, 1),), ((1, 2),))
    with pytest.raises(ValueError, match=r"skeleton: expected a limb \(0, 2\)"):
        mirror_fields(np.zeros((1, 2, 2, 2)), plan)
