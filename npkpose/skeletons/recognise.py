"""A body plan by the names, or the number, of its keypoints, as an annotation file lists them.

"left_eye", "Left eye", "LEye", "L_Eye", "eyeL" and "Eye_Left" name one keypoint. A file may use
other words for a keypoint than its plan does; the data files hold such lists as ``listed_as``.
"""

import functools
import re

from npkpose._check import check_integer
from npkpose.skeletons.catalogue import GROUPS, entries, expanded, plan, skeleton_names

_SHORT = {"l": "left", "r": "right", "f": "front", "b": "back"}
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_SIDE_FIRST = re.compile(r"(left|right)(?=\w{3})(.+)")


def find_skeletons(num_keypoints):
    """Return the plans that have this number of keypoints, a list; empty if there is none."""
    count = check_integer("num_keypoints", num_keypoints, 0)
    return [each for each in map(plan, skeleton_names()) if each.num_keypoints == count]


def skeleton_of(keypoint_names, category=None):
    """Return the plan whose keypoints have these names in this order, or None.

    Parameters
    ----------
    keypoint_names : sequence of str
        As the category of an annotation file lists them; case, spaces and separators do not matter.
    category : str, optional
        The category's name, such as "macaque": of several plans with these names, the one whose
        name has a word of it is returned, else the first.
    """
    try:
        key = tuple(normal_name(name) for name in keypoint_names)
    except TypeError:
        return None
    found = _by_names().get(key, ())
    words = re.findall(r"[a-z]{3,}", category.lower()) if isinstance(category, str) else []
    named = [name for name in found if any(word in name.lower() for word in words)]
    return plan([*named, *found][0]) if found else None


def normal_name(name):
    """Return a keypoint's name as its side and its other words: "LEye" gives "left eye"."""
    name = name if isinstance(name, str) else str(name)
    words = [_SHORT.get(word, word) for word in _WORD.findall(_CAMEL_CASE.sub(" ", name).lower())]
    sides = [word for word in words if word in ("left", "right")]
    rest = "".join(word for word in words if word not in ("left", "right"))
    if not sides and (both := _SIDE_FIRST.fullmatch(rest)):
        sides, rest = [both[1]], both[2]
    return " ".join([*sides, rest])


@functools.cache
def _by_names():
    """Return {normal names of keypoints: names of the plans}."""
    found = {}
    for group in GROUPS:
        for name, entry in entries(group).items():
            for listed in (entry["keypoints"], *entry.get("listed_as", ())):
                key = tuple(normal_name(each) for each in expanded(listed))
                found.setdefault(key, []).append(name)
    return found
