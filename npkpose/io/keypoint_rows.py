"""The lists of keypoints in JSON as arrays: x, y and a third number for each keypoint.

Tools write them as one flat list (COCO), as a list of [x, y, v] or of [x, y], or as a flat list of
x, y. An entry without keypoints, or with an empty list, has none that is labelled. The third number
of annotations is COCO's visibility 0, 1 or 2; a fraction between 0 and 1, as COCO-WholeBody has it,
is the score of a visible keypoint that a network labelled.
"""

from array import array

import numpy as np

from npkpose._check import LARGEST
from npkpose.io.entries import Entries, is_empty_list, short

PACKED = {"foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts", "joints", "joints_vis"}


def pack_parts(entry):
    """Replace the lists of whole bodies' parts and of MPII's joints by flat arrays of doubles.

    A hook for `json.loads`: they need a fifth of the memory. Other values stay, and are refused
    later, with the name of their entry.
    """
    for name in PACKED & entry.keys():
        row = entry[name]
        if name == "joints" and _is_list_of_pairs(row):
            row = [number for point in row for number in point]
        if isinstance(row, list) and row and set(map(type, row)) <= {int, float}:
            try:
                entry[name] = array("d", row)
            except OverflowError:
                pass
    return entry


def _is_list_of_pairs(row):
    return isinstance(row, list) and all(isinstance(p, list) and len(p) == 2 for p in row)


def count_keypoints(entries, field="keypoints", wanted=None):
    """Return (K, numbers of each keypoint) of the first entry that has any; None if none has.

    ``wanted`` is the expected K, if it is known: it tells lists of x, y from those of x, y, v.
    """
    for i, entry in enumerate(entries.entries):
        row = entry.get(field)
        if row is None or is_empty_list(row):
            continue
        if not isinstance(row, (list, array)):
            entries.fail(i, field, "a list of numbers")
        if isinstance(row[0], list):
            return len(row), len(row[0])
        if wanted and len(row) in (2 * wanted, 3 * wanted):
            return wanted, len(row) // wanted
        for numbers in (3, 2):
            if len(row) % numbers == 0:
                return len(row) // numbers, numbers
        entries.fail(i, field, "x, y and visibility of each keypoint", _explain)
    return None


def read_rows(entries, count, numbers, field="keypoints"):
    """Return the keypoints of all entries (N, count, numbers); NaN where an entry has none.

    Raises ValueError, which names the entry, for a list of another length or no numbers.
    """
    if numbers not in (1, 2, 3):
        entries.fail(0, field, "2 or 3 numbers for each keypoint")
    flat = [{field: _flat(entry.get(field), count, numbers)} for entry in entries.entries]
    empty = np.array([is_empty_list(entry[field]) for entry in flat], dtype=bool)
    rows = Entries(entries.name, flat, entries.positions)
    table = rows.rows(field, count * numbers, _explain, empty)
    table = table.reshape(len(flat), count, numbers)
    table[empty] = np.nan
    return table


def points_and_visibility(entries, table, field="keypoints"):
    """Return keypoints (N, K, 2), visibility (N, K) and scores (N, K) of annotations.

    Raises ValueError, which names the entry, for a third number that is none of these.
    """
    points, third = table[..., :2], _third(table)
    nowhere = np.isnan(points).all(axis=2)
    third = np.where(nowhere & np.isnan(third), 0.0, third)
    fraction = (third > 0) & (third < 1)
    known = fraction | (third == 0) | (third == 1) | (third == 2)
    _refuse(entries, field, ~known, table, 2, "a visibility 0, 1 or 2")
    labelled = (third > 0) & ~nowhere
    _check_labelled(entries, field, points, labelled, table)
    points = np.where(labelled[..., None], points, np.nan)
    visibility = np.where(labelled, np.where(fraction, 2, third), 0)
    return points, visibility.astype(np.int64), np.where(fraction, third, 1.0)


def points_and_scores(entries, table, field="keypoints"):
    """Return keypoints (N, K, 2) and their scores (N, K) of results; (0, 0, 0) is missing."""
    points, scores = table[..., :2], _third(table)
    missing = np.isnan(points).all(axis=2) | (points == 0).all(axis=2) & ~(scores > 0)
    scores = np.where(missing, 0.0, scores)
    _refuse(entries, field, ~np.isfinite(scores), table, 2, "a finite score")
    _check_labelled(entries, field, points, ~missing, table)
    return np.where(missing[..., None], np.nan, points), scores


def _third(table):
    """Return the third number of each keypoint; where there is none, 1 for any but (0, 0)."""
    if table.shape[2] == 3:
        return table[..., 2]
    return np.where((table == 0).all(axis=2) | np.isnan(table).any(axis=2), 0.0, 2.0)


def _check_labelled(entries, field, points, labelled, table):
    for axis in range(2):
        bad = labelled & ~(abs(points[..., axis]) <= LARGEST)
        _refuse(entries, field, bad, table, axis, "a finite number")


def _refuse(entries, field, bad, table, place, wanted):
    """Raise ValueError, with the place in the file, if any number is bad."""
    if bad.any():
        n, k = (int(i) for i in np.argwhere(bad)[0])
        numbers = table.shape[2]
        value = table[n, k, place] if place < numbers else "nothing"
        raise ValueError(
            f"{entries.name}[{entries.positions[n]}].{field}[{k * numbers + place}]: "
            f"expected {wanted}, got {value}"
        )


def _flat(row, count, numbers):
    """Return a list of lists as one list, nothing as []; other values, and other lengths, stay."""
    if row is None:
        return []
    if isinstance(row, list) and len(row) == count and row and isinstance(row[0], list):
        if all(isinstance(point, list) and len(point) == numbers for point in row):
            return [number for point in row for number in point]
    return row


def _explain(value):
    length = len(value) if isinstance(value, (list, array)) else None
    return f" ({length} numbers)" if length is not None else f": {short(value)}"
