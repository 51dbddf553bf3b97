"""Non-maximum suppression: of two detections that are nearly the same, keep the better one.

Detections are visited by falling score (ties: the lower index). Each is kept unless its similarity
to a kept one exceeds a threshold. The similarity of two boxes is their intersection over union, in
real coordinates (no pixel is added to a side); that of two poses is their object keypoint
similarity (similarity.py), symmetric here because neither is the ground truth:

    similarity = mean over keypoints that both have of exp(-d_i^2 / (2 A (2 sigma_i)^2))

d_i is the distance between the two keypoints i, A the mean of the two people's areas.

The pose rule is Papandreou et al.'s, "Towards Accurate Multi-person Pose Estimation in the Wild",
CVPR 2017, arXiv:1701.01779. Departures from published code: a keypoint is compared if both people
have it, where Sun et al.'s release tests the second person alone (`list and list`); people of
area 0 are similar where they coincide, and nothing is added to A.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import LARGEST, check_array, check_kind, check_number
from npkpose._jit import helper, kernel
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton
from npkpose.skeletons.sigmas import known_sigmas

CHUNK = 2**25  # numbers that one call of a kernel compares

def oks_nms(
    poses: Poses, skeleton: Skeleton, areas: ArrayLike | None = None, threshold: float = 0.9,
) -> NDArray:  # fmt: skip
    """Return the indices of the people to keep, by falling score, for ``poses[kept]``.

    Parameters
    ----------
    poses : Poses of K keypoints
    skeleton : Skeleton of K keypoints
        Its ``sigmas`` are read.
    areas : array_like, shape (P,), optional
        At least 0, in square pixels. Default: the area of the box around the keypoints.
    threshold : float
        0.9 is HRNet's (Sun et al., CVPR 2019, arXiv:1902.09212).

    Returns
    -------
    kept : ndarray of int, shape (N,)
        People without a keypoint in common, or without any, never suppress each other.

    Raises
    ------
    ValueError
        A skeleton of another length, wrong shape, a coordinate above 1e150, a negative area or
        threshold.
    """
    check_kind("skeleton", skeleton, Skeleton)
    keypoints = check_kind("poses", poses, Poses).keypoints
    check_array("poses.keypoints", keypoints, ("P", "K", 2), finite=False, largest=LARGEST)
    sigmas = check_array("skeleton.sigmas", known_sigmas(skeleton), (keypoints.shape[1],))
    if areas is None:
        areas = np.empty(len(poses))
        _fill_areas(keypoints, areas)
    else:
        areas = check_array("areas", areas, (len(poses),))
        if (areas < 0).any():
            raise ValueError(f"areas: expected at least 0, got {areas.min():g}")
    threshold = check_number("threshold", threshold, at_least=0)
    order = np.argsort(-poses.person_scores, kind="stable")
    keep = np.zeros(len(order), dtype=np.bool_)
    keypoints, areas = keypoints[order], areas[order]
    for start, stop in _chunks(len(order), keypoints.size):
        _suppress_poses(keypoints, areas, sigmas, threshold, start, stop, keep)
    return order[keep]


def box_nms(boxes: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> NDArray:
    """Return the indices of the boxes to keep, by falling score.

    Parameters
    ----------
    boxes : array_like, shape (N, 4)
        (x0, y0, x1, y1), x0 <= x1 and y0 <= y1.
    scores : array_like, shape (N,)
    threshold : float
        A box whose intersection over union with a kept one exceeds it is dropped.

    Returns
    -------
    kept : ndarray of int
        A box of area 0 overlaps nothing: it is kept, and suppresses nothing.

    Raises
    ------
    ValueError
        Wrong shape, NaN, infinity or a number above 1e150, a box with x0 > x1 or y0 > y1, or a
        negative threshold.
    """
    boxes = check_array("boxes", boxes, ("N", 4), largest=LARGEST)
    scores = check_array("scores", scores, (len(boxes),))
    swapped = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if swapped.any():
        n = int(swapped.argmax())
        raise ValueError(f"boxes[{n}]: expected x0 <= x1 and y0 <= y1, got {boxes[n]}")
    threshold = check_number("threshold", threshold, at_least=0)
    order = np.argsort(-scores, kind="stable")
    keep = np.zeros(len(order), dtype=np.bool_)
    boxes = boxes[order]
    for start, stop in _chunks(len(order), boxes.size):
        _suppress_boxes(boxes, threshold, start, stop, keep)
    return order[keep]


def _chunks(count, cost):
    """Return ranges (start, stop) of detections, each of which costs up to ``cost``.

    One call of a kernel takes some tenths of a second at most, so that Ctrl-C stops it.
    """
    step = max(CHUNK // max(cost, 1), 1)
    return [(start, min(start + step, count)) for start in range(0, count, step)]


@kernel
def _fill_areas(keypoints, areas):
    """Fill ``areas`` (P,): of the box around the keypoints that each person has, or 0."""
    for p in range(keypoints.shape[0]):
        left = top = np.inf
        right = bottom = -np.inf
        for k in range(keypoints.shape[1]):
            x, y = keypoints[p, k, 0], keypoints[p, k, 1]
            if not np.isnan(x):
                left, right = min(left, x), max(right, x)
                top, bottom = min(top, y), max(bottom, y)
        areas[p] = (right - left) * (bottom - top) if left <= right else 0.0


@kernel
def _suppress_poses(keypoints, areas, sigmas, threshold, start, stop, keep):
    """Set ``keep`` (P,) from ``start`` to ``stop``, for people (P, K, 2) by falling score."""
    for p in range(start, stop):
        keep[p] = True
        for q in range(p):
            if keep[q]:
                area = 0.5 * (areas[p] + areas[q])
                if _similarity(keypoints[p], keypoints[q], area, sigmas) > threshold:
                    keep[p] = False
                    break


@kernel
def _similarity(a, b, area, sigmas):
    """Mean similarity of the keypoints that both people have; 0 if they share none."""
    total, common = 0.0, 0
    for k in range(a.shape[0]):
        squared = (a[k, 0] - b[k, 0]) ** 2 + (a[k, 1] - b[k, 1]) ** 2
        if np.isnan(squared):
            continue
        common += 1
        if squared == 0:
            total += 1.0
        elif area > 0:  # `similarity`'s formula: a kernel calls only helpers of its own file
            total += np.exp(-squared / (2 * area * (2 * sigmas[k]) ** 2))
    return total / common if common else 0.0


@kernel
def _suppress_boxes(boxes, threshold, start, stop, keep):
    """Set ``keep`` (N,) from ``start`` to ``stop``, for boxes (N, 4) ordered by falling score."""
    for n in range(start, stop):
        keep[n] = True
        for m in range(n):
            if keep[m] and _overlap(boxes[n], boxes[m]) > threshold:
                keep[n] = False
                break


@helper
def _overlap(a, b):
    """Intersection over union; 0 for boxes that share no area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union
