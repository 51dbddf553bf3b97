"""COCO's JSON, checked and read into tables: every error names the file, entry and field.

An annotation file is an object with ``images``, ``annotations`` and ``categories``; a results
file is a list. Annotations of unknown images or other categories are left out and not checked, as
in pycocotools. Ids may be whole numbers or text, numbers any real type except booleans, lists any
sequence.
"""

import numbers
import os
import struct
from array import array
from functools import partial

import numpy as np

from npkpose._check import shown
from npkpose._json import read_json
from npkpose.metrics.coco.keypoint_names import (
    length_difference,
    names_of_categories,
    other_skeleton,
)
from npkpose.metrics.coco.tables import Detections, GroundTruth, find

BOOLEANS = frozenset({bool, np.bool_})  # numbers to Python, not here
MAX_ID_LENGTH = 500  # characters: the longest text sets the memory of all
_LARGEST = int(np.finfo(np.float64).max)


def read_ground_truth(source, skeleton, categories=None):
    """Return the annotations as a `GroundTruth`.

    Parameters
    ----------
    source : path, parsed JSON or GroundTruth
        A table is returned as it is.
    skeleton : Skeleton of K keypoints
    categories : ndarray, sorted, optional
        Category ids to read; default: all.
    """
    if isinstance(source, GroundTruth):
        return source
    name, data = load_json("ground_truth", source)
    if not isinstance(data, dict):
        raise ValueError(f"{name}: expected an object with annotations, got {_short(data)}")
    images, known = (
        np.unique(Entries(f"{name}: {field}", data.get(field)).ids("id"))
        for field in ("images", "categories")
    )
    people = Entries(f"{name}: annotations", data.get("annotations"))
    image_id, category_id = people.ids("image_id"), people.ids("category_id")
    in_image = find(image_id, images)[1]
    keep = in_image & find(category_id, known if categories is None else categories)[1]
    people = people.at(np.flatnonzero(keep))
    listed = names_of_categories(data["categories"])
    num_keypoints = people.counts("num_keypoints")
    keypoints = people.keypoints(skeleton, listed, may_be_empty=num_keypoints == 0)
    table = GroundTruth(
        keypoints[..., :2], keypoints[..., 2], image_id[keep], people.numbers("area"),
        people.rows("bbox", 4), people.counts("iscrowd") != 0, num_keypoints,
        category_id[keep], people.ids("id"), images, known,
    )  # fmt: skip
    table.name, table.entry, table.from_json = people.name, people.positions, True
    table.left_out = int((~(keep if categories is None else in_image)).sum())
    table.listed_names = listed
    return table


def read_detections(source, skeleton, categories):
    """Return the results of these categories as `Detections`; see `read_ground_truth`."""
    if isinstance(source, Detections):
        return source
    name, data = load_json("results", source)
    found = Entries(name, data)
    image_id, category_id = found.ids("image_id"), found.ids("category_id")
    keep = find(category_id, categories)[1]
    boxes = len(data) > 0 and has_box(data[0])
    if len(data) and not boxes and "segmentation" in data[0]:
        raise ValueError(f"{found.name}[0].segmentation: expected a bbox beside it, got none")
    found = found.at(np.flatnonzero(keep))
    table = Detections(
        found.keypoints(skeleton)[..., :2], found.numbers("score"), image_id[keep],
        found.rows("bbox", 4) if boxes else None, category_id[keep],
    )  # fmt: skip
    table.name, table.entry, table.listed = found.name, found.positions, len(data)
    table.from_json = True
    table.left_out = int((~keep).sum())
    return table


def has_box(entry):
    """Return whether a result has a box; as in pycocotools, an empty list is none."""
    box = entry.get("bbox", [])
    return (box.tolist() if isinstance(box, np.ndarray) else box) not in ([], ())


def load_json(argument, source):
    """Return the name of the source for messages, and its data: a path's JSON, or the source."""
    if not isinstance(source, (str, os.PathLike)):
        return argument, source
    return os.fspath(source), read_json(source, object_hook=_pack_keypoints)


def _pack_keypoints(entry):
    """Replace an entry's list of keypoints by an array of doubles: half the memory.

    Anything but a list of numbers stays; it is refused later, with the name of its entry.
    """
    row = entry.get("keypoints")
    if type(row) is list and BOOLEANS.isdisjoint(map(type, row)):
        try:
            entry["keypoints"] = array("d", row)
        except (TypeError, OverflowError):
            pass
    return entry


class Entries:
    """A list of JSON objects, read one field at a time; ``name`` is its name in messages."""

    def __init__(self, name, entries, positions=None):
        self.name, self._entries = name, entries
        if not isinstance(entries, list):
            got = "nothing" if entries is None else _short(entries)
            raise ValueError(f"{name}: expected a list, got {got}")
        self.positions = np.arange(len(entries)) if positions is None else positions
        if not all(issubclass(kind, dict) for kind in set(map(type, entries))):
            bad = next(i for i, entry in enumerate(entries) if not isinstance(entry, dict))
            raise ValueError(f"{name}[{bad}]: expected an object, got {_short(entries[bad])}")

    def at(self, indices):
        """Return the entries at these indices; messages keep their positions."""
        if len(indices) == len(self._entries):
            return self
        return Entries(self.name, [self._entries[i] for i in indices], self.positions[indices])

    def fail(self, i, field, wanted, explain=None):
        """Raise the ValueError for this field of entry ``i``; ``explain(value)`` may add to it."""
        got = self._entries[i].get(field, _NOTHING)
        got = got.tolist() if isinstance(got, array) else got
        more = explain(got) if explain else ""
        raise ValueError(
            f"{self.name}[{self.positions[i]}].{field}: expected {wanted}, got {_short(got)}{more}"
        )

    def ids(self, field):
        """Return ids (N,): int64, or str if all are text."""
        values = self._values(field, lambda kind: _real(kind) or kind is str, "an id")
        if any(kind is str for kind in set(map(type, values))):
            self._refuse(values, lambda value: not isinstance(value, str), field, "text, as others")
            wanted = f"at most {MAX_ID_LENGTH} characters"
            self._refuse(values, lambda value: len(value) > MAX_ID_LENGTH, field, wanted)
            return np.array(values)
        ids = np.array(values, dtype=object if not values else None)
        if ids.dtype.kind != "i":  # 7.0 is 7; 7.5, NaN and 2^63 are not ids
            self._refuse(values, _is_no_integer, field, "an id", _explain_id)
            ids = np.array([int(value) for value in values])
        return ids.astype(np.int64)

    def numbers(self, field, booleans=False):
        """Return numbers (N,), which may be NaN; with ``booleans``, true and false are 1 and 0."""
        values = self._values(field, lambda k: _real(k) or booleans and k in BOOLEANS, "a number")
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            self._refuse(values, lambda value: abs(value) > _LARGEST, field, "a number")

    def counts(self, field):
        """Return finite numbers (N,), or 1 and 0 for true and false."""
        counts = self.numbers(field, booleans=True)
        if not np.isfinite(counts).all():
            self.fail(int(np.isfinite(counts).argmin()), field, "a finite number")
        return counts

    def keypoints(self, skeleton, listed=(), may_be_empty=None):
        """Return keypoints (N, K, 3); empty lists become 0 where ``may_be_empty`` (N,)."""
        count = skeleton.num_keypoints
        explain = partial(_explain_length, skeleton=skeleton, listed=listed)
        rows = self.rows("keypoints", 3 * count, explain, may_be_empty)
        return rows.reshape(-1, count, 3)

    def rows(self, field, length, explain=None, may_be_empty=None):
        """Return lists of ``length`` numbers as (N, length)."""
        wanted = f"a list of {length} numbers"
        rows = self._values(field, lambda kind: True, wanted)
        table = np.empty((len(rows), length))
        pack, width = struct.Struct(f"{length}d").pack_into, 8 * length
        for i, row in enumerate(rows):
            try:
                if type(row) is array and len(row) == length:
                    table[i] = row
                    continue
                pack(table, i * width, *row)  # checks the length and the types at once
                unsure = 0.0 in row or 1.0 in row  # as are False and True
            except (struct.error, TypeError, OverflowError):
                if may_be_empty is None or not may_be_empty[i] or not is_empty_list(row):
                    self.fail(i, field, wanted, explain)
                table[i], unsure = 0.0, False
            if unsure and not BOOLEANS.isdisjoint(map(type, row)):
                self.fail(i, field, wanted)
        return table

    def _values(self, field, allowed, wanted):
        try:
            values = [entry[field] for entry in self._entries]
        except KeyError:
            self.fail(next(i for i, e in enumerate(self._entries) if field not in e), field, wanted)
        wrong = {kind for kind in set(map(type, values)) if not allowed(kind)}
        if wrong:
            self._refuse(values, lambda value: type(value) in wrong, field, wanted)
        return values

    def _refuse(self, values, bad, field, wanted, explain=None):
        for i, value in enumerate(values):
            if bad(value):
                self.fail(i, field, wanted, explain)


class _Nothing:
    def __repr__(self):
        return "nothing"


_NOTHING = _Nothing()


def _real(kind):
    return issubclass(kind, numbers.Real) and kind not in BOOLEANS


def is_empty_list(row):
    """Return whether a value is a list without elements."""
    return isinstance(row, (list, tuple, array, np.ndarray)) and len(row) == 0


def _explain_length(value, skeleton, listed):
    """Return in words what the length of a list of keypoints means, if it is wrong."""
    if not isinstance(value, (list, tuple)) or len(value) == 3 * skeleton.num_keypoints:
        return ""
    advice = other_skeleton(len(value) // 3, skeleton)
    return f": {length_difference(len(value), skeleton, listed)}; {advice}"


def _is_no_integer(value):
    return not (abs(value) < 2**63 and value == int(value))


def _explain_id(value):
    return "; integer ids go from -2^63 to 2^63 - 1" if abs(value) >= 2**63 else ""


def _short(value):
    text = shown(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
