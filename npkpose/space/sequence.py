"""Films of one person's keypoints, made ready for lifting: no gaps, and Human3.6M's joints.

A lifting network has no way to say that a keypoint is absent. Over a gap each coordinate moves
along a line from the frame before to the frame after; before the first and after the last sight it
stands still.

The published networks lift Human3.6M's joints, five of which COCO lacks. About where they are:

    mid_hip   = (left_hip + right_hip) / 2         thorax    = (left_ + right_shoulder) / 2
    spine     = (mid_hip + thorax) / 2             neck_nose = (thorax + head) / 2
    head      = mean of eyes and ears

for the spine is almost in the middle (233 of 490 mm, then 121 and 115 mm up to the head, in the
skeleton of its recordings). A network that was trained on a detector's COCO keypoints themselves
needs none of this.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.skeletons import COCO_17, H36M_17

# Each joint of Human3.6M that COCO lacks: what it is the mean of. Later ones use earlier ones.
MEANS = {
    "mid_hip": ("left_hip", "right_hip"),
    "thorax": ("left_shoulder", "right_shoulder"),
    "spine": ("mid_hip", "thorax"),
    "head": ("left_eye", "right_eye", "left_ear", "right_ear"),
    "neck_nose": ("thorax", "head"),
}


def fill_gaps(keypoints):
    """Return ``keypoints`` (F, K, 2), NaN where absent, with every gap filled.

    Raises
    ------
    ValueError
        Wrong shape, no frame, or a keypoint that no frame shows.
    """
    keypoints = check_array("keypoints", keypoints, ("F", "K", 2), finite=False).copy()
    frames = np.arange(len(keypoints))
    for k in range(keypoints.shape[1]):
        shown = ~np.isnan(keypoints[:, k]).any(axis=1)
        if not shown.any():
            raise ValueError(f"keypoints[:, {k}]: expected one in some frame, got none")
        for axis in range(2):
            known = keypoints[shown, k, axis]
            keypoints[:, k, axis] = np.interp(frames, frames[shown], known)
    return keypoints


def coco_to_h36m(keypoints):
    """Return Human3.6M's joints (..., 17, 2) of COCO's ``keypoints`` (..., 17, 2), about."""
    keypoints = check_array("keypoints", keypoints, (..., 17, 2), finite=False)
    places = {name: keypoints[..., k, :] for k, name in enumerate(COCO_17.keypoints)}
    for name, parts in MEANS.items():
        places[name] = sum(places[part] for part in parts) / len(parts)
    return np.stack([places[name] for name in H36M_17.keypoints], axis=-2)
