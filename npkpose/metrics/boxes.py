"""Average precision of boxes, as COCO computes it for detectors.

    IoU(a, b) = area of a and b together / area of either

A detection is right if its IoU with a person not yet taken is at least a threshold; detections
choose by falling score (coco/matching.py), and AP is the area under the curve of precision over
recall (coco/curves.py). Against a person who is ignored, a crowd say, the IoU is the share of the
detection's own area that is covered; such a match counts as nothing. Lin et al., "Microsoft COCO",
ECCV 2014, arXiv:1405.0312; pycocotools' iouType "bbox".
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import LARGEST, check_array, real_array, shown
from npkpose.metrics.coco.curves import match_outcomes, precision_curves
from npkpose.metrics.coco.evaluate import THRESHOLDS
from npkpose.metrics.coco.matching import candidate_pairs, match_detections, stable_argsort
from npkpose.metrics.coco.result import RECALL_LEVELS

MAX_DETS = 100  # of an image


class BoxScores(NamedTuple):
    """Means over the thresholds .50 to .95, or at one of them; -1 without a person to find."""

    ap: float
    ap50: float
    ap75: float
    ar: float
    ar50: float
    ar75: float

    def __str__(self):
        return (
            f"box AP {self.ap:.3f}, at IoU .5 {self.ap50:.3f}, at .75 {self.ap75:.3f}; "
            f"AR {self.ar:.3f}, at IoU .5 {self.ar50:.3f}"
        )


def evaluate_boxes(truth, found, scores, ignored=None):
    """Return the `BoxScores` of detected boxes.

    Parameters
    ----------
    truth, found : sequences of array_like, shape (P, 4)
        (x0, y0, x1, y1), one array for each image.
    scores : sequence of array_like, shape (P,)
        Of the boxes found, one array for each image.
    ignored : sequence of array_like of bool, shape (P,), optional
        Which people need not be found: crowds, or people without a label. Default: none.

    Raises
    ------
    ValueError
        Sequences of different lengths, wrong shape, or a box with x0 > x1 or y0 > y1.
    """
    truth, found = _check_images("truth", truth), _check_images("found", found, len(truth))
    ignored = [np.zeros(len(boxes)) for boxes in truth] if ignored is None else ignored
    ignored = _check_rows("ignored", ignored, truth) != 0
    scores = _check_rows("scores", scores, found)
    candidates = candidate_pairs(_image_of(truth), _image_of(found), scores, MAX_DETS)
    dt, gt = candidates.pairs.T
    truth, found = (np.concatenate([np.empty((0, 4)), *boxes]) for boxes in (truth, found))
    similarity = box_overlaps(found[dt], truth[gt], ignored[gt])
    outcomes = _outcomes(candidates, similarity, ignored[candidates.gt])
    scores = scores[candidates.dt]
    order = stable_argsort(-scores)
    precision, recall, _ = precision_curves(
        outcomes[:, order], scores[order], int((~ignored).sum()), RECALL_LEVELS
    )
    ap, at_75 = precision.mean(axis=1), THRESHOLDS.tolist().index(0.75)
    each = ap.mean(), ap[0], ap[at_75], recall.mean(), recall[0], recall[at_75]
    return BoxScores(*map(float, each))


def _outcomes(candidates, similarity, ignored):
    """Return the outcome of each detection at each threshold: (T, D)."""
    matched = match_detections(similarity, candidates.first, ignored, ignored, THRESHOLDS)
    no_gt, no_dt = np.zeros(len(ignored), bool), np.zeros(len(candidates.dt), bool)
    return match_outcomes(matched, ignored, no_gt, no_dt)


def box_overlaps(boxes, others, of_box=None):
    """Return the IoU (M,) of each box (M, 4) with the other (M, 4) of its row.

    Where ``of_box`` (M,) is true, the intersection is divided by the area of the first box alone.
    Boxes without area overlap nothing.
    """
    sides = np.minimum(boxes[:, 2:], others[:, 2:]) - np.maximum(boxes[:, :2], others[:, :2])
    both = np.maximum(sides, 0).prod(axis=1)
    area, other = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others))
    union = area + other - both
    union = union if of_box is None else np.where(of_box, area, union)
    return both / np.where(union > 0, union, 1)


def _check_images(name, images, count=None):
    """Return a list of boxes (P, 4) of each image, or raise ValueError."""
    images = _as_list(name, images, count)
    boxes = [real_array(f"{name}[{i}]", each) for i, each in enumerate(images)]
    boxes = [np.empty((0, 4)) if each.size == 0 else each for each in boxes]
    boxes = [
        check_array(f"{name}[{i}]", each, ("P", 4), largest=LARGEST) for i, each in enumerate(boxes)
    ]
    for i, each in enumerate(boxes):
        if (each[:, 2:] < each[:, :2]).any():
            raise ValueError(f"{name}[{i}]: expected boxes with x0 <= x1 and y0 <= y1")
    return boxes


def _check_rows(name, rows, boxes):
    """Return the numbers (N,) of all images, one for each of their boxes."""
    pairs = enumerate(zip(_as_list(name, rows, len(boxes)), boxes))
    return np.concatenate([[], *(check_array(f"{name}[{i}]", r, (len(b),)) for i, (r, b) in pairs)])


def _as_list(name, values, count=None):
    """Return a sequence with one item for each image as a list, or raise ValueError."""
    try:
        values = list(values)
    except Exception:  # no iterator, or one that fails
        raise ValueError(f"{name}: expected a sequence, got {shown(values)}") from None
    if count is not None and len(values) != count:
        raise ValueError(f"{name}: expected items of {count} images, got {len(values)}")
    return values


def _image_of(boxes):
    """Return the image's number of each box."""
    return np.repeat(np.arange(len(boxes)), [len(each) for each in boxes])
