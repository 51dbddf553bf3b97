"""Who was found: COCO's greedy matching of the detections in one image with its people.

Detections choose in order of falling score. Each takes the person it is most similar to, among
those at or above the threshold that are free (a crowd always is); people who do not count only
where no other is left. Between equals the later person wins.

Who counts depends on the range of areas. A person does not who is a crowd, has no keypoint, or
is outside the range; a detection does not if its person does not, or if it has no person and
its own area is outside the range.

Only pairs of one image and category meet. Detections are sorted by category, image, falling
score and place in the list (NaN last), and cut to the best few of each image; people by category
and image. ``first[b]`` is where group b begins among the detections, people and pairs, and the
pairs of a group are ordered by detection, then person.
"""

from typing import NamedTuple

import numpy as np

from npkpose._jit import kernel

CERTAIN = 1 - 1e-10  # the highest threshold: rounding must not keep a perfect pose out


class Meeting(NamedTuple):
    """Which detections and people meet: D detections, G people, M pairs, B groups."""

    detections: np.ndarray  # (D,) int: row of the detections' table
    people: np.ndarray  # (G,) int: row of the ground truth's
    rank: np.ndarray  # (D,) int: place among the detections of the group
    first: np.ndarray  # (B + 1, 3) int
    pairs: np.ndarray  # (M, 2) int: rows of both tables


def meet(truth_groups, found_groups, num_groups, scores, most):
    """Return the meeting of people with detections.

    Parameters
    ----------
    truth_groups, found_groups : ndarray of int, shape (N,)
        Group of each row, -1 for those that are left out.
    num_groups : int
    scores : ndarray, shape (N,)
        Of the detections.
    most : int
        Detections of a group beyond the best ``most`` are cut.
    """
    people = np.argsort(truth_groups, kind="stable")
    people = people[truth_groups[people] >= 0]
    order = np.argsort(-scores, kind="stable")
    order = order[np.argsort(found_groups[order], kind="stable")]
    order = order[found_groups[order] >= 0]
    groups = found_groups[order]
    rank = np.arange(len(order)) - np.searchsorted(groups, groups)
    order, rank = order[rank < most], rank[rank < most]

    first = np.zeros((num_groups + 1, 3), dtype=np.int64)
    first[1:, 0] = np.bincount(found_groups[order], minlength=num_groups)
    first[1:, 1] = np.bincount(truth_groups[people], minlength=num_groups)
    first[:, 2] = first[:, 0] * first[:, 1]
    first = first.cumsum(axis=0)
    pairs = np.empty((first[-1, 2], 2), dtype=np.int64)
    _list_pairs(first, order, people, pairs)
    return Meeting(order, people, rank, first, pairs)


def match_people(similarity, first, counts, crowd, thresholds):
    """Return whom each detection takes: (T, D) int, index among the G people or -1.

    Parameters
    ----------
    similarity : ndarray, shape (M,)
        NaN is above every threshold and below nothing, as in pycocotools.
    first : ndarray of int, shape (B + 1, 3)
    counts, crowd : ndarray of bool, shape (G,)
        Who counts, and who can be taken again.
    thresholds : ndarray, shape (T,)
    """
    matched = np.full((len(thresholds), first[-1, 0]), -1, dtype=np.int32)
    taken = np.empty(len(counts), dtype=np.bool_)
    _match(similarity, first, counts, crowd, np.minimum(thresholds, CERTAIN), taken, matched)
    return matched


@kernel
def _list_pairs(first, detections, people, pairs):
    m = 0
    for b in range(first.shape[0] - 1):
        for d in range(first[b, 0], first[b + 1, 0]):
            for g in range(first[b, 1], first[b + 1, 1]):
                pairs[m, 0], pairs[m, 1] = detections[d], people[g]
                m += 1


@kernel
def _match(similarity, first, counts, crowd, thresholds, taken, matched):
    for b in range(first.shape[0] - 1):
        start, end = first[b, 1], first[b + 1, 1]
        for t in range(thresholds.shape[0]):
            taken[start:end] = False
            m = first[b, 2]
            for d in range(first[b, 0], first[b + 1, 0]):
                row = similarity[m : m + end - start]
                m += end - start
                best = _choose(row, start, counts, crowd, taken, thresholds[t])
                matched[t, d] = best
                if best >= 0:
                    taken[best] = True


@kernel
def _choose(row, start, counts, crowd, taken, threshold):
    """Return the most similar person, ``row[i]`` being person ``start + i``, or -1."""
    best = -1
    for wanted in (True, False):
        for g in range(start, start + row.shape[0]):
            if counts[g] == wanted and (crowd[g] or not taken[g]):
                if not row[g - start] < threshold:  # NaN is taken
                    best, threshold = g, row[g - start]
        if best >= 0:
            break
    return best
