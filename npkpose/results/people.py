"""npkpose's own JSON of a video, of the form that `npkpose.io.people_json` reads.

Each frame is one line.
"""

import json


class PeopleFile:
    """Write the people of frames to ``path``; ``name`` is the video's."""

    def __init__(self, path, skeleton, name, tracked=False):
        self._tracked = bool(tracked)
        self._skeleton, self._name, self._lines = skeleton, name, 0
        self._file = open(path, "w", encoding="utf-8")

    def add(self, image, poses):
        """Write the people of a frame, whose id is its number."""
        if not self._lines:
            self._write_head(image)
        people = poses.to_dict(self._skeleton)["people"]
        frame = {"index": image.id, "time": image.time, "people": people}
        self._file.write((",\n" if self._lines else "\n") + json.dumps(frame))
        self._lines += 1

    def close(self):
        """Complete the file."""
        if not self._lines:
            self._write_head(None)
        self._file.write("\n]}\n")
        self._file.close()

    def _write_head(self, image):
        size = {} if image is None else {"width": image.width, "height": image.height}
        head = {"video": self._name, "skeleton": self._skeleton.name, **size}
        head |= {"tracked": self._tracked, "frames": []}
        self._file.write(json.dumps(head).removesuffix("]}"))
