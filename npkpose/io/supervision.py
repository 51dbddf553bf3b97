"""`KeyPoints` of the library supervision, in memory: Labels from one, and the arguments for one.

    supervision.KeyPoints(xy (N, K, 2), class_id (N,), keypoint_confidence (N, K),
                          detection_confidence (N,))

supervision.roboflow.com. Nothing is imported: any object with these attributes will do. Coordinates
are taken as they are, in pixels. (0, 0) is missing, as supervision draws it.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_kind
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.skeleton import Skeleton


def from_supervision(keypoints, skeleton=None, image=None):
    """Return the `Labels` of supervision's KeyPoints of one image.

    Parameters
    ----------
    keypoints : object with ``xy``, and these other arrays or None
        Before version 0.29, ``confidence`` in the place of ``keypoint_confidence``.
    skeleton : Skeleton, optional
        Default: that of the number of keypoints.
    image : ImageEntry, optional

    Raises
    ------
    ValueError
        No such object, or arrays of a wrong shape.
    """
    xy = getattr(keypoints, "xy", None)
    if xy is None:
        raise ValueError(f"keypoints: expected an object with xy, got {type(keypoints).__name__}")
    points = check_array("keypoints.xy", xy, ("N", "K", 2), finite=False).copy()
    N, K = points.shape[:2]
    missing = (points == 0).all(axis=2) | np.isnan(points).any(axis=2)
    points[missing] = np.nan
    skeleton = check_kind("skeleton", skeleton or choose_skeleton(K), Skeleton)
    entry = ImageEntry(0) if image is None else check_kind("image", image, ImageEntry)
    scores = getattr(keypoints, "keypoint_confidence", None)
    scores = getattr(keypoints, "confidence", None) if scores is None else scores
    scores = np.ones((N, K)) if scores is None else scores
    scores = check_array("keypoints.keypoint_confidence", scores, (N, K), finite=False)
    totals = getattr(keypoints, "detection_confidence", None)
    ids = getattr(keypoints, "class_id", None)
    ids = np.ones(N) if ids is None else check_array("keypoints.class_id", ids, (N,), np.int64)
    categories = {int(i): "" for i in np.unique(ids)}
    fields = {"category_ids": ids} if len(categories) > 1 else None
    return Labels(
        skeleton, [entry], np.zeros(N, int), points, scores=np.nan_to_num(scores),
        instance_scores=totals, categories=categories, fields=fields,
    )  # fmt: skip


def to_supervision(labels, index=0):
    """Return {name: array} of image number ``index``: ``supervision.KeyPoints(**arrays)``.

    Missing keypoints are (0, 0) with confidence 0.
    """
    images = len(check_kind("labels", labels, Labels).images)
    check_integer("index", index, at_most=images - 1)
    rows = np.flatnonzero(labels.image_index == index)
    first = next(iter(labels.categories))
    ids = labels.fields.get("category_ids", np.full(len(labels), first))
    return {
        "xy": np.nan_to_num(labels.keypoints[rows]).astype(np.float32),
        "keypoint_confidence": labels.scores[rows].astype(np.float32),
        "detection_confidence": labels.instance_scores[rows].astype(np.float32),
        "class_id": np.asarray(ids)[rows],
    }
