import numpy as np
import pytest

from npkpose.data.people import SyntheticPeople
from npkpose.training.cached_dataset import CachedDataset


class Counted:
    """Synthetic people that list the scenes they made, in order."""

    def __init__(self):
        self.people, self.made = SyntheticPeople(5, 1, 32), []
        self.skeleton = self.people.skeleton

    def __len__(self):
        return len(self.people)

    def __getitem__(self, i):
        self.made.append(i)
        return self.people[i]


def test_each_scene_is_made_once_and_equals_the_data_sets():
    dataset = Counted()
    kept = CachedDataset(dataset, 3)
    assert len(kept) == 3 and kept.skeleton is dataset.skeleton
    for i in (2, 0, 2, 0):
        np.testing.assert_array_equal(kept[i].image, dataset.people[i].image)
    assert dataset.made == [2, 0]


def test_a_shorter_data_set_is_kept_whole():
    kept = CachedDataset(Counted(), 9)
    assert len(kept) == 5
    for i in (-1, 5):
        with pytest.raises(IndexError, match="i: expected 0 to 4"):
            kept[i]
