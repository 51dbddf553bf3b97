import itertools

import numpy as np
import pytest

from npkpose.metrics.distances.clear_mot import MotCounts, clear_mot, nearest_pairs

NAN = float("nan")


def best_by_trying(distances):
    """Return how many pairs there can be, and their smallest sum, by trying all."""
    G, D = distances.shape
    best = 0, 0.0
    for columns in itertools.permutations([*range(D), *[-1] * G], G):
        chosen = [distances[g, d] for g, d in enumerate(columns) if d >= 0]
        if not any(np.isnan(chosen)):
            best = min(best, (-len(chosen), float(sum(chosen))))
    return -best[0], best[1]


def test_as_many_pairs_as_possible_with_the_smallest_sum(rng):
    for _ in range(100):
        distances = rng.integers(0, 9, rng.integers(1, 4, 2)) / 8
        distances[rng.random(distances.shape) < 0.4] = NAN
        pairs = nearest_pairs(distances)
        assert len({g for g, _ in pairs}) == len({d for _, d in pairs}) == len(pairs)
        total = sum(distances[pair] for pair in pairs)
        assert (len(pairs), pytest.approx(total)) == best_by_trying(distances)


def test_an_object_keeps_its_hypothesis_although_another_one_is_nearer():
    frames = [
        (["a"], [1], np.array([[0.0]])),
        (["a"], [1, 2], np.array([[0.4, 0.0]])),
        (["a"], [2], np.array([[0.1]])),
        (["a"], [], np.empty((1, 0))),
        (["a"], [2], np.array([[0.3]])),
    ]
    counts = clear_mot(frames)
    assert counts[:5] == (1, 1, 1, 4, 5) and counts.distance == pytest.approx(0.8)
    assert counts.mota == pytest.approx(1 - 3 / 5) and counts.motp == pytest.approx(0.8)
    assert counts.precision == 4 / 5 and counts.recall == 4 / 5


def test_nothing_has_no_score_and_counts_add_up():
    nothing = clear_mot([])
    assert np.isnan([nothing.mota, nothing.precision, nothing.recall]).all() and nothing.motp == 0
    assert MotCounts(1, 2, 3, 4, 5, 0.5) + MotCounts(objects=1) == (1, 2, 3, 4, 6, 0.5)
