import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import Peaks, Skeleton, paf_fields
from npkpose._numba import COMPILES
from npkpose.codec.paf import candidates
from npkpose.codec.paf.candidates import candidate_limbs
from npkpose.reference.codec.paf import candidates as reference

TRIANGLE = Skeleton("TRIANGLE", ("a", "b", "c"), ((0, 1), (1, 2), (2, 0)))
LIMB = Skeleton("LIMB", ("a", "b"), ((0, 1),))


def peaks_at(*points_of_each_keypoint):
    """Peaks of score 1 at the given points, one list for each keypoint."""
    points = [np.reshape(points, (-1, 2)).astype(float) for points in points_of_each_keypoint]
    first = np.cumsum([0] + [len(p) for p in points])
    return Peaks(np.concatenate(points), np.ones(first[-1]), first)


def found(*arguments, **options):
    """The accepted candidates as {(limb, a, b): affinity}."""
    rows, affinities = candidate_limbs(*arguments, **options)
    return dict(zip(map(tuple, rows.tolist()), affinities.tolist()))


@st.composite
def peaks_and_fields(draw):
    """Up to four peaks per keypoint, some on or outside the border, on fields of TRIANGLE."""
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    fields = draw(arrays(np.float32, (6, height, width), elements=st.sampled_from([0.5, 1, -1])))
    lattice = st.tuples(st.integers(-2, 4 * width), st.integers(-2, 4 * height))
    points = [draw(st.lists(lattice, max_size=4)) for _ in range(3)]
    return peaks_at(*(np.array(p, float) / 4 for p in points)), fields


limits = st.tuples(
    st.sampled_from([0.05, -0.25]), st.sampled_from([0.0, 0.4]), st.sampled_from([1.5, np.inf])
)


@given(peaks_and_fields(), st.integers(2, 9), limits)
def test_candidates_match_the_reference(case, num_samples, limits):
    got = found(*case, TRIANGLE, num_samples, limits)
    expected = reference.candidate_limbs(*case, TRIANGLE, num_samples, limits)
    expected = {(i, *pair): a for i, row in enumerate(expected) for pair, a in row.items()}
    certain = {row for row in expected if expected[row] > 1e-9}  # rounding may accept a sum of 0
    assert certain <= got.keys() and all(got[row] < 1e-9 for row in got.keys() - expected.keys())
    for row in certain:
        np.testing.assert_allclose(got[row], expected[row], atol=1e-6)


def test_a_long_candidate_is_pruned_by_the_short_ones_that_share_an_end():
    field = np.zeros((2, 5, 40), np.float32)
    field[0] = 1.0
    start, near, far, tiny = (2, 2), (6, 2), (30, 2), (2.5, 2)
    alone = found(peaks_at([start], [far]), field, LIMB)
    assert list(alone) == [(0, 0, 1)] and alone[0, 0, 1] < 0.2  # nothing prunes it
    both = peaks_at([start], [near, far])  # at 4 and at 28 pixels
    assert list(found(both, field, LIMB, limits=(0.05, 0.8, 6.0))) == [(0, 0, 1)]
    assert list(found(both, field, LIMB, limits=(0.05, 0.8, 7.0))) == [(0, 0, 1), (0, 0, 2)]
    half = peaks_at([start], [tiny, far])  # half a pixel prunes nothing
    assert len(found(half, field, LIMB)) == 2
    ends = peaks_at([start, (26, 2)], [far])  # the short candidate shares the other end
    assert list(found(ends, field, LIMB, limits=(0.05, 0.8, 6.0))) == [(0, 1, 2)]


def test_all_candidates_are_listed_even_beyond_the_first_capacity():
    rng = np.random.default_rng(0)
    peaks = peaks_at(rng.uniform(0, 8, (20, 2)), rng.uniform(0, 8, (20, 2)))
    field = np.ones((2, 9, 9), np.float32)
    expected = reference.candidate_limbs(peaks, field, LIMB, 2)[0]
    assert {row[1:] for row in found(peaks, field, LIMB, 2)} == set(expected)
    assert len(expected) > 4 * 40


def cost(peaks, field, max_length_ratio):
    """How many pairs and samples are looked at."""
    bins = candidates._sort_into_bins(peaks, field.shape[1:])
    counts = np.zeros(2, np.int64)
    found = candidates._Candidates(np.empty((10**5, 3), np.int64), np.empty(10**5), counts)
    limits, steps = candidates.Limits(max_length_ratio=max_length_ratio), candidates._steps(10)
    candidates._score(field, LIMB.limbs_and_channels, peaks.first, bins, steps, limits, found)
    return counts[1]


def test_the_cost_of_a_crowd_grows_with_its_number_and_without_pruning_with_the_square():
    costs = []
    for side in (8, 16):  # side^2 limbs of 4 pixels, 16 pixels apart
        starts = 4 + 16.0 * np.stack(np.meshgrid(range(side), range(side)), -1).reshape(-1, 2)
        ends, size = starts + (4, 0), (16 * side, 16 * side)
        field = paf_fields(np.stack([starts, ends], axis=1), LIMB, size)
        costs.append([cost(peaks_at(starts, ends), field, ratio) for ratio in (8.0, np.inf)])
    pruned, unpruned = np.divide(*costs[::-1])
    assert 4 < pruned < 5 and 14 < unpruned <= 16


@pytest.mark.skipif(not COMPILES, reason="millions of pairs are looked at")
@pytest.mark.parametrize("value, side", [(0, 3000), (1, 1500)])
def test_too_many_pairs_or_candidates_are_refused(value, side):
    rng = np.random.default_rng(0)
    peaks = peaks_at(*rng.uniform(0, 99, (2, side, 2)))
    field = np.full((2, 100, 100), value, np.float32)
    with pytest.raises(ValueError, match=f"^peaks: expected at most .* got more for {2 * side}"):
        candidate_limbs(peaks, field, LIMB, limits=(0.05, 0.0, np.inf))


def test_a_limb_longer_than_half_the_map_has_a_lower_affinity():
    person = np.array([[(0, 5), (20, 5)]], float)
    field = paf_fields(person, LIMB, (11, 21))
    affinity = found(peaks_at(*person[0][:, None]), field, LIMB)[0, 0, 1]
    np.testing.assert_allclose(affinity, 1 + 0.5 * 11 / 20 - 1, atol=1e-6)


def test_a_limb_of_zero_length_is_accepted_at_the_sample_threshold():
    zeros = np.zeros((2, 8, 8), np.float32)
    assert found(peaks_at([(3, 3)], [(3, 3)]), zeros, LIMB) == {(0, 0, 1): 0.05}


def test_a_limb_shorter_than_a_pixel_is_accepted_after_all_that_the_field_supports():
    field = np.zeros((2, 9, 20), np.float32)
    start, tiny, against = (3, 3), (3.6, 3.3), (2.4, 3.3)
    assert found(peaks_at([start], [tiny]), field, LIMB) == {(0, 0, 1): 0.05}
    assert found(peaks_at([start], [(4.1, 3)]), field, LIMB) == {}
    field[0] = 1.0
    both = found(peaks_at([start], [against, (12, 3)]), field, LIMB)
    assert both[0, 0, 1] == 0.05 < both[0, 0, 2]


def test_no_peaks_give_no_candidates():
    assert found(peaks_at([], [(1, 1)]), np.ones((2, 8, 8), np.float32), LIMB) == {}


def test_one_kernel_serves_every_kind_of_limits():
    peaks, field = peaks_at([(1, 1)], [(5, 1)]), np.ones((2, 8, 8), np.float32)
    for limits in ((0, 0, 1), (0.05, 0.8, np.inf), np.array([0.1, 0.8, 8.0])):
        candidate_limbs(peaks, field, LIMB, limits=limits)
    assert len(getattr(candidates._score, "signatures", [0])) == 1


@pytest.mark.parametrize(
    "peaks, field, message",
    [
        (peaks_at([(1, 1)], [(9.5, 1)]), np.ones((2, 8, 8)), r"peaks.points\[1\]: expected"),
        (peaks_at([(0, 0)], [(0, 0)]), np.ones((2, 0, 8)), r"peaks.points\[0\]: expected"),
        (peaks_at([(1, 1)]), np.ones((2, 8, 8)), r"peaks.first: expected shape \(3\)"),
        (peaks_at([(1, 1)], []), np.ones((1, 8, 8)), "pafs: expected at least 2 channels for LIMB"),
        (peaks_at([(1, 1)], []), np.ones((2, 8)), r"pafs: expected shape \(C, H, W\)"),
    ],
)
def test_peaks_or_fields_that_do_not_fit_are_named(peaks, field, message):
    with pytest.raises(ValueError, match=message):
        candidate_limbs(peaks, field, LIMB)
