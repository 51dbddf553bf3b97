"""Numbers that a file has as text: "12.5" for 12.5."""

import math

NUMBERS = "area", "iscrowd", "num_keypoints", "score", "width", "height"
LISTS = "keypoints", "bbox"
LONGEST = 40  # characters


def read_texts(entry):
    """Make numbers of all texts in an entry's number fields; return the fields, a list.

    A list in which a text is no finite number stays as it is.
    """
    return [field for field in NUMBERS if _in_field(entry, field)] + [
        field for field in LISTS if _in_list(entry, field)
    ]


def whole(text):
    """Return the integer that a text is, or None."""
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None


def _in_field(entry, field):
    value = entry.get(field)
    number = _number(value) if isinstance(value, str) else None
    if number is not None:
        entry[field] = number
    return number is not None


def _in_list(entry, field):
    row = entry.get(field)
    if not isinstance(row, list) or not any(isinstance(value, str) for value in row):
        return False
    numbers = [_number(value) if isinstance(value, str) else value for value in row]
    if any(value is None for value in numbers):
        return False
    row[:] = numbers
    return True


def _number(text):
    """Return the finite number that a text is, an integer without a point; None for other text."""
    if len(text) > LONGEST or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    integer = whole(text)
    return value if integer is None else integer
