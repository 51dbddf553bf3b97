"""`Labels` of any file format as tables: what `evaluate_coco` scores beside COCO's JSON.

Areas that a format does not have are 0.53 of the box, and boxes that it does not have are those
around the labelled keypoints; both with a warning, as the score depends on the area.
"""

import warnings

import numpy as np

from npkpose.metrics.coco.tables import Detections, GroundTruth, box_areas


def ground_truth_of(labels):
    """Return `Labels` as `GroundTruth`."""
    boxes, areas = _boxes(labels), labels.areas
    missing = np.isnan(areas)
    if missing.any():
        text = f"{int(missing.sum())} have no area: 0.53 of the box is taken"
        warnings.warn(f"ground_truth: {text}", stacklevel=6)
    counts = labels.fields.get("num_keypoints")
    table = GroundTruth(
        np.nan_to_num(labels.keypoints), labels.visibility, _image_ids(labels),
        np.where(missing, box_areas(boxes), areas), boxes, labels.ignored,
        None if counts is None or counts.dtype == object else counts, _category_ids(labels),
        images=np.array([image.id for image in labels.images]),
        categories=list(labels.categories) or None,
    )  # fmt: skip
    table.category_names = dict(labels.categories)
    crowd_index = labels.image_fields.get("crowdIndex")
    if crowd_index is not None and len(labels.images):
        order = np.argsort(np.array([image.id for image in labels.images]))
        table.crowd_index = np.asarray(crowd_index, dtype=np.float64)[order]
    return table


def detections_of(labels):
    """Return `Labels` as `Detections`; without a score, the mean score of present keypoints."""
    mean = labels.scores.sum(axis=1) / np.maximum(labels.present.sum(axis=1), 1)
    score = np.where(np.isnan(labels.instance_scores), mean, labels.instance_scores)
    has_boxes = len(labels) > 0 and bool(np.isfinite(labels.boxes).all())
    return Detections(
        np.nan_to_num(labels.keypoints), score, _image_ids(labels),
        labels.boxes if has_boxes else None, _category_ids(labels), labels.scores,
    )  # fmt: skip


def _boxes(labels):
    """Return the boxes (N, 4), around the labelled keypoints where there is none."""
    low = np.where(labels.present[..., None], labels.keypoints, np.inf).min(axis=1, initial=np.inf)
    high = np.where(labels.present[..., None], labels.keypoints, -np.inf)
    sides = high.max(axis=1, initial=-np.inf) - low
    around = np.c_[low, sides]
    around[~labels.present.any(axis=1)] = 0.0
    return np.where(np.isfinite(labels.boxes).all(axis=1)[:, None], labels.boxes, around)


def _image_ids(labels):
    ids = np.array([image.id for image in labels.images])
    return ids[labels.image_index] if len(labels) else ids[:0]


def _category_ids(labels):
    """Return the category (N,) of each instance."""
    ids = labels.fields.get("category_ids")
    if ids is not None:
        return ids
    return np.full(len(labels), next(iter(labels.categories), 1))
