"""Precision and recall as COCO computes them.

With detections sorted by falling score, TP(i) and FP(i) the true and false positives among the
first i + 1 of them and G the number of ground truth that is not ignored,

    recall(i) = TP(i) / G      precision(i) = max over j >= i of TP(j) / (FP(j) + TP(j) + 2^-52)

and the curve at recall level r is the precision at the first i with recall(i) >= r, or 0 if there
is none. Ignored detections change neither sum. Everingham et al., "The Pascal Visual Object
Classes Challenge", IJCV 2010, define the envelope; the 101 levels are COCO's.
"""

import numpy as np

from npkpose._jit import kernel

FALSE_POSITIVE, TRUE_POSITIVE, IGNORED = 0, 1, 2  # the outcome of a detection


def match_outcomes(matched, ignored, unmatched, out_of_range):
    """Return the outcome of each detection: (T, D) uint8.

    Parameters
    ----------
    matched : ndarray of int32, shape (T, D)
        Index among the ground truth, or -1.
    ignored : ndarray of bool, shape (G,)
        Matches with this ground truth are ignored.
    unmatched : ndarray of bool, shape (G,)
        Matches with this ground truth are none.
    out_of_range : ndarray of bool, shape (D,)
        These detections are ignored if they are false positives.
    """
    outcomes = np.empty(matched.shape, np.uint8)
    _outcomes(matched, ignored, unmatched, out_of_range, outcomes)
    return outcomes


def precision_curves(outcomes, scores, num_gt, recall_levels):
    """Return precision (T, R), final recall (T,), and the score at each level (T, R).

    Parameters
    ----------
    outcomes : ndarray of uint8, shape (T, D)
        FALSE_POSITIVE, TRUE_POSITIVE or IGNORED, by falling score.
    scores : ndarray, shape (D,)
    num_gt : int
        G. If it is 0, all three are -1, COCO's "undefined".
    recall_levels : ndarray, shape (R,)
        Rising.
    """
    shape = len(outcomes), len(recall_levels)
    if num_gt == 0:
        return np.full(shape, -1.0), np.full(len(outcomes), -1.0), np.full(shape, -1.0)
    precision, at_scores, recall = np.zeros(shape), np.zeros(shape), np.zeros(len(outcomes))
    outcomes, scores = np.ascontiguousarray(outcomes), np.ascontiguousarray(scores)
    recall_levels = np.array(recall_levels)  # one kernel for levels that may be written and others
    _curves(outcomes, scores, num_gt, recall_levels, precision, recall, at_scores)
    return precision, recall, at_scores


@kernel
def _outcomes(matched, ignored, unmatched, out_of_range, outcomes):
    for t in range(matched.shape[0]):
        for d in range(matched.shape[1]):
            g = matched[t, d]
            is_true = g >= 0 and not unmatched[g]
            if (g >= 0 and ignored[g]) or (not is_true and out_of_range[d]):
                outcomes[t, d] = IGNORED
            else:
                outcomes[t, d] = TRUE_POSITIVE if is_true else FALSE_POSITIVE


@kernel
def _curves(outcomes, scores, num_gt, recall_levels, precision, recall, at_scores):
    count = outcomes.shape[1]
    envelope = np.empty(count)
    reached = np.empty(recall_levels.shape[0], dtype=np.int64)  # first detection at each level
    for t in range(outcomes.shape[0]):
        tp, fp, r = 0, 0, 0
        for i in range(count):
            tp += outcomes[t, i] == TRUE_POSITIVE
            fp += outcomes[t, i] == FALSE_POSITIVE
            envelope[i] = tp / (fp + tp + 2.0**-52)
            while r < recall_levels.shape[0] and tp / num_gt >= recall_levels[r]:
                reached[r] = i
                r += 1
        recall[t] = tp / num_gt
        for i in range(count - 2, -1, -1):
            envelope[i] = max(envelope[i], envelope[i + 1])
        for level in range(r):
            precision[t, level] = envelope[reached[level]]
            at_scores[t, level] = scores[reached[level]]
