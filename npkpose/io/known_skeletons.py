"""Which skeleton the keypoints of a file are of: by the names that it lists, or by their number.

A file's names are those of a published skeleton if they are the same in the same order; "left_eye",
"LEye" and "eye_l" are the same. If several skeletons have these names, the one whose name has a
word of the category is taken (macaques have COCO's names), else the first. A file of other names
gets a skeleton of its own, with the limbs that it lists and without sigmas.
"""

import numpy as np

from npkpose import skeletons
from npkpose.skeleton import Skeleton

# Skeletons of files that list no names, or too many; some numbers of keypoints have one skeleton.
BY_COUNT = {
    17: "COCO_17", 19: "AFLW_19", 21: "HAND_21", 26: "HALPE_26", 29: "COFW_29", 33: "MEDIAPIPE_33",
    68: "FACE_68", 98: "WFLW_98", 106: "FACE_106", 133: "COCO_WHOLEBODY_133", 136: "HALPE_136",
    478: "MEDIAPIPE_478",
}  # fmt: skip


def by_names(names, category=""):
    """Return the published skeleton of these keypoint names, or None."""
    return skeletons.skeleton_of(names, category)


def by_count(count):
    """Return the skeleton that files of so many unnamed keypoints have, or None."""
    name = BY_COUNT.get(count)
    return None if name is None else skeletons.find(name)


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
        return by_names(names[:count], category) or _own(count, names[:count], category, limbs)
    return by_count(count) or _own(count, None, category, ())


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
