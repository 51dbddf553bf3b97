"""What the doctor asks of each image, annotation and result, and what the answers cost.

A check is a row of a table: what is wrong, the question, and its effect on the score.
"""

import numpy as np

from npkpose.metrics.coco.doctor_entries import (
    NUMBER,
    TEXT,
    UNKNOWN,
    is_box,
    is_count,
    is_finite,
    is_id,
    is_number,
    row_of,
    size_of,
)

MAX_DETS = 20  # detections per image that COCO uses
SMALLEST = 2  # pixels^2: OKS of a nose a pixel away is 1e-40, of a hip 0.004
REFUSES = "The evaluation refuses the file"
ID = "text of up to 500 characters or a whole number of 64 bits"
IMAGES, CATEGORIES = "the list of images", "the list of categories"
PERFECT = f"{REFUSES}; to pycocotools a pose compared with NaN is perfect."
LEFT_OUT = "They are left out: finding or missing them changes nothing."


# The questions. Each takes an Entry.


def is_ignored(entry):
    """Return whether an annotation is a crowd or has no keypoints."""
    crowd, count = map(entry.fields.get, ("iscrowd", "num_keypoints"))
    return is_count(crowd) and crowd != 0 or is_count(count) and count == 0


def _truth_is_not_finite(entry):
    if entry.points is None:
        return False
    visibility = entry.points[:, 2]
    labelled = entry.points[visibility > 0]  # the other coordinates are not used
    return not (np.isfinite(visibility).all() and np.isfinite(labelled).all())


def _box_is_not_finite(entry):
    box = row_of(entry.fields.get("bbox"), 4)
    return box is not None and _labelled(entry) == 0 and not np.isfinite(box).all()


def _result_is_not_finite(entry):
    return entry.points is not None and not np.isfinite(entry.points[:, :2]).all()


def _is_tiny(entry):
    area, crowd, count = map(entry.fields.get, ("area", "iscrowd", "num_keypoints"))
    return is_number(area) and 0 <= area < SMALLEST and not crowd and count != 0


def _is_negative(entry):
    return is_number(entry.fields.get("area")) and entry.fields["area"] < 0


def _labelled(entry):
    """Return how many keypoints are labelled, or None if they cannot be read."""
    return None if entry.points is None else int((entry.points[:, 2] > 0).sum())


def _has_count_0_but_labels(entry):
    return entry.fields.get("num_keypoints") == 0 and bool(_labelled(entry))


def _has_count_but_no_labels(entry):
    count = entry.fields.get("num_keypoints")
    return is_finite(count) and count != 0 and _labelled(entry) == 0


def _has_another_count(entry):
    count, labelled = entry.fields.get("num_keypoints"), _labelled(entry)
    return is_finite(count) and bool(labelled) and count not in (0, labelled)


def _is_labelled_outside(entry):
    return entry.points is not None and _outside(entry.points[entry.points[:, 2] > 0], entry)


def _is_outside(entry):
    return entry.points is not None and _outside(entry.points, entry)  # all of them are used


def _outside(points, entry):
    places = points[:, :2]
    return entry.size is not None and bool(((places < 0) | (places > entry.size)).any())


# Rows that several tables share.


def _of_field(field, is_readable, expected):
    """Return the checks that a field is there and can be read."""
    return (
        (f"no {field}", lambda entry: field not in entry.fields,
         f"{REFUSES}; pycocotools stops with a KeyError."),
        (f"{field} that is not {expected}",
         lambda entry: field in entry.fields and not is_readable(entry.fields[field]),
         f"{REFUSES}."),
    )  # fmt: skip


def _number_is_finite(field, effect):
    """Return the check that a number is finite."""

    def is_not_finite(entry):
        value = entry.fields.get(field)
        return is_number(value) and not is_finite(value)

    return f"NaN or infinity in {field}", is_not_finite, effect


def _of_id(field, relation, owner, unknown, effect):
    """Return the checks that an id is known; ``relation`` is "image" or "category"."""
    return (
        (f"{field} that is text, where {owner} has numbers",
         lambda entry: getattr(entry, relation) == TEXT, effect),
        (f"{field} that is a number, where {owner} has text",
         lambda entry: getattr(entry, relation) == NUMBER, effect),
        (unknown, lambda entry: getattr(entry, relation) == UNKNOWN, effect),
    )  # fmt: skip


_KEYPOINTS_CHECKS = (
    ("no keypoints", lambda entry: "keypoints" not in entry.fields,
     f"{REFUSES}; pycocotools stops with a KeyError."),
    ("keypoints that are not a list of numbers",
     lambda entry: "keypoints" in entry.fields and entry.length is None, f"{REFUSES}."),
)  # fmt: skip

IMAGE_CHECKS = (
    ("images without width and height", lambda image: size_of(image) is None,
     "None by itself, but keypoints outside these images are not reported."),
)  # fmt: skip

ANNOTATION_CHECKS = (
    *_of_field("id", is_id, ID),
    *_of_field("area", is_number, "a number"),
    *_of_field("iscrowd", is_count, "a number"),
    *_of_field("num_keypoints", is_count, "a number"),
    *_of_field("bbox", is_box, "a list of 4 numbers"),
    *_KEYPOINTS_CHECKS,
    ("NaN or infinity in keypoints", _truth_is_not_finite, PERFECT),
    ("NaN or infinity in bbox", _box_is_not_finite, PERFECT),
    _number_is_finite("area", PERFECT),
    _number_is_finite("iscrowd", f"{REFUSES}."),
    _number_is_finite("num_keypoints", f"{REFUSES}."),
    ("id 0", lambda entry: entry.fields.get("id") == 0,
     "With pycocotools and strict, a match with it is a false positive: AP and AR fall."),
    ("repeated ids", lambda entry: entry.repeated,
     "pycocotools and strict use only the last of each, once for each: AP and AR change."),
    (f"area from 0 to less than {SMALLEST}", _is_tiny,
     "OKS is almost 0 one pixel away: only exact poses match, AP and AR fall."),
    ("area below 0", _is_negative,
     f"{REFUSES}; in pycocotools OKS exceeds 1."),
    ("num_keypoints 0 beside labelled keypoints", _has_count_0_but_labels,
     "This person is ignored: finding or missing it changes neither AP nor AR."),
    ("num_keypoints above 0 without a labelled keypoint", _has_count_but_no_labels,
     "This person is not ignored, and any pose near its box matches it."),
    ("num_keypoints that is not the number labelled", _has_another_count,
     "None: COCO asks only whether it is 0. Tools that count again may score otherwise."),
    ("labelled keypoints outside the image", _is_labelled_outside,
     "A method that sees only the image cannot place them: the OKS of the best pose falls."),
)  # fmt: skip

# Of all entries, also those that are left out; nothing else of those is checked.
LEFT_OUT_CHECKS = (
    *_of_field("image_id", is_id, ID),
    *_of_field("category_id", is_id, ID),
    *_of_id("image_id", "image", IMAGES, "people in unknown images", LEFT_OUT),
    *_of_id("category_id", "category", CATEGORIES, "people of unknown categories", LEFT_OUT),
)  # fmt: skip

RESULT_CHECKS = (
    *_KEYPOINTS_CHECKS,
    *_of_field("score", is_number, "a number"),
    *_of_id("image_id", "image", IMAGES, "results for unknown images",
            f"{REFUSES}; pycocotools stops with an AssertionError."),
    ("NaN or infinity in keypoints", _result_is_not_finite, PERFECT),
    _number_is_finite("score", f"{REFUSES}."),
    ("scores that other results also have", lambda entry: entry.repeated,
     "The order of image ids and of the file decides between them: another order, another AP."),
    (f"results beyond the top {MAX_DETS} of an image", lambda entry: entry.rank >= MAX_DETS,
     "They are not used."),
    ("keypoints outside the image", _is_outside,
     "They are further from the truth than the border is: OKS falls a little."),
)  # fmt: skip

LEFT_OUT_RESULT_CHECKS = (
    *_of_field("image_id", is_id, ID),
    *_of_field("category_id", is_id, ID),
    *_of_id("category_id", "category", CATEGORIES, "results of unknown categories",
            "They are left out: neither true nor false."),
)  # fmt: skip
