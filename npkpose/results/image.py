"""The class `Image`: what is written about an image beside its people."""

from typing import NamedTuple

import numpy as np

from npkpose.io.labels import ImageEntry, Labels


class Image(NamedTuple):
    """An image's id, an integer or text; its name; its size in pixels; its time in seconds."""

    id: int | str
    name: str
    width: int
    height: int
    time: float | None = None

    def labels(self, poses, skeleton, tracked=False):
        """Return the people in the image as `Labels`; with ``tracked``, ids are identities."""
        entry = ImageEntry(self.id, self.name, self.width, self.height)
        fields = {"track_ids": poses.ids} if tracked else {}
        return Labels(
            skeleton, [entry], np.zeros(len(poses), int), poses.keypoints, scores=poses.scores,
            instance_scores=poses.person_scores, fields=fields,
        )  # fmt: skip
