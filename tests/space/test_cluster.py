import numpy as np
import pytest

from npkpose.space.cluster import cluster


def by_definition(distances, support, in_view, max_distance):
    """The same with every pair of groups looked at in every step."""
    groups = [[n] for n in range(len(distances))]

    def value(a, b):
        pairs = [(i, j) for i in a for j in b if not np.isnan(distances[i, j])]
        if not pairs or (in_view[a].any(axis=0) & in_view[b].any(axis=0)).any():
            return -np.inf
        is_near = np.mean([distances[p] for p in pairs]) <= max_distance
        return np.mean([support[p] for p in pairs]) if is_near else -np.inf

    while True:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
        values = [value(groups[i], groups[j]) for i, j in pairs]
        if not values or max(values) == -np.inf:
            return groups
        i, j = pairs[int(np.argmax(values))]
        groups[i] += groups.pop(j)


def random_table(seed, N, V):
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, 9, (N, N)) / 2.0
    distances[rng.random((N, N)) < 0.2] = np.nan
    support = rng.integers(0, 5, (N, N)) / 1.0  # many ties
    upper = np.triu(np.ones((N, N), bool))
    distances, support = (np.where(upper, table, table.T) for table in (distances, support))
    return distances, support, rng.integers(V, size=N)[:, None] == np.arange(V)


@pytest.mark.parametrize("seed", range(40))
def test_groups_are_those_of_the_definition(seed):
    table = random_table(seed, 4 + seed % 17, 2 + seed % 4)
    found = [group for _, group in cluster(*table, 3.0)]
    assert found == by_definition(*table, 3.0)


def test_four_detections_worked_by_hand():
    # 0, 1 and 3 are of different views; 2 is nearer to 0 than 1 is, with less support.
    distances = np.array([[0, 5, 1, 4], [5, 0, 9, 6], [1, 9, 0, 1], [4, 6, 1, 0.0]])
    np.fill_diagonal(distances, np.nan)
    support = np.array([[0, 8, 2, 6], [8, 0, 1, 6], [2, 1, 0, 2], [6, 6, 2, 0.0]])
    in_view = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], bool)
    groups = cluster(distances, support, in_view, 5)
    assert [group for _, group in groups] == [[0, 1, 3], [2]]
    assert groups[0][0] == 5 and groups[1][0] == 0
    assert [group for _, group in cluster(distances, support, in_view, 4)] == [[0, 3, 2], [1]]
    assert cluster(np.empty((0, 0)), np.empty((0, 0)), np.empty((0, 3), bool), 5) == []


def test_the_work_grows_as_the_square_of_the_detections(monkeypatch):
    from npkpose.space.cluster import PairTable

    counts, look = {}, PairTable.mean_support

    def counted(self, i, max_distance):
        counts[len(self.count)] = counts.get(len(self.count), 0) + 1
        return look(self, i, max_distance)

    monkeypatch.setattr(PairTable, "mean_support", counted)
    for N in (100, 200, 400):
        rng, who = np.random.default_rng(0), np.arange(N) // 4
        distances = np.where(who[:, None] == who, 1.0, 20.0) + rng.random((N, N))
        distances = (distances + distances.T) / 2
        cluster(distances, 1 / distances, np.arange(N)[:, None] % 4 == np.arange(4), 15)
    assert counts[400] < 2.5 * counts[200] < 6 * counts[100]  # rows of N numbers
