"""Twin of `npkpose.tracking.similarity`: a table of all pairs and keypoints."""

import numpy as np


def track_similarity(tracked, variances, boxes, found, found_boxes):
    """Return the similarity (T, D) of tracked people and detections."""
    squared = ((found[None] - tracked[:, None]) ** 2).sum(axis=3)  # (T, D, K), NaN if missing
    near = np.exp(-squared / (2 * variances[:, None]))
    keypoints = np.nansum(near, axis=2) / ((~np.isnan(squared)).sum(axis=2) + 1)
    low = np.maximum(boxes[:, None, :2], found_boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], found_boxes[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    area, found_area = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, found_boxes))
    union = area[:, None] + found_area - shared
    return (keypoints + shared / np.where(shared > 0, union, 1)) / 2
