"""CrowdPose's AP of images that are easy, medium and hard, by their crowd index.

An image is easy if its crowdIndex is below 0.2, medium below 0.8, else hard. Each level is an
evaluation of its own images, for all areas. Li et al., "CrowdPose: Efficient Crowded Scenes Pose
Estimation and a New Benchmark", CVPR 2019, arXiv:1812.00324. As published, the three numbers are
rounded to four decimals; -1 if a level has no image with anybody to find.

Departure: where a level lacks one of several categories, the published mean includes its -1; here
that category is left out, and with ``strict`` it is not.
"""

import numpy as np

from npkpose.metrics.coco.curves import precision_curves
from npkpose.metrics.coco.matching import stable_argsort

EASY_BELOW, MEDIUM_BELOW = 0.2, 0.8


def crowd_levels(result):
    """Return the AP of easy, medium and hard images; all -1 if no image has a crowd index.

    Parameters
    ----------
    result : CocoResult
    """
    index = result.truth.crowd_index
    if index is None:
        return -1.0, -1.0, -1.0
    levels = index < EASY_BELOW, (EASY_BELOW <= index) & (index < MEDIUM_BELOW), None
    levels = *levels[:2], ~(levels[0] | levels[1])
    return tuple(_average_precision(result, of_level) for of_level in levels)


def _average_precision(result, of_level):
    """Return the mean precision in the images ``of_level`` (a mask), to four decimals."""
    thresholds, levels, categories, areas, _ = result.precision.shape
    precision = np.full((thresholds, levels, categories, areas, 1), -1.0)
    for k in range(categories):
        precision[:, :, k, 0, 0] = _precision(result, k, of_level)
    values = precision[:, :, :, 0, :]  # of the first range of areas
    if not result.settings.strict and (values > -1).any():
        values = values[values > -1]
    return round(float(np.mean(values)), 4) if values.size else -1.0


def _precision(result, k, of_level):
    """Return the precision (T, R) of category ``k`` in the images of a level, for all areas."""
    candidates, images = result.candidates, len(of_level)
    category, image = np.divmod(candidates.groups, max(images, 1))
    inside = (category == k) & of_level[image] if images else category < 0
    in_dt, in_gt = (np.repeat(inside, np.diff(candidates.first[:, c])) for c in (0, 1))
    dt = np.flatnonzero(in_dt & (candidates.rank < result.max_dets))
    scores = result.found.score[candidates.dt[dt]]
    order = stable_argsort(-scores)
    num_gt = int((~result.ignored[0, in_gt]).sum())
    outcomes = result.outcomes[0][:, dt[order]]
    return precision_curves(outcomes, scores[order], num_gt, result.recall_levels)[0]
