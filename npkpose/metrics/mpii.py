"""MPII's protocol: the nine numbers that papers on single-person pose print.

PCKh at half the head's size, left and right averaged, and a mean over all labelled keypoints
except pelvis and thorax (6 and 7 of 16). Andriluka et al., "2D Human Pose Estimation: New
Benchmark and State of the Art Analysis", CVPR 2014. Three details of the code behind published
results (Sun et al., "Deep High-Resolution Representation Learning for Human Pose
Estimation", CVPR 2019, arXiv:1902.09212) are easily missed:

* The annotations count pixels from 1, as MATLAB does, and networks from 0: 1 is added.
* "Mean@0.1" is read from the twelfth of the thresholds 0, 0.01, 0.02, ..., which is 0.11.
  Later code reads the eleventh. Numbers of the two kinds are not comparable.
* Left and right are averaged with equal weights, even if one is labelled more often. The mean
  over all keypoints weights every labelled keypoint equally.
"""

from typing import NamedTuple

from numpy.typing import ArrayLike

from npkpose._check import check_array, check_number
from npkpose.metrics.pck import pckh

# Indices in the order of MPII's annotation file.
GROUPS = {
    "head": (9,), "shoulder": (12, 13), "elbow": (11, 14), "wrist": (10, 15), "hip": (2, 3),
    "knee": (1, 4), "ankle": (0, 5),
}  # fmt: skip
LEFT_OUT = (6, 7)  # pelvis and thorax
KEYPOINTS = 16


class MpiiScores(NamedTuple):
    """Percentages, in the order of the papers' tables."""

    head: float
    shoulder: float
    elbow: float
    wrist: float
    hip: float
    knee: float
    ankle: float
    mean: float
    mean_at_01: float


def mpii_protocol(
    keypoints: ArrayLike, true_keypoints: ArrayLike, head_boxes: ArrayLike,
    visibility: ArrayLike | None = None, offset: float = 1.0, low_threshold: float = 0.11,
) -> MpiiScores:  # fmt: skip
    """Return MPII's nine numbers as `MpiiScores`.

    Parameters
    ----------
    keypoints : array_like, shape (P, 16, 2)
        Predicted, in pixels counted from 0; NaN if missing.
    true_keypoints : array_like, shape (P, 16, 2)
        As in the annotation file, in pixels counted from 1.
    head_boxes : array_like, shape (P, 4)
        x0, y0, x1, y1.
    visibility : array_like, shape (P, 16), optional
        0: not labelled. Default: labelled where the true keypoint is not NaN.
    offset : float
        Added to the predictions; 0 if predictions and truth count from the same number.
    low_threshold : float
        The threshold of "Mean@0.1": 0.11 as published, 0.1 as its name says.
    """
    keypoints = check_array("keypoints", keypoints, ("P", KEYPOINTS, 2), finite=False)
    keypoints = keypoints + check_number("offset", offset)
    thresholds = 0.5, check_number("low_threshold", low_threshold)
    result = pckh(keypoints, true_keypoints, head_boxes, thresholds, visibility, LEFT_OUT)
    parts = [100 * result.per_keypoint[0, list(pair)].mean() for pair in GROUPS.values()]
    return MpiiScores(*map(float, (*parts, *(100 * result.mean))))
