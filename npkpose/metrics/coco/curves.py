"""Precision and recall as COCO draws them.

Going by falling score, with TP(i) and FP(i) the true and false positives among the first i + 1
detections and P the number of people who count,

    recall(i) = TP(i) / P      precision(i) = max over j >= i of TP(j) / (FP(j) + TP(j) + 2^-52)

and the curve at recall level r is the precision at the first i with recall(i) >= r, or 0 where
there is none. Detections that do not count move neither sum. Everingham et al., "The Pascal
Visual Object Classes Challenge", IJCV 2010, define the envelope; the 101 levels are COCO's.
"""

import numpy as np

from npkpose._jit import kernel

FALSE, TRUE, UNCOUNTED = 0, 1, 2  # what a detection turned out to be


def precision_curves(outcomes, scores, people, levels):
    """Return precision (T, R), final recall (T,), and the score at each level (T, R).

    Parameters
    ----------
    outcomes : ndarray of uint8, shape (T, D)
        FALSE, TRUE or UNCOUNTED, by falling score.
    scores : ndarray, shape (D,)
    people : int
        P. If nobody counts, all three are -1, COCO's "undefined".
    levels : ndarray, shape (R,)
        Recall levels, rising.
    """
    shape = len(outcomes), len(levels)
    if people == 0:
        return np.full(shape, -1.0), np.full(len(outcomes), -1.0), np.full(shape, -1.0)
    precision, at_scores, recall = np.zeros(shape), np.zeros(shape), np.zeros(len(outcomes))
    outcomes, scores = np.ascontiguousarray(outcomes), np.ascontiguousarray(scores)
    _curves(outcomes, scores, people, levels, precision, recall, at_scores)
    return precision, recall, at_scores


@kernel
def _curves(outcomes, scores, people, levels, precision, recall, at_scores):
    count = outcomes.shape[1]
    envelope = np.empty(count)
    reached = np.empty(levels.shape[0], dtype=np.int64)  # first detection at each level
    for t in range(outcomes.shape[0]):
        tp, fp, r = 0, 0, 0
        for i in range(count):
            tp += outcomes[t, i] == 1
            fp += outcomes[t, i] == 0
            envelope[i] = tp / (fp + tp + 2.0**-52)
            while r < levels.shape[0] and tp / people >= levels[r]:
                reached[r] = i
                r += 1
        recall[t] = tp / people
        for i in range(count - 2, -1, -1):
            envelope[i] = max(envelope[i], envelope[i + 1])
        for level in range(r):
            precision[t, level] = envelope[reached[level]]
            at_scores[t, level] = scores[reached[level]]
