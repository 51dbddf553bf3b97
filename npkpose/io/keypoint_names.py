"""Are the keypoints of a COCO file those of the skeleton?

OKS compares keypoints by position and takes the sigmas of the skeleton. A file of other keypoints
is refused if their number differs; if only their names differ, the score has no meaning. A category
may list the names of its keypoints; "left_eye", "LEye" and "eye_l" are the same.
"""

import re

import numpy as np

from npkpose._json import as_id
from npkpose.skeletons import find_skeletons, skeleton_of

_SIDES = {"l": "left", "r": "right"}
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")


def listed_names(category):
    """Return the names of keypoints that a category lists, or None."""
    names = category.get("keypoints")
    if not isinstance(names, (list, tuple)) or not names:
        return None
    return names if all(isinstance(name, str) for name in names) else None


def names_of_categories(categories):
    """Return the place in the file, the id and the listed names, or None, of each category."""
    return [
        (f"categories[{i}].keypoints", category.get("id"), listed_names(category))
        for i, category in enumerate(categories)
    ]


def category_names(categories):
    """Return {id: name} of the categories that have both."""
    return {
        id: category["name"]
        for category in categories
        if (id := as_id(category.get("id"))) is not None and isinstance(category.get("name"), str)
    }


def name_difference(names, skeleton):
    """Return in words how listed names differ from the skeleton's; empty if they do not."""
    if len(names) != skeleton.num_keypoints:
        return f"{len(names)} keypoints, {skeleton.name} has {skeleton.num_keypoints}"
    for k, (name, expected) in enumerate(zip(names, skeleton.keypoints)):
        if _words(name) != _words(expected):
            return f"keypoint {k} is {name!r}, in {skeleton.name} it is {expected!r}"
    return ""


def length_difference(length, skeleton, listed=()):
    """Return in words what a list of ``length`` numbers is instead of 3 for each keypoint.

    ``listed`` is what `names_of_categories` returns.
    """
    got = f"{length} numbers"
    if length % 3 == 0:
        places = [place for place, _, names in listed if names and 3 * len(names) == length]
        got += f", {length // 3} keypoints" + (f" (as {places[0]} lists)" if places else "")
    return f"{got}; {skeleton.name} has {skeleton.num_keypoints} keypoints"


def other_skeleton(count, skeleton, names=None):
    """Return what to call for ``count`` keypoints of another body plan than ``skeleton``.

    ``names`` are the file's own, if it lists any: they tell which plan it is.
    """
    named = skeleton_of(names) if names else None
    fitting = [named.name] if named is not None and named.name != skeleton.name else [
        plan.name
        for plan in find_skeletons(count)
        if plan.name != skeleton.name and np.isfinite(plan.sigmas).all()
    ]
    example = f"npkpose.{fitting[0]}" if fitting else "npkpose.Skeleton(...)"
    return f"for other keypoints pass a skeleton, as in evaluate_coco(..., skeleton={example})"


def _words(name):
    """Return the words of a name in alphabetical order."""
    words = _WORD.findall(_CAMEL_CASE.sub(" ", name).lower())
    return sorted(_SIDES.get(word, word) for word in words)
