"""NonMaxSuppression: of boxes that cover each other, the best one, for each image and class.

Specification: ONNX, Operators.md, NonMaxSuppression-10 and 11. Boxes are visited by falling score,
of equal scores the first; each is kept unless its intersection over union with a kept one exceeds
the threshold. The arithmetic is float32's, as onnxruntime's, so that ties fall alike.
"""

import numpy as np

from npkpose._jit import helper, kernel
from npkpose.onnx.limits import check_products
from npkpose.onnx.ops.arguments import scalar


def non_max_suppression(
    boxes, scores, max_output_boxes_per_class=None, iou_threshold=None, score_threshold=None, *,
    center_point_box=0,
):  # fmt: skip
    """NonMaxSuppression-10: rows (image, class, box), int64.

    ``boxes`` are (N, B, 4), corners in any order (y, x, y, x), or centres and sizes (x, y, w, h);
    ``scores`` are (N, classes, B).
    """
    if boxes.ndim != 3 or scores.ndim != 3 or boxes.shape != (len(scores), scores.shape[2], 4):
        raise ValueError(f"boxes: expected (N, B, 4) for scores {scores.shape}, got {boxes.shape}")
    most = max(0, min(int(scalar(max_output_boxes_per_class, 0)), boxes.shape[1]))
    lowest = -np.inf if score_threshold is None else scalar(score_threshold)
    threshold = np.float32(scalar(iou_threshold, 0))
    check_products(scores.size * most)
    found = []
    for n, c in np.ndindex(*scores.shape[:2]):
        places = np.flatnonzero(scores[n, c] > lowest)
        order = places[np.argsort(-scores[n, c, places], kind="stable")]
        corners = _corners(boxes[n, order].astype(np.float32), center_point_box)
        kept = np.empty(most, np.int64)
        count = _suppress(corners, threshold, kept)
        found += [(n, c, b) for b in order[kept[:count]]]
    return np.array(found, np.int64).reshape(-1, 3)


def _corners(boxes, center_point_box):
    """Return boxes as (first y, first x, last y, last x)."""
    if center_point_box:
        boxes = boxes[:, [1, 0, 3, 2]]
        pair = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    else:
        pair = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    return np.concatenate(pair, axis=1)


@kernel
def _suppress(corners, threshold, kept):
    """Fill ``kept`` with indices of boxes sorted by score; return how many there are."""
    count = 0
    for b in range(len(corners)):
        if count == len(kept):
            break
        keep = True
        for k in range(count):
            if _iou(corners[kept[k]], corners[b]) > threshold:
                keep = False
                break
        if keep:
            kept[count] = b
            count += 1
    return count


@helper
def _iou(a, b):
    height = max(min(a[2], b[2]) - max(a[0], b[0]), np.float32(0))
    width = max(min(a[3], b[3]) - max(a[1], b[1]), np.float32(0))
    overlap = height * width
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - overlap
    return overlap / union if union > 0 else np.float32(0)


OPS = {"NonMaxSuppression": {10: non_max_suppression}}
