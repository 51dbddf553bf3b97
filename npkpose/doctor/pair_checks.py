"""What results say about their annotations: are all of them shifted?

Each result is paired with the annotation of its image whose labelled keypoints are nearest on
average. For the pairs that are near, by `NEAR` of the annotation's size, d is the difference of a
keypoint's two places. If the median of d is not 0 in x or y, all results are shifted: by half a
pixel between "pixel centres at integers" and "pixel corners at integers", by a whole one between
coordinates counted from 0 and from 1.
"""

import numpy as np

from npkpose.metrics.coco.doctor import Finding

NEAR = 0.25  # of the longer side
MIN_KEYPOINTS = 100
SHIFT = 0.25  # pixels: a smaller median is noise
SURE = 4.0  # standard errors of the median
ROUND = 0.12  # pixels between a shift and the convention that explains it


def examine_pairs(truth, found):
    """Return the findings about the `Sheet` of annotations and that of results for them."""
    differences = paired_differences(truth, found)  # (M, 2)
    if len(differences) < MIN_KEYPOINTS:
        return []
    shift = np.median(differences, axis=0)
    spread = 1.4826 * np.median(abs(differences - shift), axis=0)  # of a normal distribution
    error = 1.2533 * spread / np.sqrt(len(differences))
    clear = (abs(shift) > SHIFT) & (abs(shift) > SURE * error)
    if not clear.any():
        return []
    x, y = np.round(shift, 2) + 0.0
    what = f"results that lie ({x:g}, {y:g}) pixels beside the annotations, in the median"
    effect = f"OKS of small people falls{_why(shift, clear)}: AP rises if they are shifted back."
    return [Finding(what, effect, ["results"])]


def paired_differences(truth, found):
    """Return result minus annotation (M, 2) of all keypoints of near pairs."""
    by_image = {}
    for n, key in enumerate(truth.image_keys):
        if truth.labelled[n].any() and not truth.ignored[n]:
            by_image.setdefault(key, []).append(n)
    parts = [np.empty((0, 2))]
    sides, labelled, places = truth.sides, truth.labelled, truth.keypoints
    for d, key in enumerate(found.image_keys):
        rows = by_image.get(key)
        if rows is None:
            continue
        difference = found.keypoints[d] - places[rows]  # (n, K, 2)
        both = labelled[rows] & np.isfinite(difference).all(axis=2)
        distance = np.where(both, np.hypot(*np.nan_to_num(np.moveaxis(difference, 2, 0))), 0.0)
        mean = distance.sum(axis=1) / np.maximum(both.sum(axis=1), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(both.any(axis=1) & (sides[rows] > 0), mean / sides[rows], np.inf)
        best = int(mean.argmin())
        if mean[best] <= NEAR:
            parts.append(difference[best][both[best]])
    return np.concatenate(parts)


def _why(shift, clear):
    """Return which convention explains a shift, or ""."""
    size = abs(shift[clear])
    if (abs(size - 0.5) < ROUND).all():
        return " (half a pixel: pixel centres at integers, or at halves)"
    if (abs(size - 1) < ROUND).all():
        return " (one pixel: counted from 0, or from 1)"
    return ""
