"""Grouping without fields, to compare with: each person takes the nearest peak of each keypoint.

Each peak of the skeleton's first keypoint starts a person, who takes the nearest peak of every
other keypoint, even if another person has it too. This is correct as long as people stand
further apart than they are tall.
"""

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.grid import check_grid
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton


def group_nearest(heatmaps, skeleton, grid=None, threshold=0.1):
    """Return the people of one image; the parameters are those of `group_paf`.

    A keypoint without any peak is missing from all people.
    """
    check_grid(grid)
    K = check_kind("skeleton", skeleton, Skeleton).num_keypoints
    dtypes = np.float64, np.float32
    heatmaps = check_array("heatmaps", heatmaps, ("C", "H", "W"), dtypes, finite=False)
    if len(heatmaps) < K:
        raise ValueError(f"heatmaps: expected at least {K} channels, got {len(heatmaps)}")
    peaks = find_peaks(heatmaps[:K], threshold)
    anchors = peaks.points[: peaks.first[1]]
    keypoints = np.full((len(anchors), skeleton.num_keypoints, 2), np.nan)
    scores = np.zeros(keypoints.shape[:2])
    for k in range(skeleton.num_keypoints):
        own = slice(peaks.first[k], peaks.first[k + 1])
        if len(peaks.points[own]):
            offset = peaks.points[None, own] - anchors[:, None]  # (P, M, 2)
            nearest = (offset**2).sum(axis=2).argmin(axis=1)
            keypoints[:, k] = peaks.points[own][nearest]
            scores[:, k] = peaks.scores[own][nearest]
    if grid is not None:
        keypoints = grid.to_image(keypoints, heatmaps.shape[1:])
    return Poses(keypoints, scores)
