"""A list of JSON objects, one field at a time: every error names the file, entry and field.

Ids may be whole numbers or text, numbers any real type except booleans, lists any sequence.
"""

import numbers
import struct
from array import array
from functools import partial

import numpy as np

from npkpose._check import shown
from npkpose._json import as_id
from npkpose.io.keypoint_names import length_difference, other_skeleton

BOOLEANS = frozenset({bool, np.bool_})  # numbers to Python, not here
MAX_ID_LENGTH = 500  # characters: the longest text sets the memory of all
_LARGEST = int(np.finfo(np.float64).max)


class Entries:
    """A list of JSON objects, read one field at a time; ``name`` is its name in messages."""

    category_names = {}  # by id, for messages about keypoints

    def __init__(self, name, entries, positions=None):
        self.name, self.entries = name, entries
        if not isinstance(entries, list):
            got = "nothing" if entries is None else short(entries)
            raise ValueError(f"{name}: expected a list, got {got}")
        self.positions = np.arange(len(entries)) if positions is None else positions
        if not all(issubclass(kind, dict) for kind in set(map(type, entries))):
            bad = next(i for i, entry in enumerate(entries) if not isinstance(entry, dict))
            raise ValueError(f"{name}[{bad}]: expected an object, got {short(entries[bad])}")

    def __len__(self):
        return len(self.entries)

    def at(self, indices):
        """Return the entries at these indices; messages keep their positions."""
        if len(indices) == len(self.entries):
            return self
        part = Entries(self.name, [self.entries[i] for i in indices], self.positions[indices])
        part.category_names = self.category_names
        return part

    def with_defaults(self, **defaults):
        """Return the entries, with these values where a field is missing or null."""
        filled = [
            {**defaults, **{name: value for name, value in entry.items() if value is not None}}
            if any(entry.get(name) is None for name in defaults)
            else entry
            for entry in self.entries
        ]
        return Entries(self.name, filled, self.positions)

    def fail(self, i, field, wanted, explain=None):
        """Raise the ValueError for this field of entry ``i``; ``explain(value)`` may add to it."""
        got = self.entries[i].get(field, _NOTHING)
        got = got.tolist() if isinstance(got, array) else got
        more = explain(got) if explain else ""
        category = as_id(self.entries[i].get("category_id"))
        if more and category in self.category_names:
            more += f"; its category is {shown(self.category_names[category])}"
        raise ValueError(
            f"{self.name}[{self.positions[i]}].{field}: expected {wanted}, got {short(got)}{more}"
        )

    def have_boxes(self):
        """Return whether the first entry has a box; as in pycocotools, only that one decides."""
        if not len(self) or has_box(self.entries[0]):
            return len(self) > 0
        if "segmentation" in self.entries[0]:
            raise ValueError(f"{self.name}[0].segmentation: expected a bbox beside it, got none")
        return False

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

    def has(self, field):
        """Return whether any entry has the field."""
        return any(field in entry for entry in self.entries)

    def numbers(self, field, missing=None, booleans=False):
        """Return numbers (N,), which may be NaN; ``missing`` where there is none.

        With ``booleans``, true and false are 1 and 0.
        """
        allowed = lambda k: _real(k) or booleans and k in BOOLEANS  # noqa: E731
        values = self._values(field, allowed, "a number", missing)
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            self._refuse(values, lambda value: abs(value) > _LARGEST, field, "a number")

    def counts(self, field, missing=None):
        """Return finite numbers (N,), or 1 and 0 for true and false."""
        counts = self.numbers(field, missing, booleans=True)
        if not np.isfinite(counts).all():
            self.fail(int(np.isfinite(counts).argmin()), field, "a finite number")
        return counts

    def keypoints(self, skeleton, listed=(), may_be_empty=None, layouts=()):
        """Return (x, y) of keypoints (N, K, 2), and their third number (N, K).

        Empty lists become 0 where ``may_be_empty`` (N,). ``layouts`` are those of
        `protocols.layouts`; default: K keypoints in one list.
        """
        count = skeleton.num_keypoints
        layout = self.layout(layouts) if layouts else (("keypoints", count),)
        explain = None
        if len(layout) == 1:
            explain = partial(_explain_length, skeleton=skeleton, listed=listed)
        rows = [self.rows(field, 3 * n, explain, may_be_empty) for field, n in layout]
        rows = np.concatenate(rows, axis=1).reshape(len(self), count, 3)
        return rows[..., :2], rows[..., 2]

    def layout(self, layouts):
        """Return the layout whose fields have the lengths that they have in the first entry."""
        for layout in layouts if len(self) else ():
            lists = [self.entries[0].get(field) for field, _ in layout]
            if all(hasattr(row, "__len__") and len(row) == 3 * n
                   for row, (_, n) in zip(lists, layout)):  # fmt: skip
                return layout
        return layouts[0]

    def boxes(self):
        """Return x, y, width, height (N, 4)."""
        return self.rows("bbox", 4)

    def rows(self, field, length, explain=None, may_be_empty=None):
        """Return lists of ``length`` numbers as (N, length); empty ones are 0 if they may be."""
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

    def _values(self, field, allowed, wanted, missing=None):
        try:
            if missing is None:
                values = [entry[field] for entry in self.entries]
            else:
                values = [entry.get(field, missing) for entry in self.entries]
        except KeyError:
            self.fail(next(i for i, e in enumerate(self.entries) if field not in e), field, wanted)
        wrong = {kind for kind in set(map(type, values)) if not allowed(kind)}
        if wrong:
            self._refuse(values, lambda value: type(value) in wrong, field, wanted)
        return values

    def _refuse(self, values, bad, field, wanted, explain=None):
        for i, value in enumerate(values):
            if bad(value):
                self.fail(i, field, wanted, explain)


def has_box(entry):
    """Return whether a result has a box; as in pycocotools, an empty list is none."""
    box = entry.get("bbox", [])
    return (box.tolist() if isinstance(box, np.ndarray) else box) not in ([], ())


def pack_keypoints(entry):
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
    names = next((names for _, _, names in listed if names and 3 * len(names) == len(value)), None)
    advice = other_skeleton(len(value) // 3, skeleton, names)
    return f": {length_difference(len(value), skeleton, listed)}; {advice}"


def _is_no_integer(value):
    return not (abs(value) < 2**63 and value == int(value))


def _explain_id(value):
    return "; integer ids go from -2^63 to 2^63 - 1" if abs(value) >= 2**63 else ""


def short(value):
    """Return ``repr(value)``, shortened."""
    text = shown(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
