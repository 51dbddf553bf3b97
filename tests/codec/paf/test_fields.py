import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import OPENPOSE_18, Grid, Poses, Skeleton, limb_scores, paf_fields
from npkpose.codec.paf import fields as paf
from npkpose.reference.codec.paf import fields as reference

ONE_LIMB = Skeleton("ONE_LIMB", ("a", "b"), ((0, 1),))


@st.composite
def fields_and_limbs(draw):
    """A field (2, H, W) and M limbs whose end points lie on a lattice inside it."""
    height, width, limbs = (draw(st.integers(1, 8)) for _ in range(3))
    field = draw(arrays(np.float64, (2, height, width), elements=st.floats(-1, 1)))
    lattice = draw(arrays(np.int64, (2, limbs, 2), elements=st.integers(0, 16)))
    starts, ends = lattice / 16 * [width - 1, height - 1]
    return field, starts, ends


@given(fields_and_limbs(), st.integers(2, 12))
def test_limb_scores_match_the_reference(case, num_samples):
    scores = limb_scores(*case, num_samples)
    expected = reference.limb_scores(*case, num_samples)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


@given(fields_and_limbs(), st.integers(2, 12))
def test_reversing_a_limb_negates_its_score(case, num_samples):
    field, starts, ends = case
    there = limb_scores(field, starts, ends, num_samples)
    back = limb_scores(field, ends, starts, num_samples)
    np.testing.assert_allclose(there, -back, rtol=0, atol=1e-12)


def test_a_constant_field_gives_the_cosine_of_the_angle_to_the_limb():
    field = np.zeros((2, 10, 10))
    field[0] = 1.0
    scores = limb_scores(field, [(1, 1), (1, 1), (1, 1), (2, 3)], [(8, 1), (1, 8), (4, 5), (2, 3)])
    np.testing.assert_allclose(scores, [1, 0, 3 / 5, 0], atol=1e-15)


lattice = st.integers(0, 16 * 30).map(lambda i: i / 16)


@given(st.tuples(lattice, lattice), st.tuples(lattice, lattice), st.sampled_from([2, 5, 10, 33]))
def test_the_integral_along_a_limb_in_its_own_field_is_1(a, b, num_samples):
    field = paf_fields([[a, b]], ONE_LIMB, 31)
    expected = 0.0 if a == b else 1.0
    assert abs(limb_scores(field, [a], [b], num_samples)[0] - expected) < 1e-6


CHAIN = Skeleton(
    "CHAIN", ("a", "b", "c"), ((0, 1), (1, 2), (2, 0)), paf_channels=((5, 0), (1, 3), (4, 2))
)


@given(arrays(np.int64, (3, 3, 2), elements=st.integers(-40, 160)), st.booleans())
def test_fields_match_the_reference(eighths, missing):
    people = eighths / 8 + 1 / 64  # no pixel lies exactly on a band's edge
    people[0, 1, 0] = np.nan if missing else people[0, 1, 0]
    fields = paf_fields(people, CHAIN, (11, 14), 1.3, dtype=np.float64)
    expected = reference.paf_fields(people, CHAIN, (11, 14), 1.3)
    np.testing.assert_allclose(fields, expected, atol=1e-12)


@pytest.mark.parametrize("far", [
    [(1e19, 0), (-1e19, 3)], [(-8e307, -8e307), (8e307, 8e307)], [(np.nan, -1e308), (3, 1e308)]
])  # fmt: skip
def test_limbs_far_outside_the_image_do_not_change_others(far):
    near = [(2, 5), (12, 5)]
    alone = paf_fields([near], ONE_LIMB, (11, 15))
    fields = paf_fields([far, near], ONE_LIMB, (11, 15))
    np.testing.assert_array_equal(fields[:, 6], alone[:, 6])
    assert np.isfinite(fields).all()


def test_one_kernel_serves_every_kind_of_input():
    people = np.array([[(2, 5), (12, 5)]], np.float32)
    people.flags.writeable = False
    for poses in (people, people.tolist(), Poses(people), people[:, ::-1]):
        paf_fields(poses, ONE_LIMB, 15)
        paf_fields(poses, ONE_LIMB, 15, grid=Grid(2, "centre"))
    assert len(getattr(paf._draw, "signatures", [0])) == 1


def test_fields_are_unit_vectors_within_the_width_and_zero_beyond():
    field = paf_fields([[(2, 5), (12, 5)]], ONE_LIMB, (11, 15), width=1.0)
    assert (field[0, 4:7, 2:13] == 1).all() and (field[1] == 0).all()
    assert field[0, 5, 1] == 1 and field[0, 4, 1] == 0  # a half disc beyond the end
    assert field[0].sum() == 3 * 11 + 2


def test_where_limbs_of_two_people_meet_the_field_is_their_mean():
    crossing = [[(0, 5), (10, 5)], [(5, 0), (5, 10)]]
    field = paf_fields(crossing, ONE_LIMB, 11, dtype=np.float64)
    np.testing.assert_allclose(field[:, 5, 5], (0.5, 0.5))
    np.testing.assert_allclose(field[:, 5, 0], (1, 0))
    opposite = [[(0, 5), (10, 5)], [(10, 5), (0, 5)]]
    assert (paf_fields(opposite, ONE_LIMB, 11) == 0).all()


def test_channels_are_the_skeletons_and_a_limb_with_a_missing_end_adds_nothing():
    keypoints = np.full((1, 18, 2), np.nan)
    keypoints[0, 1], keypoints[0, 8], keypoints[0, 2] = (5, 2), (5, 12), (2, 2)
    fields = paf_fields(Poses(keypoints), OPENPOSE_18, (15, 11))
    assert fields.shape == (38, 15, 11)
    used = np.flatnonzero(np.abs(fields).max(axis=(1, 2)))
    assert used.tolist() == [1, 12]  # neck to right hip points down; to right shoulder, left
    assert fields[1].max() == 1 and fields[12].min() == -1


def test_with_a_grid_people_are_in_image_pixels_and_no_people_give_zeros():
    grid = Grid(4, "centre")
    points = grid.to_image([[(2, 3), (8, 3)]])
    np.testing.assert_array_equal(
        paf_fields(points, ONE_LIMB, 12, grid=grid), paf_fields([[(2, 3), (8, 3)]], ONE_LIMB, 12)
    )
    assert not paf_fields(np.empty((0, 2, 2)), ONE_LIMB, 4).any()


def test_no_limbs_give_no_scores():
    assert limb_scores(np.zeros((2, 4, 4)), np.empty((0, 2)), np.empty((0, 2))).shape == (0,)


def test_one_specialisation_serves_every_input():
    field = np.zeros((2, 4, 4), np.float32)
    field.flags.writeable = False
    limb_scores(field, [(1, 1)], [(2, 2)])
    limb_scores(field[:, ::2].astype(int), [(1, 1)], [(2, 1)])
    assert len(getattr(paf._limb_scores, "signatures", [0])) == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"ends": [(9, 0)]},
            r"ends\[0\]: expected \(x, y\) inside \[0, 8\] x \[0, 3\], got \(9, 0\)",
        ),
        ({"starts": [(-0.5, 0)]}, r"starts\[0\]: expected \(x, y\) inside"),
        ({"starts": [(np.nan, 0)]}, r"starts\[0, 0\]: expected a finite value, got nan"),
        ({"starts": [(1, 1), (2, 2)]}, r"ends: expected shape \(2, 2\), got \(1, 2\)"),
        ({"paf": np.zeros((3, 4, 9))}, r"paf: expected shape \(2, H, W\), got \(3, 4, 9\)"),
        ({"paf": np.full((2, 4, 9), np.inf)}, r"paf\[0, 0, 0\]: expected a finite value"),
        ({"paf": np.zeros((2, 4, 9), "U1")}, "paf: expected real numbers"),
        ({"num_samples": 1}, "num_samples: expected at least 2, got 1"),
        ({"num_samples": 5.0}, "num_samples: expected an integer"),
    ],
)
def test_bad_limbs_are_named(arguments, message):
    good = {"paf": np.zeros((2, 4, 9)), "starts": [(1, 1)], "ends": [(2, 2)]}
    with pytest.raises(ValueError, match=message):
        limb_scores(**{**good, **arguments})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"poses": np.zeros((1, 3, 2))}, r"poses: expected shape \(P, 2, 2\), got \(1, 3, 2\)"),
        ({"poses": np.full((1, 2, 2), np.inf)}, "poses.*: expected a finite value, got inf"),
        ({"size": -1}, "size: expected at least 1"),
        ({"width": 0}, "width: expected more than 0"),
        ({"dtype": int}, "dtype: expected one of float32, float64, got <class 'int'>"),
    ],
)
def test_bad_targets_are_named(arguments, message):
    good = {"poses": np.zeros((1, 2, 2)), "skeleton": ONE_LIMB, "size": 4}
    with pytest.raises(ValueError, match=message):
        paf_fields(**{**good, **arguments})
