import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import Peaks, Skeleton
from npkpose.codec.paf.assemble import assemble
from npkpose.codec.paf.limbs import Connections
from npkpose.reference.codec.paf import assemble as reference

CHAIN = Skeleton("CHAIN", tuple("abcd"), ((0, 1), (1, 2), (2, 3), (3, 0)), redundant_limbs=(3,))


def peaks_of(*counts):
    first = np.cumsum([0, *counts])
    return Peaks(np.zeros((first[-1], 2)), np.ones(first[-1]), first)


def connections_of(*rows):
    """Connections of (limb, a, b, affinity), by falling affinity as from `connect_limbs`."""
    rows = sorted(rows, key=lambda row: -row[3])
    limbs, a, b, affinities = zip(*rows) if rows else ((), (), (), ())
    pairs = np.array([a, b], dtype=np.int64).T.reshape(-1, 2)
    return Connections(np.array(limbs, np.int64), pairs, np.array(affinities, float))


@st.composite
def scenes(draw):
    """Peaks of CHAIN and, for each limb, pairs that use no peak twice."""
    counts = [draw(st.integers(0, 4)) for _ in range(4)]
    peaks, rows = peaks_of(*counts), []
    for limb, (a, b) in enumerate(CHAIN.limbs):
        order = draw(st.permutations(range(counts[b])))
        for i in range(min(counts[a], counts[b])):
            if draw(st.booleans()):
                affinity = draw(st.integers(1, 6)) / 8
                rows.append((limb, peaks.first[a] + i, peaks.first[b] + order[i], affinity))
    return peaks, connections_of(*rows)


@given(scenes())
def test_people_match_the_reference(scene):
    for got, expected in zip(assemble(*scene, CHAIN), reference.assemble(*scene, CHAIN)):
        np.testing.assert_allclose(got, expected, atol=1e-12)


@given(scenes())
def test_every_peak_belongs_to_exactly_one_person_and_no_person_has_a_keypoint_twice(scene):
    members, _ = assemble(*scene, CHAIN)
    assert sorted(members[members >= 0]) == list(range(len(scene[0].points)))
    first = scene[0].first
    for k in range(4):
        own = members[:, k][members[:, k] >= 0]
        assert ((own >= first[k]) & (own < first[k + 1])).all()


def test_two_halves_become_one_person_when_a_limb_joins_them():
    connections = connections_of((0, 0, 1, 0.9), (2, 2, 3, 0.8), (1, 1, 2, 0.1))
    members, affinities = assemble(peaks_of(1, 1, 1, 1), connections, CHAIN)
    assert members.tolist() == [[0, 1, 2, 3]]
    np.testing.assert_allclose(affinities, [1.8])


def test_peak_number_0_is_joined_like_any_other_peak():
    members, _ = assemble(peaks_of(1, 1, 0, 0), connections_of((0, 0, 1, 0.5)), CHAIN)
    assert members.tolist() == [[0, 1, -1, -1]]


def test_a_connection_that_would_repeat_a_keypoint_is_dropped_and_the_highest_affinity_decides():
    # Two people, peaks 0, 2, 4, 6 and 1, 3, 5, 7, whose limbs agree.
    rows = [(0, 0, 2, 0.9), (0, 1, 3, 0.9), (1, 2, 4, 0.3), (1, 3, 5, 0.8), (3, 6, 0, 0.7)]
    rows += [(2, 4, 6, 0.6), (2, 5, 7, 0.2)]
    members, _ = assemble(peaks_of(2, 2, 2, 2), connections_of(*rows), CHAIN)
    assert members.tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    rows.append((1, 2, 5, 1.0))  # the highest: peak 5 joins the first person, not 4
    members, _ = assemble(peaks_of(2, 2, 2, 2), connections_of(*rows), CHAIN)
    assert members[0].tolist()[:3] == [0, 2, 5] and members[1].tolist()[:2] == [1, 3]


def test_a_redundant_limb_never_starts_a_person_but_may_extend_one():
    alone = assemble(peaks_of(1, 0, 0, 1), connections_of((3, 1, 0, 0.9)), CHAIN)[0]
    assert alone.tolist() == [[0, -1, -1, -1], [-1, -1, -1, 1]]
    rows = [(3, 2, 0, 0.9), (0, 0, 1, 0.2)]
    assert assemble(peaks_of(1, 1, 0, 1), connections_of(*rows), CHAIN)[0].tolist() == [
        [0, 1, -1, 2]
    ]


def test_no_peaks_give_empty_arrays():
    members, affinities = assemble(peaks_of(0, 0, 0, 0), connections_of(), CHAIN)
    assert members.shape == (0, 4) and affinities.shape == (0,)


@pytest.mark.parametrize(
    "row, message",
    [
        ((0, 0, 2, 0.5), "connections.pairs: expected 0 up to 1"),
        ((0, -1, 1, 0.5), "connections.pairs: expected 0 up to 1"),
        ((4, 0, 1, 0.5), "connections.limbs: expected 0 up to 3"),
    ],
)
def test_connections_of_peaks_or_limbs_that_do_not_exist_are_refused(row, message):
    with pytest.raises(ValueError, match=message):
        assemble(peaks_of(1, 1, 0, 0), connections_of(row), CHAIN)
