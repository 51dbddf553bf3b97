"""Does npkpose write back all that a file says? Only then may a mended copy be made of `Labels`.

The labels of a file are written again, unmended, and both files are compared: JSON by its values,
text by its words and numbers, folders by their files. What a reader leaves out, or a writer adds,
shows as a difference.
"""

import math
import os
import pathlib
import re
import tempfile
import warnings

from npkpose import io
from npkpose._json import read_json
from npkpose.io.convert import FORMATS

WORD = re.compile(r"[^\s,;:{}\[\]()\"']+")
CLOSE = 1e-9  # relative difference of two numbers that are one, written with other digits


def check_round_trip(path, labels, format):
    """Raise ValueError unless the labels of a file or folder are written as they were read."""
    difference = None if io.formats()[format][1] else "it is only read"
    if difference is None:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("error")  # of what is lost
            copy = pathlib.Path(folder, f"copy{(*FORMATS[format].SUFFIXES, '')[0]}")
            try:
                io.write(labels, copy, format)
                difference = first_difference(pathlib.Path(path), copy)
            except (ValueError, OSError, ImportError, Warning) as error:
                difference = str(error)
    if difference is not None:
        raise ValueError(
            f"--fix: expected a file that npkpose writes again without a loss, got {path} of the "
            f"format {format}: {difference}; mend it by hand, or convert it to COCO's form first"
        )


def first_difference(path, copy):
    """Return in words how a copy differs from a file or folder, or None."""
    if path.is_dir():
        return _folders(path, copy)
    if path.read_bytes() == copy.read_bytes():
        return None
    try:
        one, other = read_json(path), read_json(copy)
    except ValueError:
        one, other = (WORD.findall(each.read_text("utf-8", "replace")) for each in (path, copy))
    return _compare(one, other, "")


def _folders(path, copy):
    """Return how two folders differ in files of the copy's kinds; images are passed over."""
    names = [{str(each.relative_to(top)) for each in top.rglob("*") if each.is_file()}
             for top in (path, copy)]  # fmt: skip
    suffixes = {os.path.splitext(name)[1] for name in names[1]}
    names[0] = {name for name in names[0] if os.path.splitext(name)[1] in suffixes}
    if names[0] != names[1]:
        return f"the file {min(names[0] ^ names[1])} would be lost or new"
    for name in sorted(names[0]):
        difference = first_difference(path / name, copy / name)
        if difference is not None:
            return f"{name}: {difference}"
    return None


def _compare(one, other, place):
    """Return the first difference of two values, of JSON or lists of words, or None."""
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return f"{place or 'the top'}: {min(set(one) ^ set(other))!r:.40} would be lost or new"
        pairs = [(f"{place}.{name}".lstrip("."), one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{place or 'the top'}: {len(one)} values would be {len(other)}"
        pairs = [(f"{place}[{i}]", *each) for i, each in enumerate(zip(one, other))]
    else:
        return None if _equal(one, other) else f"{place}: {one!r:.40} would be {other!r:.40}"
    found = (_compare(a, b, where) for where, a, b in pairs)
    return next((each for each in found if each is not None), None)


def _equal(one, other):
    """Return whether two plain values are equal, numbers but for their last digits."""
    if one == other and isinstance(one, str) == isinstance(other, str):
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=CLOSE, abs_tol=CLOSE)
    except (TypeError, ValueError, OverflowError):
        return False
