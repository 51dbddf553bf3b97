"""The keypoints that a format of files has, of those that a network finds."""

from npkpose.skeletons import BODY_25, COCO_17, OPENPOSE_18


def coco_skeleton(skeleton):
    """Return COCO's skeleton if ``skeleton`` has all its keypoints, else ``skeleton``."""
    return COCO_17 if _has(skeleton, COCO_17) else skeleton


def openpose_skeleton(skeleton):
    """Return BODY_25 or OPENPOSE_18 if ``skeleton`` has their keypoints, else ``skeleton``.

    The neck and the middle of the hips, which COCO does not have, are derived.
    """
    if _has(skeleton, BODY_25):
        return BODY_25
    return OPENPOSE_18 if _has(skeleton, COCO_17) else skeleton


def _has(skeleton, other):
    return bool((skeleton.columns_of(other) >= 0).all())
