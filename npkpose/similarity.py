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

from npkpose._check import check_array


def keypoint_similarity(squared, areas, sigmas):
    """Return ks, in the shape to which the arguments broadcast.

    Parameters
    ----------
    squared : array_like
        d^2, pixels^2. Where it is 0, ks is 1, whatever the area.
    areas, sigmas : array_like

    Raises
    ------
    ValueError
        A number below 0, or shapes that do not broadcast.
    """
    squared, areas, sigmas = (
        _not_negative(name, value)
        for name, value in (("squared", squared), ("areas", areas), ("sigmas", sigmas))
    )
    try:
        np.broadcast_shapes(squared.shape, areas.shape, sigmas.shape)
    except ValueError as error:
        raise ValueError(f"squared, areas, sigmas: expected to broadcast: {error}") from None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.exp(-squared / (2 * areas * (2 * sigmas) ** 2))
    return np.where(squared == 0, 1.0, near)


def _not_negative(name, value):
    array = check_array(name, value, (...,), finite=False)
    if (array < 0).any():
        raise ValueError(f"{name}: expected at least 0, got {np.nanmin(array)}")
    return array
