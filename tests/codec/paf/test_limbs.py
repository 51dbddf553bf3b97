import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import Peaks, Skeleton, paf_fields
from npkpose.codec.paf.limbs import _by_falling_affinity, connect_limbs
from npkpose.reference.codec.paf import limbs as reference

TRIANGLE = Skeleton("TRIANGLE", ("a", "b", "c"), ((0, 1), (1, 2), (2, 0)))
LIMB = Skeleton("LIMB", ("a", "b"), ((0, 1),))


def peaks_at(*points_of_each_keypoint):
    """Peaks of score 1 at the given points, one list for each keypoint."""
    points = [np.reshape(points, (-1, 2)).astype(float) for points in points_of_each_keypoint]
    first = np.cumsum([0] + [len(p) for p in points])
    return Peaks(np.concatenate(points), np.ones(first[-1]), first)


@st.composite
def peaks_and_fields(draw):
    """Up to three peaks per keypoint, some on or outside the border, on fields of TRIANGLE."""
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    fields = draw(arrays(np.float32, (6, height, width), elements=st.sampled_from([0, 0.5, 1, -1])))
    lattice = st.tuples(st.integers(-2, 4 * width), st.integers(-2, 4 * height))
    points = [draw(st.lists(lattice, max_size=3)) for _ in range(3)]
    return peaks_at(*(np.array(p, float) / 4 for p in points)), fields


SETTINGS = {
    "limits": st.tuples(
        st.sampled_from([0.05, -0.25]), st.sampled_from([0.5, 0.8]), st.sampled_from([1.5, np.inf])
    ),
    "matching": st.sampled_from(["greedy", "optimal"]),
}


@given(peaks_and_fields(), st.integers(2, 9), st.fixed_dictionaries(SETTINGS))
def test_connections_match_the_reference(case, num_samples, settings):
    peaks, fields = case
    got = connect_limbs(peaks, fields, TRIANGLE, num_samples, **settings)
    expected = reference.connect_limbs(peaks, fields, TRIANGLE, num_samples, **settings)
    sums = np.zeros((2, 3))
    np.add.at(sums[0], got.limbs, got.affinities)
    np.add.at(sums[1], [row[0] for row in expected], [row[3] for row in expected])
    np.testing.assert_allclose(*sums, atol=1e-6)
    if settings["matching"] == "greedy":
        np.testing.assert_allclose(got.affinities, [row[3] for row in expected], atol=1e-6)
        if len(set(np.round([row[3] for row in expected], 5))) == len(expected):  # no near ties
            found = [(x, *p) for x, p in zip(got.limbs, got.pairs.tolist())]
            assert found == [row[:3] for row in expected]


@given(peaks_and_fields(), st.sampled_from(["greedy", "optimal"]))
def test_no_peak_has_two_limbs_of_one_type_and_affinities_fall(case, matching):
    limbs, pairs, affinities = connect_limbs(*case, TRIANGLE, matching=matching)
    for ends in pairs.T:
        assert len({*zip(limbs, ends)}) == len(limbs)
    assert (np.diff(affinities) <= 0).all()


def test_crossing_limbs_are_connected_along_their_fields():
    people = np.array([[(2, 2), (12, 12)], [(12, 2), (2, 12)]], float)
    peaks = peaks_at(people[:, 0], people[:, 1])
    connections = connect_limbs(peaks, paf_fields(people, LIMB, 15), LIMB)
    assert connections.pairs.tolist() == [[0, 2], [1, 3]]
    assert (connections.affinities > 0.9 - 0.5).all()


def test_no_peaks_give_no_connections():
    connections = connect_limbs(peaks_at([], [(1, 1)]), np.ones((2, 8, 8), np.float32), LIMB)
    assert connections.pairs.shape == (0, 2) and connections.limbs.shape == (0,)


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3, st.integers(1, 5)), max_size=40, unique=True))
def test_equal_affinities_are_ordered_by_limb_and_ends(rows):
    rows = np.array(rows, np.int64).reshape(-1, 4)
    order = _by_falling_affinity(rows[:, :3], rows[:, 3] / 8)
    assert rows[order].tolist() == sorted(rows.tolist(), key=lambda r: (-r[3], *r[:3]))
