"""What `evaluate_coco` warns of: entries left out, nothing to evaluate, other keypoints."""

import warnings

from npkpose.io.keypoint_names import name_difference, other_skeleton
from npkpose.metrics.coco.tables import find, other_kind


def warn_of_rows(truth, found, known, chosen):
    """Warn of rows that are left out, and if there are no detections or nobody to find.

    ``known`` (C,) are the categories to evaluate. If the caller has ``chosen`` them, rows of other
    categories are left out without a warning.
    """
    in_image, listed = find(truth.image_id, truth.images)[1], find(truth.category_id, known)[1]
    inside, evaluated = in_image & listed, find(found.category_id, known)[1]
    lost = truth.left_out + (~in_image if chosen else ~inside).sum()
    if lost:
        kinds = {
            "image_id": other_kind(truth.image_id, truth.images, "the list of images"),
            "category_id": other_kind(truth.category_id, known, "the list of categories"),
        }
        _warn(truth, f"{lost} of unknown images or categories are left out{_in_words(kinds)}")
    other = found.left_out + (~evaluated).sum()
    if other and not chosen:
        kinds = {"category_id": other_kind(found.category_id, known)}
        _warn(found, f"{other} of unknown categories are left out{_in_words(kinds)}")
    to_find = inside & ~truth.iscrowd & (truth.num_keypoints != 0)
    if not evaluated.any():
        how = "recall is 0" if to_find.any() else "and nobody to find"
        _warn(found, f"nothing to evaluate, {how}")
    elif not to_find.any():
        _warn(truth, f"nobody to find, AP and AR are -1: {_why_nobody(truth, inside)}")


def warn_of_other_keypoints(truth, known, skeleton):
    """Warn of the first category with ground truth that lists other keypoints than the skeleton."""
    for place, category, names in truth.listed_names:
        difference = name_difference(names, skeleton) if names else ""
        if difference and category in known and category in truth.category_id:
            place = truth.name.removesuffix("annotations") + place
            text = f"keypoints are compared by position, with the sigmas of {skeleton.name}"
            advice = other_skeleton(len(names), skeleton, names)
            warnings.warn(f"{place}: {difference}; {text}; {advice}", stacklevel=4)
            return


def warn_of_crowd_index(truth, protocol):
    """Warn if a protocol needs the crowd index of images, and there is none."""
    if protocol.use_crowd_index and truth.crowd_index is None:
        where = truth.name.removesuffix("annotations")
        text = "no crowdIndex, so AP of easy, medium and hard images is -1"
        warnings.warn(f"{where}images: {text}", stacklevel=4)


def _warn(table, text):
    warnings.warn(f"{table.name}: {text}", stacklevel=5)  # the caller of evaluate_coco


def _in_words(kinds):
    differing = [f"{field}: {kind}" for field, kind in kinds.items() if kind]
    return f" ({'; '.join(differing)})" if differing else ""


def _why_nobody(truth, inside):
    if not len(truth) + truth.left_out:
        return "there are none"
    if not inside.any():
        return "none is of an evaluated image and category"
    return "all are ignored (iscrowd, or num_keypoints 0)"
