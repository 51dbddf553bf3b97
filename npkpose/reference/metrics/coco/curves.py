"""Twin of `npkpose.metrics.coco.curves`: cumulative sums, and a running maximum from the right."""

import numpy as np


def match_outcomes(matched, ignored, unmatched, out_of_range):
    """Return the outcomes (T, D), as `metrics.coco.curves.match_outcomes` does."""
    gt_ignored, no_match = np.append(ignored, False), np.append(unmatched, True)  # [-1]: no match
    is_false = no_match[matched]
    dt_ignored = gt_ignored[matched] | (is_false & out_of_range)
    return np.where(dt_ignored, 2, np.where(is_false, 0, 1))


def precision_curves(outcomes, scores, num_gt, recall_levels):
    """Return precision, recall, scores, as `metrics.coco.curves.precision_curves` does."""
    shape = len(outcomes), len(recall_levels)
    if num_gt == 0:
        return np.full(shape, -1.0), np.full(len(outcomes), -1.0), np.full(shape, -1.0)
    precision, at_scores, recall = np.zeros(shape), np.zeros(shape), np.zeros(len(outcomes))
    for t, row in enumerate(outcomes):
        tp, fp = np.cumsum(row == 1), np.cumsum(row == 0)
        envelope = np.maximum.accumulate((tp / (fp + tp + np.spacing(1)))[::-1])[::-1]
        index = np.searchsorted(tp / num_gt, recall_levels)
        reached = index < len(row)
        precision[t, reached] = envelope[index[reached]]
        at_scores[t, reached] = scores[index[reached]]
        recall[t] = tp[-1] / num_gt if len(row) else 0.0
    return precision, recall, at_scores
