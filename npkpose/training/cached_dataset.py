"""Scenes that are made once and kept, because making one takes as long as learning from it.

Twenty thousand scenes of 128x128 take one gigabyte. Each is used many times, with another
augmentation every time; after about ten times a small network begins to overfit them.
"""


from npkpose.data.fingerprint import fingerprint_of


class CachedDataset:
    """The first ``num_scenes`` scenes of a data set, each kept in memory after its first use.

    Do not change a scene that you get: the next caller gets the same arrays.

    Parameters
    ----------
    dataset : sequence of Scene, with a ``skeleton``
    num_scenes : int
        At most this many; all of a shorter data set.
    """

    def __init__(self, dataset, num_scenes):
        self.dataset, self.skeleton = dataset, dataset.skeleton
        self.num_scenes = min(num_scenes, len(dataset))
        self._kept = {}

    @property
    def fingerprint(self):
        """Which data set this is; see `npkpose.data.fingerprint`."""
        return f"the first {self.num_scenes} of {fingerprint_of(self.dataset)}"

    def __len__(self):
        return self.num_scenes

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last."""
        if not 0 <= i < self.num_scenes:
            raise IndexError(f"i: expected 0 to {self.num_scenes - 1}, got {i}")
        if i not in self._kept:
            self._kept[i] = self.dataset[i]
        return self._kept[i]
