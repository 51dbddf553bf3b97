"""Twin of `npkpose.metrics.coco.matching`: one group and threshold at a time, people sorted so that
those who do not count come last, and a scan that stops when it reaches them."""

import numpy as np


def meet(truth_groups, found_groups, num_groups, scores, most):
    """Return lists of detections, people, firsts and pairs, as `metrics.coco_match.meet` does."""
    detections, people, pairs, first = [], [], [], [[0, 0, 0]]
    for group in range(num_groups):
        found = sorted(np.flatnonzero(found_groups == group).tolist(), key=lambda d: -scores[d])
        true = np.flatnonzero(truth_groups == group).tolist()
        detections += found[:most]
        people += true
        pairs += [[d, g] for d in found[:most] for g in true]
        first.append([len(detections), len(people), len(pairs)])
    return [detections, people, first, pairs]


def match_people(similarity, first, counts, crowd, thresholds):
    """Return whom each detection takes (T, D), as `metrics.coco_match.match_people` does."""
    matched = np.full((len(thresholds), first[-1, 0]), -1)
    for (d0, g0, m0), (d1, g1, m1) in zip(first[:-1], first[1:]):
        table = similarity[m0:m1].reshape(d1 - d0, g1 - g0)
        order = sorted(range(g1 - g0), key=lambda g: not counts[g0 + g])  # stable
        for t, threshold in enumerate(thresholds):
            free = set(order)
            for d in range(d1 - d0):
                person = _choose(table[d], order, free, counts[g0:g1], threshold)
                if person is not None:
                    matched[t, d0 + d] = g0 + person
                    free -= set() if crowd[g0 + person] else {person}
    return matched


def _choose(row, order, free, counts, threshold):
    best, bar = None, min(threshold, 1 - 1e-10)
    for g in order:
        if best is not None and counts[best] and not counts[g]:
            return best
        if g in free and not row[g] < bar:
            best, bar = g, row[g]
    return best
