"""What `npkpose doctor --fix` mends in COCO's JSON: only what has one right value.

A mend changes a file's lists in place and returns the places that it changed. Fields that it does
not know stay as they are. They are applied in the order of `ANNOTATION_MENDS` and `RESULT_MENDS`,
because some need what others mended: keypoints are counted after all changes of them.

Left for a human, because nothing in the file decides: areas and boxes that are missing or do not
fit, keypoints outside the image, people of unknown images or categories, left and right exchanged,
coordinates counted from 1, hidden coordinates, crowds with keypoints, scores.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose.doctor import file_checks
from npkpose.doctor.instance_checks import at_origin, several_at_origin
from npkpose.doctor.sheet import sheet_of_entries
from npkpose.doctor.text_numbers import read_texts, whole
from npkpose.metrics.coco.doctor_entries import is_finite, is_id, is_number, row_of
from npkpose.skeleton import Skeleton

MIN_PARTIAL = 2  # counts of a part of the keypoints


class Files(NamedTuple):
    """The lists that a mend may change, ``entries``, and what it needs to know."""

    entries: list  # of dict: annotations, or results
    images: list
    categories: list
    skeleton: Skeleton
    name: str  # "annotations" or "results"
    indices: list  # of the entries to mend: those of other skeletons are left

    @property
    def chosen(self):
        """The entries to mend, a list."""
        return [self.entries[i] for i in self.indices]

    def sheet(self):
        """Return the `Sheet` of the entries to mend."""
        return sheet_of_entries(self.chosen, self.images, self.skeleton, self.name, self.indices)


def numbers_as_text(files):
    """Make numbers of texts such as "12.5", in fields that hold numbers."""
    places = []
    for name, entries in ((files.name, files.chosen), ("images", files.images)):
        for i, entry in enumerate(entries):
            changed = read_texts(entry)
            if changed:
                at = files.indices[i] if name == files.name else i
                places.append(f"{name}[{at}].{changed[0]}")
    return places


def ids_of_other_type(files):
    """Give an image_id or category_id the type of the listed ids, if that makes it known."""
    places = []
    for field, owners in (("image_id", files.images), ("category_id", files.categories)):
        known = {one["id"] for one in owners if is_id(one.get("id"))}
        for i, entry in enumerate(files.entries):
            value = entry.get(field)
            if not is_id(value) or value in known:
                continue
            other = str(value) if not isinstance(value, str) else whole(value)
            if other in known:
                entry[field] = other
                places.append(f"{files.name}[{i}].{field}")
    return places


def normalised(files):
    """Multiply coordinates from 0 to 1, and such boxes, by the image's width and height."""
    sheet = files.sheet()
    found = file_checks.normalised(sheet) & np.isfinite(sheet.sizes).all(axis=1)
    boxes = sheet.boxes[found]
    small = bool(((boxes >= 0) & (boxes <= 1)).all()) and len(boxes) > 0
    places = []
    for n in np.flatnonzero(found):
        entry, (width, height) = files.chosen[n], sheet.sizes[n].tolist()
        _scale(entry["keypoints"], width, height, 3)
        if small:
            _scale(entry["bbox"], width, height, 2)
            if is_number(entry.get("area")) and 0 <= entry["area"] <= 1:
                entry["area"] *= width * height
        places.append(sheet.places[n])
    return places


def exchanged(files):
    """Exchange x and y of all keypoints, where boxes show that they are exchanged."""
    sheet, places = files.sheet(), []
    for n in np.flatnonzero(file_checks.exchanged(sheet)):
        row = files.chosen[n]["keypoints"]
        row[0::3], row[1::3] = row[1::3], row[0::3]
        places.append(sheet.places[n])
    return places


def corners(files):
    """Make x, y, width, height of boxes that are x0, y0, x1, y1."""
    sheet, places = files.sheet(), []
    for n in np.flatnonzero(file_checks.corners(sheet)):
        box = files.chosen[n]["bbox"]
        box[2], box[3] = box[2] - box[0], box[3] - box[1]
        places.append(sheet.places[n])
    return places


def not_finite(files):
    """Make labelled keypoints without finite coordinates missing: 0, 0, 0."""
    places = []
    for i, entry in zip(files.indices, files.chosen):
        row = entry.get("keypoints")
        if row_of(row, 3 * files.skeleton.num_keypoints) is None:
            continue
        bad = [k for k in range(0, len(row), 3) if not all(map(_finite, row[k : k + 3]))]
        for k in bad:
            row[k : k + 3] = [0, 0, 0]
        if bad:
            places.append(f"{files.name}[{i}].keypoints[{bad[0]}]")
    return places


def origin(files):
    """Make labelled keypoints at (0, 0) missing, where an instance has two or more of them."""
    sheet, places = files.sheet(), []
    for n in np.flatnonzero(several_at_origin(sheet)):
        row = files.chosen[n]["keypoints"]
        for k in np.flatnonzero(at_origin(sheet)[n]):
            row[3 * k + 2] = 0
        places.append(sheet.places[n])
    return places


def negative_boxes(files):
    """Give boxes of negative width or height the opposite corner as their first."""
    places = []
    for i, entry in zip(files.indices, files.chosen):
        box = row_of(entry.get("bbox"), 4)
        if box is None or not np.isfinite(box).all() or not (box[2:] < 0).any():
            continue
        box = entry["bbox"]
        for axis in (0, 1):
            if box[axis + 2] < 0:
                box[axis], box[axis + 2] = box[axis] + box[axis + 2], -box[axis + 2]
        places.append(f"{files.name}[{i}].bbox")
    return places


def copies(files):
    """Remove entries that are equal to an earlier one in all fields but the id."""
    seen, kept, places = set(), [], []
    for i, entry in enumerate(files.entries):
        mark = repr(sorted((name, value) for name, value in entry.items() if name != "id"))
        if mark in seen and entry.get("keypoints"):
            places.append(f"{files.name}[{i}]")
        else:
            kept.append(entry)
        seen.add(mark)
    files.entries[:] = kept
    return places


def new_ids(files):
    """Give annotations without an id, with id 0 or with an id used before, a new one."""
    used, places = set(), []
    ids = [entry.get("id") for entry in files.entries]
    if any(isinstance(value, str) for value in ids):
        return []  # texts may be names that other files use
    numbers = [value for value in ids if is_id(value)]
    following = int(max(numbers, default=0)) + 1
    for i, entry in enumerate(files.entries):
        value = entry.get("id")
        if value is None or is_id(value) and (value == 0 or value in used):
            entry["id"], following = max(following, 1), max(following, 1) + 1
            places.append(f"{files.name}[{i}].id")
        elif is_id(value):
            used.add(value)
    return places


def no_crowd(files):
    """Write iscrowd 0 where it is missing, as all tools read it."""
    places = [f"{files.name}[{i}]" for i, e in enumerate(files.entries) if e.get("iscrowd") is None]
    for entry in files.entries:
        if entry.get("iscrowd") is None:
            entry["iscrowd"] = 0
    return places


def recount(files):
    """Count labelled keypoints again where num_keypoints is missing or another number.

    Left as they are if all count only the first keypoints: Halpe's count the body's 17, CrowdPose's
    leave out head and neck.
    """
    places, K = [], files.skeleton.num_keypoints
    rows = [row_of(entry.get("keypoints"), 3 * K) for entry in files.chosen]
    read = [n for n, row in enumerate(rows) if row is not None]
    labelled = np.array([rows[n][2::3] > 0 for n in read]).reshape(len(read), K)
    given = [files.chosen[n].get("num_keypoints") for n in read]
    partial = counts_a_part(labelled, given)
    for n, count, value in zip(read, labelled.sum(axis=1).tolist(), given):
        if value != count and not (partial and is_number(value)):
            files.chosen[n]["num_keypoints"] = count
            places.append(f"{files.name}[{files.indices[n]}]")
    return places


def counts_a_part(labelled, given):
    """Return whether the given counts are of the first M < K labelled keypoints (N, K), for one M.

    At least two must differ from the count of all.
    """
    known = np.array([is_finite(value) for value in given], bool)
    counts = np.array([value for value in given if is_finite(value)], float)
    sums = labelled[known].cumsum(axis=1)  # (N, K): of the first 1, 2, ... K
    if not sums.size or (sums[:, -1] != counts).sum() < MIN_PARTIAL:
        return False
    return bool((sums[:, :-1] == counts[:, None]).all(axis=0).any())


ANNOTATION_MENDS = (
    ("numbers written as text made numbers", numbers_as_text),
    ("ids given the type of the listed ids", ids_of_other_type),
    ("coordinates multiplied by the image's sides", normalised),
    ("x and y exchanged", exchanged),
    ("boxes made x, y, width, height", corners),
    ("keypoints that are not finite made missing", not_finite),
    ("keypoints at (0, 0) made missing", origin),
    ("boxes of negative sides turned", negative_boxes),
    ("iscrowd 0 written", no_crowd),
    ("num_keypoints counted again", recount),
    ("copies of an annotation removed", copies),  # from here on, places are of the new list
    ("new ids given", new_ids),
)
RESULT_MENDS = (
    ("numbers written as text made numbers", numbers_as_text),
    ("ids given the type of the listed ids", ids_of_other_type),
    ("coordinates multiplied by the image's sides", normalised),
    ("copies of a result removed", copies),
)


def _finite(value):
    return is_finite(value) and math.isfinite(value)


def _scale(row, width, height, step):
    """Multiply x and y, the first two of each ``step`` numbers, in place."""
    row[0::step] = [value * width for value in row[0::step]]
    row[1::step] = [value * height for value in row[1::step]]
