"""Twin of `npkpose.metrics.coco.curves`: cumulative sums, and a running maximum from the right."""

import numpy as np


def precision_curves(outcomes, scores, people, levels):
    """Return precision, recall and scores, as `metrics.coco_curve.precision_curves` does."""
    shape = len(outcomes), len(levels)
    if people == 0:
        return np.full(shape, -1.0), np.full(len(outcomes), -1.0), np.full(shape, -1.0)
    precision, at_scores, recall = np.zeros(shape), np.zeros(shape), np.zeros(len(outcomes))
    for t, row in enumerate(outcomes):
        tp, fp = np.cumsum(row == 1), np.cumsum(row == 0)
        envelope = np.maximum.accumulate((tp / (fp + tp + np.spacing(1)))[::-1])[::-1]
        where = np.searchsorted(tp / people, levels)
        inside = where < len(row)
        precision[t, inside] = envelope[where[inside]]
        at_scores[t, inside] = scores[where[inside]]
        recall[t] = tp[-1] / people if len(row) else 0.0
    return precision, recall, at_scores
