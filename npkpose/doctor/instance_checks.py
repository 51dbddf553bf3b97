"""What can be wrong with an instance by itself, or with two of one image, in any format.

A check takes a `Sheet` and returns the numbers of the instances for which the answer is yes. A row
of `CHECKS` has a code, what is wrong, its effect on the score, and the check.
"""

import numpy as np

OUTSIDE = 0.05  # of a box's longer side: how far outside a keypoint may lie
OUTSIDE_PIXELS = 2.0
TOO_LARGE, TOO_SMALL = 1.05, 0.02  # shares of the box's area
MIN_EQUAL = 3  # labelled keypoints of two equal instances
ORIGINS = 2  # keypoints of one instance at (0, 0): two cannot be there


def at_origin(sheet):
    """Return which keypoints (N, K) are labelled and lie at exactly (0, 0)."""
    return sheet.labelled & (sheet.keypoints == 0).all(axis=2)


def several_at_origin(sheet):
    """Instances with two or more labelled keypoints at (0, 0), which no two can share."""
    return at_origin(sheet).sum(axis=1) >= ORIGINS


def one_at_origin(sheet):
    """Instances with a single labelled keypoint at (0, 0)."""
    return at_origin(sheet).sum(axis=1) == 1


def hidden_coordinates(sheet):
    """Instances with coordinates other than (0, 0) at keypoints of visibility 0."""
    points = sheet.keypoints
    somewhere = np.isfinite(points).all(axis=2) & (points != 0).any(axis=2)
    return (somewhere & (sheet.visibility == 0)).any(axis=1)


def odd_visibility(sheet):
    """Instances with a visibility other than 0, 1 or 2."""
    return ~np.isin(sheet.visibility, (0, 1, 2)).all(axis=1)


def has_box(sheet):
    """Which instances have a box with an area: bool (N,)."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(sheet.boxes).all(axis=1) & (sheet.boxes[:, 2:] > 0).all(axis=1)


def negative_box(sheet):
    """Instances with a box of negative width or height."""
    return np.isfinite(sheet.boxes).all(axis=1) & (sheet.boxes[:, 2:] < 0).any(axis=1)


def empty_box(sheet):
    """Instances with labelled keypoints and a box of width or height 0."""
    empty = np.isfinite(sheet.boxes).all(axis=1) & (sheet.boxes[:, 2:] == 0).any(axis=1)
    return empty & ~negative_box(sheet) & sheet.labelled.any(axis=1)


def outside_box(sheet):
    """Instances with a labelled keypoint outside their box, beyond a margin."""
    return has_box(sheet) & ~holds_keypoints(sheet.boxes, sheet)


def holds_keypoints(boxes, sheet):
    """Return which boxes (N, 4) hold all labelled keypoints, with a margin."""
    low, high = sheet.extents()
    with np.errstate(invalid="ignore", over="ignore"):
        margin = OUTSIDE * boxes[:, 2:].max(axis=1, keepdims=True) + OUTSIDE_PIXELS
        inside = low >= boxes[:, :2] - margin
        inside &= high <= boxes[:, :2] + boxes[:, 2:] + margin
    return inside.all(axis=1) | ~sheet.labelled.any(axis=1)


def box_outside_image(sheet):
    """Instances whose box has no pixel of the image."""
    x, y, width, height = sheet.boxes.T
    with np.errstate(invalid="ignore", over="ignore"):
        right, bottom = x + width, y + height
        outside = (x >= sheet.sizes[:, 0]) | (y >= sheet.sizes[:, 1]) | (right <= 0) | (bottom <= 0)
    return has_box(sheet) & outside


def area_above_box(sheet):
    """Instances whose area is larger than their box."""
    with np.errstate(invalid="ignore", over="ignore"):
        large = sheet.areas > TOO_LARGE * sheet.boxes[:, 2:].prod(axis=1)
    return has_box(sheet) & ~sheet.ignored & large


def area_below_box(sheet):
    """Instances whose area is less than a fiftieth of their box."""
    with np.errstate(invalid="ignore", over="ignore"):
        small = sheet.areas < TOO_SMALL * sheet.boxes[:, 2:].prod(axis=1)
    return has_box(sheet) & ~sheet.ignored & small & (sheet.areas >= 0) & sheet.labelled.any(axis=1)


def crowd_with_keypoints(sheet):
    """Ignored instances with labelled keypoints."""
    return sheet.ignored & sheet.labelled.any(axis=1)


def equal_to_earlier(sheet):
    """Instances with the labelled keypoints of an earlier one in the same image, at least three."""
    seen, found = set(), np.zeros(len(sheet), bool)
    labelled = sheet.labelled
    points = np.where(labelled[..., None], sheet.keypoints, np.nan)
    for n in np.flatnonzero(labelled.sum(axis=1) >= MIN_EQUAL):
        mark = sheet.image_keys[n], points[n].tobytes()
        found[n] = mark in seen
        seen.add(mark)
    return found


def score_above_one(sheet):
    """Results with a score above 1."""
    return sheet.scores > 1


def score_not_positive(sheet):
    """Results with a score of 0 or below."""
    return sheet.scores <= 0


ANNOTATION_CHECKS = (
    ("origin", "several labelled keypoints at (0, 0), where missing ones are written",
     "No pose is near them: OKS of the best pose falls by their share.", several_at_origin),
    ("one_origin", "a labelled keypoint at (0, 0), where missing ones are written",
     "If it is missing, no pose is near it, and OKS falls by its share.", one_at_origin),
    ("hidden", "coordinates of keypoints with visibility 0",
     "None: a keypoint of visibility 0 is not labelled. Tools that look at the coordinates only "
     "take it for labelled.", hidden_coordinates),
    ("visibility", "visibility other than 0, 1 or 2",
     "Above 0 counts as labelled, other values as not labelled: tools differ.", odd_visibility),
    ("negative_box", "boxes of negative width or height",
     "None for OKS of labelled keypoints; top-down methods get no crop.", negative_box),
    ("empty_box", "boxes without an area beside labelled keypoints",
     "None for OKS of labelled keypoints; top-down methods get no crop.", empty_box),
    ("outside_box", "labelled keypoints outside their box",
     "None for OKS of labelled keypoints; in the crops of top-down methods they are missing.",
     outside_box),
    ("box_outside", "boxes outside the image",
     "None for OKS of labelled keypoints; top-down methods see nothing.", box_outside_image),
    ("area_above", "areas larger than the box",
     "OKS forgives larger distances than it should: AP and AR rise.", area_above_box),
    ("area_below", "areas below a fiftieth of the box",
     "OKS forgives smaller distances than it should: AP and AR fall.", area_below_box),
    ("crowd", "ignored instances (iscrowd) with labelled keypoints",
     "They are ignored: finding or missing them changes neither AP nor AR.", crowd_with_keypoints),
    ("equal", "instances with the same keypoints as an earlier one in the image",
     "A method that finds the person once misses the copy: AR and AP fall.", equal_to_earlier),
)  # fmt: skip

RESULT_CHECKS = (
    ("above_one", "scores above 1",
     "None: only their order counts. Thresholds from 0 to 1 keep them all.", score_above_one),
    ("not_positive", "scores of 0 or below",
     "None: only their order counts. Tools that drop scores of 0 lose them.", score_not_positive),
    ("equal", "results with the same keypoints as an earlier one in the image",
     "Every copy but one is a false positive: AP falls.", equal_to_earlier),
)  # fmt: skip
