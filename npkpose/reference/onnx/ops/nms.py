"""Twin of `npkpose.onnx.ops.nms`: all pairs of boxes are compared at once."""

import numpy as np


def non_max_suppression(boxes, scores, most, iou_threshold, score_threshold):
    """Return rows (image, class, box) for boxes with corners (y, x, y, x)."""
    rows = []
    for n, image in enumerate(boxes):
        low, high = np.minimum(image[:, :2], image[:, 2:]), np.maximum(image[:, :2], image[:, 2:])
        sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        overlap = np.maximum(sides, 0).prod(axis=2)
        area = (high - low).prod(axis=1)
        union = area[:, None] + area - overlap
        iou = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
        for c, score in enumerate(scores[n]):
            kept = []
            for b in sorted(range(len(image)), key=lambda b: -score[b]):
                if score[b] > score_threshold and not (iou[b, kept] > iou_threshold).any():
                    kept.append(b)
            rows += [(n, c, b) for b in kept[:most]]
    return np.array(rows, np.int64).reshape(-1, 3)
