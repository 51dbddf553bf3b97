"""COCO's greedy matching of the detections in one image with its ground truth.

Detections choose by falling score. Each takes the ground truth with the highest OKS, among those
at or above the threshold that no detection has taken (a crowd can be taken again). Ignored ground
truth is matched only if nothing else qualifies. Between equal OKS the later ground truth wins.

Ignored = iscrowd, no keypoints, or area out of range. A detection is ignored if its ground truth
is, or if it has none and its own area is out of range.

Only pairs of the same image and category, a group, are compared. Detections are sorted by
category, image, falling score and position in the list (NaN last), and the top max_dets of each
group are used; ground truth is sorted by category and image. ``first[b]`` is where the b-th group
begins among the detections, the ground truth and the pairs; the pairs of a group are ordered by
detection, then ground truth. Groups without any detection or ground truth take no memory.
"""

from typing import NamedTuple

import numpy as np

from npkpose._jit import inner_kernel, kernel

MAX_THRESHOLD = 1 - 1e-10  # pycocotools': rounding must not reject a perfect pose


class CandidatePairs(NamedTuple):
    """Which detections are compared with which ground truth: D, G, M pairs, B groups."""

    dt: np.ndarray  # (D,) int: rows of the table of detections
    gt: np.ndarray  # (G,) int: rows of the table of ground truth
    rank: np.ndarray  # (D,) int: place by score among the detections of the group
    groups: np.ndarray  # (B,) int: numbers of the groups, rising
    first: np.ndarray  # (B + 1, 3) int
    pairs: np.ndarray  # (M, 2) int: rows of both tables


def candidate_pairs(gt_groups, dt_groups, scores, max_dets):
    """Return the `CandidatePairs` of ground truth and detections.

    Parameters
    ----------
    gt_groups, dt_groups : ndarray of int, shape (N,)
        Number of the group of each row, -1 for rows that are left out.
    scores : ndarray, shape (N,)
        Of the detections.
    max_dets : int
        The top ``max_dets`` of each group are used.
    """
    gt = stable_argsort(gt_groups)
    gt = gt[gt_groups[gt] >= 0]
    dt = stable_argsort(-scores)
    dt = dt[stable_argsort(dt_groups[dt])]
    dt = dt[dt_groups[dt] >= 0]
    dt_groups, gt_groups = dt_groups[dt], gt_groups[gt]
    place = np.arange(len(dt))
    rank = place - np.maximum.accumulate(np.where(_differs(dt_groups), place, 0))
    used = rank < max_dets
    dt, rank, dt_groups = dt[used], rank[used], dt_groups[used]
    groups = np.union1d(_distinct(dt_groups), _distinct(gt_groups))
    first = _first(groups, dt_groups, gt_groups)
    pairs = np.empty((first[-1, 2], 2), dtype=np.int64)
    _list_pairs(first, dt, gt, pairs)
    return CandidatePairs(dt, gt, rank, groups, first, pairs)


def stable_argsort(values):
    """Return ``np.argsort(values, kind="stable")``, NaN last, in a third of its time."""
    order = np.argsort(values)
    ordered = values[order]
    same = (ordered[1:] == ordered[:-1]) | (ordered[:-1] != ordered[:-1])  # NaN equals NaN
    run = np.append(0, np.cumsum(~same))[: len(values)]  # which of the distinct values
    return np.sort(run * len(values) + order) % max(len(values), 1)


def _distinct(values):
    """Return the distinct ones of sorted values."""
    return values[_differs(values)]


def _differs(values):
    """Return which of sorted values (N,) differ from the one before them."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _first(groups, dt_groups, gt_groups):
    """Return where each group begins (B + 1, 3) among detections, ground truth and pairs."""
    first = np.zeros((len(groups) + 1, 3), dtype=np.int64)
    first[:-1, 0], first[-1, 0] = np.searchsorted(dt_groups, groups), len(dt_groups)
    first[:-1, 1], first[-1, 1] = np.searchsorted(gt_groups, groups), len(gt_groups)
    first[1:, 2] = np.diff(first[:, :2], axis=0).prod(axis=1).cumsum()
    return first


def match_detections(similarity, first, ignored, iscrowd, thresholds):
    """Return what each detection is matched with: (T, D) int, index among the G, or -1.

    Parameters
    ----------
    similarity : ndarray, shape (M,)
        NaN is above every threshold and below nothing, as in pycocotools.
    first : ndarray of int, shape (B + 1, 3)
    ignored, iscrowd : ndarray of bool, shape (G,)
        Of the ground truth.
    thresholds : ndarray, shape (T,)
    """
    matched = np.full((len(thresholds), first[-1, 0]), -1, dtype=np.int32)
    taken = np.zeros((len(thresholds), len(ignored)), dtype=np.bool_)  # crowds never are
    near = np.empty(len(ignored), dtype=np.int64)
    thresholds = np.minimum(thresholds, MAX_THRESHOLD)
    _match(similarity, first, ignored, iscrowd, thresholds, taken, near, matched)
    return matched


@kernel
def _list_pairs(first, dt, gt, pairs):
    m = 0
    for b in range(first.shape[0] - 1):
        for d in range(first[b, 0], first[b + 1, 0]):
            for g in range(first[b, 1], first[b + 1, 1]):
                pairs[m, 0], pairs[m, 1] = dt[d], gt[g]
                m += 1


@inner_kernel
def _match(similarity, first, ignored, iscrowd, thresholds, taken, near, matched):
    lowest = np.inf
    for threshold in thresholds:
        lowest = min(lowest, threshold)
    for b in range(first.shape[0] - 1):
        start, end, m = first[b, 1], first[b + 1, 1], first[b, 2]
        for d in range(first[b, 0], first[b + 1, 0]):
            row = similarity[m : m + end - start]
            m += end - start
            count = _list_near(row, start, ignored, lowest, near)
            for t in range(thresholds.shape[0]):
                best = _choose(row, start, ignored, taken[t], near[:count], thresholds[t])
                matched[t, d] = best
                if best >= 0 and not iscrowd[best]:
                    taken[t, best] = True


@inner_kernel
def _list_near(row, start, ignored, threshold, near):
    """List which ground truth reaches the threshold, ignored last; return how many do."""
    count = 0
    for want_ignored in (False, True):
        for g in range(start, start + row.shape[0]):
            similarity = row[g - start]
            if ignored[g] == want_ignored and not similarity < threshold:
                near[count] = g
                count += 1
                if np.isnan(similarity):  # it is taken, and after it any other
                    threshold = similarity
    return count


@inner_kernel
def _choose(row, start, ignored, taken, near, threshold):
    """Return the best of the ground truth ``near``, or -1; ``row[i]`` is the OKS of start + i."""
    best = -1
    for i in range(near.shape[0]):
        g = near[i]
        if best >= 0 and ignored[g] and not ignored[best]:
            break
        if not (taken[g] or row[g - start] < threshold):
            best, threshold = g, row[g - start]
    return best
