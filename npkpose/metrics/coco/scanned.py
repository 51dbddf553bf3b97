"""COCO's JSON as `scan` reads it, with the methods of `Entries`.

Nothing here has a message: what only `json` can read, or only a message can answer, raises
`UnusualJson`, and `read_json` begins again with parsed JSON.
"""

import json

import numpy as np

from npkpose.io.entries import Entries
from npkpose.metrics.coco.scan import (
    FIELDS,
    IDS,
    MISSING,
    NUMBERS,
    OTHER,
    USUAL,
    Columns,
    UnusualJson,
    scan_entries,
    scan_object,
    skip_space,
    skip_value,
)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def scan_ground_truth(name, data, num_keypoints, only_ids=True):
    """Return the lists of an annotation file by name: images, annotations, and categories.

    Parameters
    ----------
    name : str
        Of the file, in messages.
    data : ndarray of uint8
        Ends with a 0.
    num_keypoints : int
    only_ids : bool
        Read only the ids of images; else all of their fields, by `json`.
    """

    def parsed(at):
        end = skip_value(data, at)
        return json.loads(data[at:end].tobytes()), end

    readers = {
        "images": (lambda at: scan_entries(data, at, num_keypoints, False)) if only_ids else parsed,
        "annotations": lambda at: scan_entries(data, at, num_keypoints, True),
        "categories": parsed,
    }
    values, end = scan_object(data, _start(data), readers)
    _check_end(data, end)
    if len(values) < len(readers):
        raise UnusualJson
    kinds = ScannedEntries if only_ids else Entries, ScannedEntries, Entries
    return {
        field: kind(f"{name}: {field}", values[field]) for field, kind in zip(readers, kinds)
    }


def scan_results(name, data, num_keypoints):
    """Return the entries of a results file; see `scan_ground_truth`."""
    columns, end = scan_entries(data, _start(data), num_keypoints, False)
    _check_end(data, end)
    return ScannedEntries(name, columns)


def _start(data):
    has_mark = data[:3].tobytes() == _BYTE_ORDER_MARK
    return skip_space(data, 3 if has_mark else 0)


def _check_end(data, at):
    if skip_space(data, at) != len(data) - 1:
        raise UnusualJson


class ScannedEntries:
    """A list of JSON objects as `Columns`, read one field at a time like `Entries`."""

    def __init__(self, name, columns, positions=None):
        self.name, self._columns = name, columns
        self.positions = np.arange(len(self)) if positions is None else positions

    def __len__(self):
        return len(self._columns.state)

    def at(self, indices):
        """Return the entries at these indices."""
        if len(indices) == len(self):
            return self
        *entries, points, visibility = self._columns
        columns = Columns(*(column[indices] for column in entries), points, visibility)
        return ScannedEntries(self.name, columns, self.positions[indices])

    def have_boxes(self):
        """Return whether the first entry has a box."""
        if not len(self):
            return False
        box, segmentation = self._state("bbox")[0], self._state("segmentation")[0]
        if box == OTHER or box == MISSING != segmentation:
            raise UnusualJson
        return box == USUAL

    def ids(self, field):
        """Return ids (N,), int64."""
        self._check(field)
        return self._columns.ids[:, IDS.index(field)]

    def numbers(self, field):
        """Return numbers (N,), which may be infinite."""
        self._check(field)
        return self._columns.numbers[:, NUMBERS.index(field)]

    def counts(self, field):
        """Return finite numbers (N,)."""
        counts = self.numbers(field)
        if not np.isfinite(counts).all():
            raise UnusualJson
        return counts

    def boxes(self):
        """Return x, y, width, height (N, 4)."""
        self._check("bbox")
        return self._columns.boxes

    def keypoints(self, skeleton, listed=(), may_be_empty=None):
        """Return (x, y) of keypoints (N, K, 2), and their third number (N, K)."""
        self._check("keypoints")
        _, _, _, row, _, points, visibility = self._columns
        if len(row) == len(points):  # then row is 0, 1, 2, ...
            return points, visibility
        return points[row], visibility[row] if len(visibility) == len(points) else visibility

    def _state(self, field):
        return self._columns.state[:, FIELDS.index(field)]

    def _check(self, field):
        if not (self._state(field) == USUAL).all():
            raise UnusualJson
