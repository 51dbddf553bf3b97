"""Keypoint similarity: how near a keypoint is to its true place, from 0 to 1.

    ks = exp(-d^2 / (2 A (2 sigma)^2))

d is the distance from the true place (pixels), A the area of the true person (pixels^2) and sigma
the constant of this keypoint: one standard deviation of the annotators, as a share of sqrt(A). The
mean of ks over a person's keypoints is COCO's object keypoint similarity (OKS). Ronchi and Perona,
"Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation", ICCV 2017, arXiv:1707.05388.

The kernels of `metrics.oks` and `codec.nms` keep their own copy, because a kernel calls only
helpers of its own file, and so do their twins; a test compares every copy with this formula.
"""

import numpy as np


def keypoint_similarity(squared, areas, sigmas):
    """Return ks, in the shape to which the arguments broadcast.

    Parameters
    ----------
    squared : ndarray
        d^2, pixels^2. Where it is 0, ks is 1, whatever the area.
    areas, sigmas : array_like
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.exp(-squared / (2 * areas * (2 * np.asarray(sigmas)) ** 2))
    return np.where(squared == 0, 1.0, near)
