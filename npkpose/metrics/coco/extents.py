"""The area of the box around a pose: COCO's area of a detection that has no box."""

import numpy as np

from npkpose._jit import kernel


def extents(keypoints):
    """Return the area (D,) of the box around all keypoints (D, K, 2) of each person.

    NaN if a coordinate is NaN, 0 if there are no keypoints.
    """
    areas = np.zeros(len(keypoints))
    if keypoints.shape[1]:
        with np.errstate(over="ignore", invalid="ignore"):  # seen only where Numba is disabled
            _extents(keypoints, areas)
    return areas


@kernel
def _extents(keypoints, areas):
    for d in range(keypoints.shape[0]):
        left, top = keypoints[d, 0]
        right, bottom = left, top
        for k in range(1, keypoints.shape[1]):
            x, y = keypoints[d, k]
            left = x if x < left or np.isnan(x) else left
            right = x if x > right or np.isnan(x) else right  # a NaN stays
            top = y if y < top or np.isnan(y) else top
            bottom = y if y > bottom or np.isnan(y) else bottom
        areas[d] = (right - left) * (bottom - top)
