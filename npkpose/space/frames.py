"""Image ids as the frames of a sequence: their order, and the frames that no id names.

An id is a number, or a name such as "walk_0012.png". Names are in the order of the numbers in them:
"9.jpg" comes before "10.jpg". If all ids are numbers, or names that differ in one number, that is
the frame number. COCO results do not list images without people, so a number that is left out is a
frame in which nobody was found. The step of the numbers is the greatest common divisor of their
differences: with ids 0, 5, 10 and 20, frame 15 is missing.

Numbers far apart, such as COCO's image ids, are no frame numbers. They give an order only.
"""

import math
import re

MAX_SPREAD = 10  # frames per id; more than that, and the numbers are no frame numbers
_MAX_DIGITS = 18  # of a number in a name


def sort_key(image_id):
    """Return the key that sorts ids: numbers first, then names by the numbers in them."""
    if not isinstance(image_id, str):
        return 0, image_id
    return 1, [_by_value(part) for part in _split(image_id)], image_id


def list_frames(ids):
    """Return the ids of all frames in order, those of missing frames included.

    Returns
    -------
    frames : list of int or str
        ``ids`` in order, if they have no frame numbers.
    numbered : bool
        Whether they have.
    """
    ids = sorted(ids, key=sort_key)
    numbers, name_of = _frame_numbers(ids)
    if numbers is None:
        return ids, len(ids) < 2
    step = math.gcd(*(b - a for a, b in zip(numbers, numbers[1:]))) or 1
    if numbers[-1] - numbers[0] >= MAX_SPREAD * step * len(ids):
        return ids, False
    known = dict(zip(numbers, ids))
    every = range(numbers[0], numbers[-1] + 1, step)
    return [known[number] if number in known else name_of(number) for number in every], True


def _split(name):
    """Return the parts of a name: text, number, text, ..., number, text."""
    return re.split("([0-9]+)", name)


def _by_value(part):
    """Return a part of a name so that numbers sort by value, however long they are."""
    digits = part.lstrip("0")
    return (1, len(digits), digits) if part.isascii() and part.isdecimal() else (0, 0, part)


def _frame_numbers(ids):
    """Return the frame numbers of sorted ids, and a function from a number to its id.

    Without frame numbers, both are None.
    """
    are_names = {isinstance(image_id, str) for image_id in ids}
    if are_names == {False}:
        return ids, int
    names = [_split(image_id) for image_id in ids] if are_names == {True} else []
    lengths = {len(parts) for parts in names}
    columns = list(zip(*names)) if len(lengths) == 1 else []
    differing = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if len(differing) != 1 or differing[0] % 2 == 0:  # not one number
        return None, None
    return _numbers_of_column(names, differing[0])


def _numbers_of_column(names, column):
    digits = [parts[column] for parts in names]
    if max(map(len, digits)) > _MAX_DIGITS or len({int(text) for text in digits}) < len(digits):
        return None, None
    width, parts = min(map(len, digits)), names[0]
    before, after = "".join(parts[:column]), "".join(parts[column + 1 :])
    return [int(text) for text in digits], lambda number: f"{before}{number:0{width}d}{after}"
