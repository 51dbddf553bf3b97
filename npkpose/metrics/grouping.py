"""Did grouping give each keypoint to the right person? OKS cannot tell: it scores only places."""

import numpy as np

from npkpose._check import LARGEST, check_array


def right_instance(keypoints, true_keypoints, matched):
    """Return which detected keypoints belong to the instance that their pose was matched with.

    A detected keypoint belongs to the instance whose keypoint of the same type is nearest (ties:
    the lower index). All keypoints of an unmatched pose are in the wrong instance.

    Parameters
    ----------
    keypoints : array_like, shape (D, K, 2)
        NaN if missing.
    true_keypoints : array_like, shape (G, K, 2), G at least 1
    matched : array_like of int, shape (D,)
        Index of each pose's true person, below G, or -1: see `metrics.match`.

    Returns
    -------
    right : ndarray of bool, shape (D, K)
        False if the keypoint is missing.
    """
    keypoints = check_array("keypoints", keypoints, ("D", "K", 2), finite=False)
    truth = check_array("true_keypoints", true_keypoints, ("G", keypoints.shape[1], 2))
    matched = check_array("matched", matched, (len(keypoints),))
    if len(truth) == 0:
        raise ValueError("true_keypoints: expected at least 1 instance, got 0")
    is_index = (matched == np.rint(matched)) & (matched >= -1) & (matched < len(truth))
    if not is_index.all():
        d = int(is_index.argmin())
        raise ValueError(
            f"matched[{d}]: expected -1 or an index below {len(truth)}, got {matched[d]:g}"
        )
    largest = np.where(np.isfinite(keypoints), keypoints, 0.0)
    check_array("keypoints", largest, keypoints.shape, largest=LARGEST)
    check_array("true_keypoints", truth, truth.shape, largest=LARGEST)
    distance = np.linalg.norm(keypoints[:, None] - truth, axis=3)  # (D, G, K)
    missing = np.isnan(distance).any(axis=1)
    nearest = np.where(np.isnan(distance), 0.0, distance).argmin(axis=1)  # (D, K)
    return (nearest == matched[:, None]) & ~missing
