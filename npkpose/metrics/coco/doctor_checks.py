"""What `metrics.doctor` asks of each image, annotation and result, and what the answers cost.

A check is a row of a table: what is wrong, the question, and its effect on the score.
"""

import numbers
import sys
from array import array
from typing import NamedTuple

import numpy as np

from npkpose.metrics.coco.read_json import BOOLEANS

MOST = 20  # detections per image that COCO looks at
SMALLEST = 2  # pixels^2: OKS of a nose a pixel away is 1e-40, of a hip 0.004


class Person(NamedTuple):
    """An annotation or a result, and what the checks ask about it."""

    entry: dict
    points: object  # (K, 3), or None where the keypoints cannot be read
    size: object  # (width, height) of the image, or None
    image_known: bool
    category_known: bool
    repeated: bool  # an annotation's id was used before; a result's score is another's, too
    rank: int  # among the results of the image and category, by score


def is_number(value):
    """Whether a value is a number, and neither true nor false."""
    return isinstance(value, numbers.Real) and type(value) not in BOOLEANS


def is_id(value):
    """Whether a value is text or a whole number of 64 bits."""
    return isinstance(value, str) or (
        is_number(value) and abs(value) < 2**63 and value == int(value)
    )


def is_finite(value):
    """Whether a value is a number, neither NaN nor beyond what a double holds."""
    return is_number(value) and abs(value) <= sys.float_info.max


def row_of(value, length):
    """Return a list of numbers as an array (length,), or None."""
    try:
        row = np.array(array("d", value))
    except (TypeError, OverflowError):
        return None
    if isinstance(value, list) and not BOOLEANS.isdisjoint(map(type, value)):
        return None
    return row if len(row) == length else None


def points_of(entry, num_keypoints):
    """Return an entry's keypoints (K, 3), or None."""
    row = row_of(entry.get("keypoints"), 3 * num_keypoints)
    return None if row is None else row.reshape(num_keypoints, 3)


def size_of(image):
    """Return an image's (width, height), or None."""
    size = image.get("width"), image.get("height")
    return size if all(is_finite(side) and side > 0 for side in size) else None


# The questions. Each takes a Person.


def _lacks_a_field(person):
    area, id, *counts = map(person.entry.get, ("area", "id", "num_keypoints", "iscrowd"))
    readable = (
        is_number(area),
        is_id(id),
        all(is_number(count) or type(count) in BOOLEANS for count in counts),
        row_of(person.entry.get("bbox"), 4) is not None,
    )
    return not all(readable)


def _lacks_an_id(person):
    return not (is_id(person.entry.get("image_id")) and is_id(person.entry.get("category_id")))


def _is_in_unknown_image(person):
    return is_id(person.entry.get("image_id")) and not person.image_known


def _is_of_unknown_category(person):
    return is_id(person.entry.get("category_id")) and not person.category_known


def _has_no_score(person):
    return not is_number(person.entry.get("score"))


def _has_other_keypoints(person):
    return person.points is None


def _truth_is_not_finite(person):
    values = map(person.entry.get, ("area", "num_keypoints", "iscrowd"))
    read, points, box = [], person.points, row_of(person.entry.get("bbox"), 4)
    if points is not None:
        read = [points[:, 2], points[points[:, 2] > 0]]  # other places are not read
        if box is not None and not _labelled(person):
            read.append(box)
    return any(_not_finite(value, None) for value in values) or any(
        not np.isfinite(row).all() for row in read
    )


def _result_is_not_finite(person):
    points = person.points
    return _not_finite(person.entry.get("score"), None if points is None else points[:, :2])


def _not_finite(value, points):
    broken = points is not None and not np.isfinite(points).all()
    return broken or is_number(value) and not is_finite(value)


def _is_tiny(person):
    area, crowd, count = map(person.entry.get, ("area", "iscrowd", "num_keypoints"))
    return is_number(area) and 0 <= area < SMALLEST and not crowd and count != 0


def _is_negative(person):
    return is_number(person.entry.get("area")) and person.entry["area"] < 0


def _labelled(person):
    """Return how many keypoints are labelled, or None where that cannot be read."""
    return None if person.points is None else int((person.points[:, 2] > 0).sum())


def _counts_nobody(person):
    return person.entry.get("num_keypoints") == 0 and bool(_labelled(person))


def _counts_a_box(person):
    count = person.entry.get("num_keypoints")
    return is_number(count) and count != 0 and _labelled(person) == 0


def _counts_otherwise(person):
    count, labelled = person.entry.get("num_keypoints"), _labelled(person)
    return is_number(count) and bool(labelled) and count not in (0, labelled)


def _is_labelled_outside(person):
    return person.points is not None and _outside(person.points[person.points[:, 2] > 0], person)


def _is_outside(person):
    return person.points is not None and _outside(person.points, person)  # all of them are read


def _outside(points, person):
    places = points[:, :2]
    return person.size is not None and bool(((places < 0) | (places > person.size)).any())


IMAGE_CHECKS = (
    ("images without width and height", lambda image: size_of(image) is None,
     "None by itself, but keypoints outside of them are not found here."),
)  # fmt: skip

ANNOTATION_CHECKS = (
    ("a field missing, or no number", _lacks_a_field,
     "The evaluation refuses the file; pycocotools stops with a KeyError."),
    ("keypoints that are no list of 3 numbers for each of the skeleton's", _has_other_keypoints,
     "The evaluation refuses the file."),
    ("NaN or infinity", _truth_is_not_finite,
     "The evaluation refuses the file; to pycocotools a pose compared with NaN is perfect."),
    ("id 0", lambda person: person.entry.get("id") == 0,
     "pycocotools counts whoever finds this person as false: AP and AR fall. So does strict."),
    ("ids that were used before", lambda person: person.repeated,
     "pycocotools and strict look at the last of each, once for each: AP and AR change."),
    (f"area from 0 to less than {SMALLEST}", _is_tiny,
     "OKS is next to 0 a pixel away: who is not exact does not find them, AP and AR fall."),
    ("area below 0", _is_negative,
     "The evaluation refuses the file; in pycocotools OKS exceeds 1."),
    ("num_keypoints 0 beside labelled keypoints", _counts_nobody,
     "This person does not count: whether it is found changes neither AP nor AR."),
    ("num_keypoints above 0 without a labelled keypoint", _counts_a_box,
     "This person counts, and is found by any pose near its box."),
    ("num_keypoints that is not the number labelled", _counts_otherwise,
     "None: COCO asks only whether it is 0. Tools that count anew may score otherwise."),
    ("labelled keypoints outside the image", _is_labelled_outside,
     "Who looks only at the image cannot place them: the OKS of the best pose falls."),
)  # fmt: skip

# Of all, also those who are left out, of whom the evaluation reads nothing else.
LEFT_OUT_CHECKS = (
    ("no image_id or category_id, or none that is an id", _lacks_an_id,
     "The evaluation refuses the file; pycocotools stops with a KeyError."),
    ("people in unknown images", _is_in_unknown_image,
     "They are left out: finding or missing them changes nothing."),
    ("people of unknown categories", _is_of_unknown_category,
     "They are left out: finding or missing them changes nothing."),
)  # fmt: skip

RESULT_CHECKS = (
    ("keypoints that are no list of 3 numbers for each of the skeleton's", _has_other_keypoints,
     "The evaluation refuses the file."),
    ("no score, or no number", _has_no_score,
     "The evaluation refuses the file; pycocotools stops with a KeyError."),
    ("NaN or infinity", _result_is_not_finite,
     "The evaluation refuses the file; in pycocotools a pose with a NaN is a perfect match."),
    ("results for unknown images", _is_in_unknown_image,
     "The evaluation refuses the file; pycocotools stops with an AssertionError."),
    ("scores that other results have, too", lambda person: person.repeated,
     "The order of image ids and of the file decides between them: another order, another AP."),
    (f"results beyond the best {MOST} of an image", lambda person: person.rank >= MOST,
     "They are not looked at."),
    ("keypoints outside the image", _is_outside,
     "They are further from the truth than the border is: OKS falls a little."),
)  # fmt: skip

LEFT_OUT_RESULT_CHECKS = (
    LEFT_OUT_CHECKS[0],
    ("results of unknown categories", _is_of_unknown_category,
     "They are left out: neither true nor false."),
)  # fmt: skip
