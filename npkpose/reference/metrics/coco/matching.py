"""Twin of `npkpose.metrics.coco.matching`: one group and threshold at a time.

As in pycocotools, ignored ground truth is sorted last, and the scan stops where it begins if it
has found a match.
"""

import numpy as np


def candidate_pairs(gt_groups, dt_groups, scores, max_dets):
    """Return lists dt, gt, groups, first, pairs, as `candidate_pairs` does."""
    dt, gt, pairs, first = [], [], [], [[0, 0, 0]]
    groups = sorted({*gt_groups.tolist(), *dt_groups.tolist()} - {-1})
    for group in groups:
        own_gt = np.flatnonzero(gt_groups == group).tolist()
        own_dt = sorted(np.flatnonzero(dt_groups == group).tolist(), key=lambda d: -scores[d])
        own_dt = own_dt[:max_dets]
        dt += own_dt
        gt += own_gt
        pairs += [[d, g] for d in own_dt for g in own_gt]
        first.append([len(dt), len(gt), len(pairs)])
    return [dt, gt, groups, first, pairs]


def match_detections(similarity, first, ignored, iscrowd, thresholds):
    """Return the matches (T, D), as `metrics.coco.matching.match_detections` does."""
    matched = np.full((len(thresholds), first[-1, 0]), -1)
    for (d0, g0, m0), (d1, g1, m1) in zip(first[:-1], first[1:]):
        table = similarity[m0:m1].reshape(d1 - d0, g1 - g0)
        order = sorted(range(g1 - g0), key=lambda g: ignored[g0 + g])  # stable
        for t, threshold in enumerate(thresholds):
            free = set(order)
            for d in range(d1 - d0):
                g = _choose(table[d], order, free, ignored[g0:g1], threshold)
                if g is not None:
                    matched[t, d0 + d] = g0 + g
                    free -= set() if iscrowd[g0 + g] else {g}
    return matched


def _choose(row, order, free, ignored, threshold):
    best, best_oks = None, min(threshold, 1 - 1e-10)
    for g in order:
        if best is not None and not ignored[best] and ignored[g]:
            return best
        if g in free and not row[g] < best_oks:
            best, best_oks = g, row[g]
    return best
