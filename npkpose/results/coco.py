"""COCO results: a list with an entry for each person, in one file for all images.

A tracked person has "track_id", an integer that is the same in all images.
"""

import json


class CocoFile:
    """Write people to ``path``; ``skeleton`` is theirs, ``target`` that of the file."""

    def __init__(self, path, skeleton, target, tracked=False):
        self._plans, self._tracked = (skeleton, target), tracked
        self._file, self._separator = open(path, "w", encoding="utf-8"), "["

    def add(self, image, poses):
        """Write the people of an image."""
        entries = poses.convert(*self._plans).to_coco(image.id)
        for entry, identity in zip(entries, poses.ids.tolist()):
            if self._tracked:
                entry["track_id"] = identity
            self._file.write(self._separator + json.dumps(entry))
            self._separator = ", "

    def close(self):
        """Complete the file."""
        self._file.write("]\n" if self._separator == ", " else "[]\n")
        self._file.close()
