"""Mean distances: end point error (EPE) in pixels, and normalised (NME) by each person's size.

    EPE = mean of d_i        NME = mean of d_i / s

over labelled keypoints i. d_i is the distance from the true place and s the size of its person:
for faces the distance between the outer corners of the eyes (Sagonas et al., "300 Faces
In-the-Wild Challenge", ICCV Workshops 2013) or the square root of the face box's area. One
keypoint far away changes both without limit, unlike PCK and OKS.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.metrics.pck import normalised_distances


def epe(keypoints, true_keypoints, visibility=None):
    """Return the mean distance of labelled keypoints from the truth, in the unit of both.

    Parameters
    ----------
    keypoints, true_keypoints : array_like, shape (P, K, 2)
    visibility : array_like, shape (P, K), optional
        Keypoints of visibility 0 are not labelled. Default: labelled where the true keypoint is
        not NaN.

    Returns
    -------
    error : float
        NaN if nothing is labelled.

    Raises
    ------
    ValueError
        Wrong shape, or a labelled keypoint that is missing or not finite: it has no distance.
    """
    keypoints = check_array("keypoints", keypoints, ("P", "K", 2), finite=False)
    return nme(keypoints, true_keypoints, np.ones(len(keypoints)), visibility)


def nme(keypoints, true_keypoints, sizes, visibility=None):
    """Return the mean distance of labelled keypoints, divided by ``sizes`` (P,), positive.

    The rest is as for `epe`.
    """
    distances, labelled = normalised_distances(keypoints, true_keypoints, sizes, visibility)
    missing = np.argwhere(labelled & np.isinf(distances))
    if len(missing):
        p, k = missing[0]
        got = check_array("keypoints", keypoints, ("P", "K", 2), finite=False)[p, k]
        raise ValueError(f"keypoints[{p}, {k}]: expected finite (x, y), got {got}")
    return float(distances[labelled].mean()) if labelled.any() else float("nan")
