"""Which skeleton the keypoints of a file are of: by the names that it lists, or by their number.

A file's names are those of a published skeleton if they are the same in the same order, see
`npkpose.skeletons.skeleton_of`. A file of other names gets a skeleton of its own, with the limbs
that it lists and without sigmas. A file without names gets the usual skeleton of its number of
keypoints.
"""

import numpy as np

from npkpose import skeletons
from npkpose.skeleton import Skeleton

# Skeletons of files that list no names; of other numbers, only a category's are known.
BY_COUNT = {
    17: "COCO_17", 21: "HAND_21", 26: "HALPE_26", 33: "MEDIAPIPE_33", 68: "FACE_68", 98: "WFLW_98",
    106: "FACE_106", 133: "COCO_WHOLEBODY_133", 136: "HALPE_136", 478: "MEDIAPIPE_478",
}  # fmt: skip


def by_count(count, category=""):
    """Return the skeleton that files of ``count`` unnamed keypoints usually have, or None.

    A category "face" has the only skeleton of faces that has this number, and so on.
    """
    if count in BY_COUNT:
        return skeletons.find(BY_COUNT[count])
    found = [plan for plan in skeletons.find_skeletons(count) if plan.group == category]
    return found[0] if len(found) == 1 else None


def by_data_set(count, description):
    """Return the skeleton of a data set whose files list no names or those of another, or None.

    RHD's fingers begin at the tip, and mmpose's files of it list the names of hands whose fingers
    begin at the palm. UBody's 3-D files list no names, and have another order than its 2-D files.
    """
    known = {"RHD": "RHD_21", "UBody": "UBODY3D_133"}
    plan = skeletons.find(known[description]) if description in known else None
    return plan if plan is not None and plan.num_keypoints == count else None


def choose_skeleton(count, names=None, category="", limbs=()):
    """Return the skeleton of ``count`` keypoints in a file.

    Parameters
    ----------
    count : int
    names : sequence of str, optional
        That the file lists. If there are more than ``count``, the first are taken; if fewer, the
        number of keypoints decides.
    category : str
        The name of the category, which a skeleton of its own gets.
    limbs : sequence of pairs
        That the file lists, counted from 0 or from 1.
    """
    if names is not None and len(names) >= count:
        known = skeletons.skeleton_of(names[:count], category)
        return known or _own(count, names[:count], category, limbs)
    return by_count(count, category) or _own(count, None, category, ())


def _own(count, names, category, limbs):
    """Return a skeleton without sigmas; names that are not distinct become numbers."""
    if names is None or len(set(names)) < count:
        names = [str(k) for k in range(count)]
    return Skeleton(category or "keypoints", names, _limbs(limbs, count), _pairs(names), np.nan)


def _limbs(limbs, count):
    """Return the listed limbs, counted from 0; () if one is no pair of keypoints.

    COCO counts from 1. A list that contains a 0 counts from 0.
    """
    try:
        pairs = np.array([tuple(pair) for pair in limbs], dtype=np.int64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        return ()
    pairs = pairs - (0 if (pairs == 0).any() else 1)
    inside = ((pairs >= 0) & (pairs < count)).all()
    return pairs if inside and (pairs[:, 0] != pairs[:, 1]).all() else ()


def _pairs(names):
    """Return the pairs of names that differ only in "left" and "right", or in L and R."""
    where, pairs = {name: k for k, name in enumerate(names)}, {}
    for name, k in where.items():
        for left, right in (("left", "right"), ("Left", "Right"), ("L_", "R_"), ("L", "R")):
            partner = where.get(name.replace(left, right))
            if partner not in (None, k) and not {k, partner} & {*pairs, *pairs.values()}:
                pairs[k] = partner
    return list(pairs.items())
