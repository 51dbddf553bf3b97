import itertools

import numpy as np
import pytest

from npkpose.metrics.distances import IdentityCounts, clear_mot, identity_scores


def frame(objects, hypotheses, pairs):
    """Return one frame in which ``pairs`` are near."""
    distances = np.full((len(objects), len(hypotheses)), np.nan)
    for g, d in pairs:
        distances[objects.index(g), hypotheses.index(d)] = 0.25
    return list(objects), list(hypotheses), distances


def random_frames(rng, count=12):
    """Return frames of up to three objects and four hypotheses."""
    frames = []
    for _ in range(count):
        objects, hypotheses = (rng.permutation(n)[: rng.integers(n + 1)].tolist() for n in (3, 4))
        distances = rng.random((len(objects), len(hypotheses)))
        distances[rng.random(distances.shape) < 0.4] = np.nan
        frames.append((objects, hypotheses, distances))
    return frames


def test_an_identity_that_changes_half_way_has_half_the_score():
    frames = [frame("a", [1], [("a", 1)])] * 3 + [frame("a", [2], [("a", 2)])] * 3
    counts = identity_scores(frames)
    assert counts == (3, 3, 3)
    assert counts.idf1 == counts.precision == counts.recall == 0.5


def test_two_people_who_exchange_their_identities_worked_by_hand():
    before = frame("ab", [1, 2], [("a", 1), ("b", 2)])
    after = frame("ab", [1, 2], [("a", 2), ("b", 1)])
    missed = frame("ab", [1], [("a", 1)])
    counts = identity_scores([before] * 4 + [missed] + [after] * 2)
    assert counts == (9, 13 - 9, 14 - 9)
    assert counts.idf1 == pytest.approx(18 / 27)
    assert counts + counts == (18, 8, 10)


def test_the_best_of_all_matchings_is_taken(rng):
    for _ in range(20):
        frames = random_frames(rng)
        best = max(
            sum(
                np.isfinite(distances[objects.index(g), hypotheses.index(d)])
                for objects, hypotheses, distances in frames
                for g, d in enumerate(columns) if g in objects and d in hypotheses
            )
            for columns in itertools.permutations(range(4), 3)
        )  # fmt: skip
        assert identity_scores(frames).true_positives == best


def test_the_scores_are_those_of_motmetrics(rng):
    motmetrics = pytest.importorskip("motmetrics")
    for _ in range(5):
        frames, oracle = random_frames(rng, 30), motmetrics.MOTAccumulator(auto_id=True)
        for each in frames:
            oracle.update(*each)
        names = ["idf1", "idtp", "idfp", "idfn", "num_switches"]
        expected = motmetrics.metrics.create().compute(oracle, metrics=names).iloc[0].tolist()
        counts = identity_scores(frames)
        assert [counts.idf1, *counts, clear_mot(frames).switches] == pytest.approx(expected)


def test_nothing_has_no_score():
    assert identity_scores([]) == IdentityCounts() and np.isnan(identity_scores([]).idf1)
    assert identity_scores([frame("a", [], [])]).idf1 == 0
