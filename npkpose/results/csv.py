"""The CSV table of `npkpose.io.csv_table`, with two columns more: time and track.

time is in seconds, and empty for photographs; track is the identity of a tracked person, the same
in all frames.
"""

import csv

from npkpose.io.csv_table import COLUMNS, image_lines


class CsvFile:
    """Write a line for each keypoint to ``path``."""

    def __init__(self, path, skeleton, tracked=False):
        self._skeleton, self._tracked, self._instances = skeleton, tracked, 0
        self._file = open(path, "w", encoding="utf-8", newline="")
        self._lines = csv.writer(self._file)
        self._lines.writerow([*COLUMNS, "time", "track"])

    def add(self, image, poses):
        """Write the people of an image."""
        labels = image.labels(poses, self._skeleton)
        time = "" if image.time is None else repr(image.time)
        for n, cells in image_lines(labels, 0, self._instances):
            track = "" if n is None or not self._tracked else int(poses.ids[n])
            self._lines.writerow([*cells, time, track])
        self._instances += len(poses)

    def close(self):
        """Complete the file."""
        self._file.close()
