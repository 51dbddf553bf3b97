"""Scenes that are made once and kept: making one takes as long as learning from it.

Twenty thousand scenes of 128x128 are one gigabyte. They come by many times, turned and mirrored
differently, and after ten times a small network begins to know them by heart.
"""


class Remember:
    """A data set's first ``num_scenes`` scenes, each kept from when it was first asked for.

    Scenes must not be changed by whoever gets them. ``dataset`` is a sequence of `Scene` with a
    ``skeleton``, of which fewer are kept where it has fewer.
    """

    def __init__(self, dataset, num_scenes):
        self.dataset, self.skeleton = dataset, dataset.skeleton
        self.num_scenes = min(num_scenes, len(dataset))
        self._kept = {}

    def __len__(self):
        return self.num_scenes

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last."""
        if not 0 <= i < self.num_scenes:
            raise IndexError(f"i: expected 0 to {self.num_scenes - 1}, got {i}")
        if i not in self._kept:
            self._kept[i] = self.dataset[i]
        return self._kept[i]
