"""A sequence of one person's keypoints, prepared for lifting: no gaps, and Human3.6M's joints.

Lifting networks need every keypoint in every frame. Each coordinate is interpolated linearly over
a gap; before the first and after the last detection it is constant.

The published networks lift Human3.6M's joints. COCO lacks five of them; approximately:

    mid_hip   = (left_hip + right_hip) / 2         thorax    = (left_ + right_shoulder) / 2
    spine     = (mid_hip + thorax) / 2             neck_nose = (thorax + head) / 2
    head      = mean of eyes and ears

In Human3.6M's skeleton the spine joint is almost in the middle (233 of 490 mm), and the head is
121 + 115 mm above the thorax. A network trained on a detector's COCO keypoints needs none of this.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.skeletons import COCO_17, H36M_17, conversion_table

_LARGEST = 1e30  # pixels


def fill_gaps(keypoints):
    """Return ``keypoints`` (F, K, 2), NaN where missing, with every gap filled.

    Raises
    ------
    ValueError
        Wrong shape, no frames, a number above 1e30, or a keypoint missing in every frame.
    """
    keypoints = check_array("keypoints", keypoints, ("F", "K", 2), finite=False, largest=_LARGEST)
    keypoints = keypoints.copy()
    frames = np.arange(len(keypoints))
    for k in range(keypoints.shape[1]):
        present = ~np.isnan(keypoints[:, k]).any(axis=1)
        if not present.any():
            raise ValueError(f"keypoints[:, {k}]: expected one in some frame, got none")
        for axis in range(2):
            known = keypoints[present, k, axis]
            keypoints[:, k, axis] = np.interp(frames, frames[present], known)
    return keypoints


def coco_to_h36m(keypoints):
    """Return approximate Human3.6M joints (..., 17, 2) of COCO's ``keypoints`` (..., 17, 2)."""
    keypoints = check_array("keypoints", keypoints, (..., 17, 2), finite=False)
    return conversion_table(COCO_17, H36M_17).points(keypoints)
