"""COCO's JSON as `scan` reads it, with the methods of `Entries`.

Nothing here has a message: what only `json` can read, or only a message can answer, raises
`UnusualJson`, and `read_json` begins again with parsed JSON.
"""

import json

import numpy as np

from npkpose.io.entries import Entries
from npkpose.metrics.coco.scan import (
    IDS,
    MISSING,
    OTHER,
    USUAL,
    Columns,
    UnusualJson,
    field_names,
    scan_entries,
    scan_object,
    skip_space,
    skip_value,
)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def scan_ground_truth(name, data, parts, only_ids=True):
    """Return the lists of an annotation file by name: images, annotations, and categories.

    Parameters
    ----------
    name : str
        Of the file, in messages.
    data : ndarray of uint8
        Ends with a 0.
    parts : int, or sequence of (str, int)
        Number of keypoints; or the fields that hold them, and how many each.
    only_ids : bool
        Read only the ids of images, and their crowdIndex; else all of their fields, by `json`.
    """

    def columns(parts, visibility, more_numbers=()):
        return lambda at: _scan(data, at, parts, visibility, more_numbers)

    def parsed(at):
        end = skip_value(data, at)
        return json.loads(data[at:end].tobytes()), end

    readers = {
        "images": columns(1, False, ("crowdIndex",)) if only_ids else parsed,
        "annotations": columns(parts, True),
        "categories": parsed,
    }
    values, end = scan_object(data, _start(data), readers)
    _check_end(data, end)
    if len(values) < len(readers):
        raise UnusualJson
    return {field: _as_entries(f"{name}: {field}", values[field]) for field in readers}


def scan_results(name, data, parts, third=False, more_numbers=()):
    """Return the entries of a results file; ``third`` keeps the third number of keypoints."""
    (columns, fields), end = _scan(data, _start(data), parts, third, more_numbers)
    _check_end(data, end)
    return ScannedEntries(name, columns, fields)


def _scan(data, at, parts, visibility, more_numbers):
    """Return the columns and the fields of the list at ``at``, and where it ends."""
    parts = (("keypoints", parts),) if isinstance(parts, int) else parts
    count = sum(count for _, count in parts)
    columns, end = scan_entries(data, at, count, visibility, parts, more_numbers)
    return (columns, field_names(parts, more_numbers)), end


def _as_entries(name, value):
    return ScannedEntries(name, *value) if isinstance(value, tuple) else Entries(name, value)


def _start(data):
    has_mark = data[:3].tobytes() == _BYTE_ORDER_MARK
    return skip_space(data, 3 if has_mark else 0)


def _check_end(data, at):
    if skip_space(data, at) != len(data) - 1:
        raise UnusualJson


class ScannedEntries:
    """A list of JSON objects as `Columns`, read one field at a time like `Entries`."""

    def __init__(self, name, columns, fields, positions=None):
        self.name, self._columns, self._fields = name, columns, fields
        self.positions = np.arange(len(self)) if positions is None else positions

    def __len__(self):
        return len(self._columns.state)

    def at(self, indices):
        """Return the entries at these indices."""
        if len(indices) == len(self):
            return self
        *entries, points, visibility = self._columns
        columns = Columns(*(column[indices] for column in entries), points, visibility)
        return ScannedEntries(self.name, columns, self._fields, self.positions[indices])

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

    def has(self, field):
        """Return whether any entry has the field."""
        return bool((self._state(field) != MISSING).any())

    def numbers(self, field, missing=None):
        """Return numbers (N,), which may be infinite; ``missing`` where there is none."""
        states = self._state(field)
        numbers = self._columns.numbers[:, self._fields.index(field) - len(IDS)]
        if missing is not None and (states == MISSING).any():
            states = np.where(states == MISSING, USUAL, states)
            numbers = np.where(self._state(field) == MISSING, missing, numbers)
        if not (states == USUAL).all():
            raise UnusualJson
        return numbers

    def counts(self, field, missing=None):
        """Return finite numbers (N,); ``missing`` where there is none."""
        counts = self.numbers(field, missing)
        if not np.isfinite(counts).all():
            raise UnusualJson
        return counts

    def boxes(self):
        """Return x, y, width, height (N, 4)."""
        self._check("bbox")
        return self._columns.boxes

    def keypoints(self, skeleton, listed=(), may_be_empty=None, layouts=()):
        """Return (x, y) of keypoints (N, K, 2), and their third number (N, K)."""
        for field in self._parts:
            self._check(field)
        _, _, _, row, _, points, visibility = self._columns
        if len(row) == len(points):  # then row is 0, 1, 2, ...
            return points, visibility
        return points[row], visibility[row] if len(visibility) == len(points) else visibility

    def layout(self, layouts):
        """Return the layout that was read."""
        return next(layout for layout in layouts if self._parts == tuple(dict(layout)))

    @property
    def _parts(self):
        return self._fields[self._fields.index("segmentation") + 1 :]

    def _state(self, field):
        return self._columns.state[:, self._fields.index(field)]

    def _check(self, field):
        if not (self._state(field) == USUAL).all():
            raise UnusualJson
