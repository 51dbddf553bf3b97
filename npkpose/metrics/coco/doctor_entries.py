"""Annotations and results as the doctor sees them: what can be read of each, and what cannot."""

import math
import numbers
import sys
from array import array
from collections import Counter
from typing import NamedTuple

import numpy as np

from npkpose.io.entries import BOOLEANS, MAX_ID_LENGTH, is_empty_list

# How an image_id or category_id relates to the known ones.
KNOWN, UNKNOWN, NO_ID = "known", "unknown", "no id"
TEXT, NUMBER = "text, they are numbers", "number, they are text"


class Known(NamedTuple):
    """What the annotation file says besides its annotations."""

    images: dict  # id: (width, height), or None
    categories: set  # of ids
    num_keypoints: int


class Entry(NamedTuple):
    """An annotation or a result."""

    fields: dict
    length: object  # of the list of keypoints, or None if it is not a list of numbers
    points: object  # (K, 3), or None if the keypoints cannot be read
    size: object  # (width, height) of the image, or None
    image: str  # KNOWN or another of these words
    category: str
    repeated: bool  # an annotation's id was used before; a result's score is another's, too
    rank: int  # by score, among the entries of the image and category


def read_entries(entries, repeated, known):
    """Return JSON objects as a list of `Entry`; ``repeated`` has a bool for each."""
    of_image, of_category = _Lookup(known.images), _Lookup(known.categories)
    ranks = _ranks(entries)
    return [
        Entry(
            fields=fields,
            length=length_of(fields),
            points=points_of(fields, known.num_keypoints),
            size=known.images.get(key(fields.get("image_id"))),
            image=of_image(fields.get("image_id")),
            category=of_category(fields.get("category_id")),
            repeated=repeated[i],
            rank=ranks[i],
        )
        for i, fields in enumerate(entries)
    ]


class _Lookup:
    """Function from an id to KNOWN, UNKNOWN, NO_ID, TEXT or NUMBER."""

    def __init__(self, known):
        self.known = known
        kinds = {isinstance(value, str) for value in known if is_id(value)}
        self.all_text, self.all_numbers = kinds == {True}, kinds == {False}

    def __call__(self, value):
        if key(value) in self.known:
            return KNOWN
        if not is_id(value):
            return NO_ID
        if isinstance(value, str):
            return TEXT if self.all_numbers else UNKNOWN
        return NUMBER if self.all_text else UNKNOWN


def key(value):
    """Return a value that a dictionary can look up; other values equal no other."""
    return value if isinstance(value, str) or is_number(value) else object()


def is_number(value):
    """Return whether a value is a number, and neither true nor false."""
    return isinstance(value, numbers.Real) and type(value) not in BOOLEANS


def is_count(value):
    """Return whether a value is a number, or true or false."""
    return is_number(value) or type(value) in BOOLEANS


def is_id(value):
    """Return whether a value is text of usual length or an integer of 64 bits."""
    if isinstance(value, str):
        return len(value) <= MAX_ID_LENGTH
    return is_number(value) and abs(value) < 2**63 and value == int(value)


def is_box(value):
    """Return whether a value is a list of 4 numbers."""
    return row_of(value, 4) is not None


def is_finite(value):
    """Return whether a value is a number that a double holds, and not NaN."""
    return is_number(value) and abs(value) <= sys.float_info.max


def row_of(value, length=None):
    """Return a list of numbers as an array, or None if it is not one, or of another length."""
    try:
        row = np.array(array("d", value))
    except (TypeError, OverflowError):
        return None
    if isinstance(value, list) and not BOOLEANS.isdisjoint(map(type, value)):
        return None
    return row if length in (None, len(row)) else None


def length_of(fields):
    """Return the length of an entry's list of keypoints, or None."""
    row = row_of(fields.get("keypoints"))
    return None if row is None else len(row)


def points_of(fields, num_keypoints):
    """Return an entry's keypoints (K, 3), or None; an empty list is 0s if num_keypoints is 0."""
    count = fields.get("num_keypoints")
    if is_empty_list(fields.get("keypoints")) and is_count(count) and count == 0:
        return np.zeros((num_keypoints, 3))
    row = row_of(fields.get("keypoints"), 3 * num_keypoints)
    return None if row is None else row.reshape(num_keypoints, 3)


def size_of(image):
    """Return an image's (width, height), or None."""
    size = image.get("width"), image.get("height")
    return size if all(is_finite(side) and side > 0 for side in size) else None


def _ranks(entries):
    """Return the place of each entry among those of its image and category, by falling score."""
    scores = [one.get("score") if is_finite(one.get("score")) else -math.inf for one in entries]
    counts, ranks = Counter(), [0] * len(entries)
    for i in sorted(range(len(entries)), key=lambda i: -scores[i]):
        group = key(entries[i].get("image_id")), key(entries[i].get("category_id"))
        ranks[i] = counts[group]
        counts[group] += 1
    return ranks
