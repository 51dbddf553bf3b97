"""What `npkpose doctor --fix` mends in files of all other formats: through `npkpose.io.Labels`.

What has one right value is mended: coordinates from 0 to 1, x and y exchanged, keypoints at (0, 0),
boxes of negative sides, boxes of corners, copies of an instance.
"""

import numpy as np

from npkpose.doctor import file_checks, instance_checks
from npkpose.doctor.sheet import sheet_of_labels
from npkpose.io import Labels


def mend_labels(labels):
    """Return mended `Labels`, and what was done: [("labels", what, places)]."""
    done = []
    for what, mend in MENDS:
        sheet = sheet_of_labels(labels)
        changed, found = mend(labels, sheet)
        places = [place for place, is_found in zip(sheet.places, found) if is_found]
        if places:
            labels = changed
            done.append(("labels", what, places))
    return labels, done


def _normalised(labels, sheet):
    found = file_checks.normalised(sheet) & np.isfinite(sheet.sizes).all(axis=1)
    keypoints, boxes = labels.keypoints.copy(), labels.boxes.copy()
    keypoints[found] *= sheet.sizes[found][:, None]
    if ((boxes[found] >= 0) & (boxes[found] <= 1)).all():
        boxes[found] *= np.tile(sheet.sizes[found], 2)
    return _with(labels, keypoints=keypoints, boxes=boxes), found


def _exchanged(labels, sheet):
    found = file_checks.exchanged(sheet)
    keypoints = labels.keypoints.copy()
    keypoints[found] = keypoints[found][..., ::-1]
    return _with(labels, keypoints=keypoints), found


def _corners(labels, sheet):
    found = file_checks.corners(sheet)
    boxes = labels.boxes.copy()
    boxes[found, 2:] -= boxes[found, :2]
    return _with(labels, boxes=boxes), found


def _origin(labels, sheet):
    found = instance_checks.several_at_origin(sheet)
    there = instance_checks.at_origin(sheet) & found[:, None]
    keypoints = np.where(there[..., None], np.nan, labels.keypoints)
    visibility = np.where(there, 0, labels.visibility)
    return _with(labels, keypoints=keypoints, visibility=visibility), found


def _negative_boxes(labels, sheet):
    found = instance_checks.negative_box(sheet)
    boxes = labels.boxes.copy()
    low = np.minimum(boxes[:, :2], boxes[:, :2] + boxes[:, 2:])
    boxes[found] = np.concatenate([low, abs(boxes[:, 2:])], axis=1)[found]
    return _with(labels, boxes=boxes), found


def _copies(labels, sheet):
    """Remove instances that are equal to an earlier one in all columns."""
    names = "image_index", "keypoints", "visibility", "scores", "instance_scores", "boxes", "areas"
    columns = [getattr(labels, name) for name in names]
    others = [column for name, column in labels.fields.items() if name != "ids"]
    found, seen = instance_checks.equal_to_earlier(sheet), set()
    for n in range(len(labels)):
        mark = *(column[n].tobytes() for column in columns), repr([each[n] for each in others])
        found[n] &= mark in seen
        seen.add(mark)
    return labels.at(~found), found


MENDS = (
    ("coordinates multiplied by the image's sides", _normalised),
    ("x and y exchanged", _exchanged),
    ("boxes made x, y, width, height", _corners),
    ("keypoints at (0, 0) made missing", _origin),
    ("boxes of negative sides turned", _negative_boxes),
    ("copies of an instance removed", _copies),
)


def _with(labels, **columns):
    """Return labels with other columns."""
    names = (
        "image_index", "keypoints", "visibility", "scores", "instance_scores", "boxes", "areas",
        "ignored", "categories", "fields", "image_fields",
    )  # fmt: skip
    rest = {name: getattr(labels, name) for name in names}
    return Labels(labels.skeleton, labels.images, **{**rest, **columns})
