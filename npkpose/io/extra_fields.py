"""What a file says besides keypoints: the other fields of its entries as arrays, and back.

Numbers and lists of numbers of one length become arrays of int64 or float64; texts, anything else,
and fields that some entries lack are kept as they are in an array of objects, None where missing.
"""

from array import array
from collections import Counter

import numpy as np

from npkpose.io.entries import BOOLEANS

MAX_FIELDS, RARE, MANY = 200, 64, 20_000  # a field that 1 of 64 entries has is no column of many


def read_fields(entries, known):
    """Return {name: array with a row for each entry} of the fields that are not in ``known``.

    The first 200 fields; of more than 20,000 entries, fields that at least one in 64 has.
    """
    counts = Counter(name for entry in entries for name in entry if name not in known)
    least = len(entries) / RARE if len(entries) > MANY else 0
    names = [name for name, count in counts.items() if count >= least]
    return {
        name: as_column([entry.get(name) for entry in entries]) for name in names[:MAX_FIELDS]
    }


def write_fields(fields, count, skip=()):
    """Return ``count`` dictionaries of plain values; a missing value is left out."""
    entries = [{} for _ in range(count)]
    for name, column in fields.items():
        if name not in skip:
            for entry, value in zip(entries, column.tolist()):
                if value is not None:
                    entry[name] = value
    return entries


def as_column(values):
    """Return values as an array (N,) or (N, L) of one kind, or else of objects (N,)."""
    values = [value.tolist() if isinstance(value, array) else value for value in values]
    kinds = {type(value) for value in values}
    if kinds == {list} and len({len(value) for value in values}) == 1:
        inner = {type(item) for value in values for item in value}
        return _numbers(values, inner) if inner and inner <= {int, float} else _objects(values)
    if kinds and kinds <= BOOLEANS:
        return np.array(values)
    return _numbers(values, kinds) if kinds and kinds <= {int, float} else _objects(values)


def _numbers(values, kinds):
    """Return an array of int64 or of float64; of objects, for integers that do not fit."""
    try:
        return np.array(values, dtype=np.int64 if kinds == {int} else np.float64)
    except OverflowError:
        return _objects(values)


def _objects(values):
    column = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return column
