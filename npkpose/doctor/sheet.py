"""The class `Sheet`: the instances of a file, as the checks of all formats see them.

COCO's JSON is read entry by entry, because the doctor also examines files that `npkpose.io`
refuses. Of all other formats, the sheet is made of `npkpose.io.Labels`.
"""

from dataclasses import dataclass

import numpy as np

from npkpose.metrics.coco.doctor_entries import is_count, is_finite, key, row_of, size_of
from npkpose.skeleton import Skeleton

LARGEST = 1e150  # a larger number counts as infinite: its square would not fit


@dataclass(frozen=True, eq=False)
class Sheet:
    """N instances of K keypoints, as far as they can be read; NaN where a number cannot."""

    skeleton: Skeleton
    places: list  # N texts: where an instance is, as in "annotations[3]"
    image_keys: list  # N: equal for instances of one image
    keypoints: np.ndarray  # (N, K, 2): (x, y) in pixels
    visibility: np.ndarray  # (N, K); 0 where it cannot be read
    boxes: np.ndarray  # (N, 4): x, y, width, height
    areas: np.ndarray  # (N,)
    sizes: np.ndarray  # (N, 2): width and height of the image
    ignored: np.ndarray  # (N,) bool
    scores: np.ndarray  # (N,); of annotations NaN
    are_results: bool = False

    def __len__(self):
        return len(self.places)

    @property
    def labelled(self):
        """Which keypoints are labelled, with finite coordinates: bool (N, K)."""
        return (self.visibility > 0) & np.isfinite(self.keypoints).all(axis=2)

    @property
    def sides(self):
        """The longer side (N,) of each box, or else of that around the labelled keypoints."""
        low, high = self.extents()
        own = np.maximum(self.boxes[:, 2:].max(axis=1, initial=-np.inf), 0)
        around = (high - low).max(axis=1, initial=-np.inf)
        return np.where(np.isfinite(own) & (own > 0), own, around)

    def extents(self):
        """Return the lowest and highest x and y (N, 2) of the labelled keypoints; NaN if none."""
        points, labelled = self.keypoints, self.labelled[..., None]
        low = np.where(labelled, points, np.inf).min(axis=1, initial=np.inf)
        high = np.where(labelled, points, -np.inf).max(axis=1, initial=-np.inf)
        none = ~self.labelled.any(axis=1)
        low[none], high[none] = np.nan, np.nan
        return low, high


def sheet_of_labels(labels):
    """Return the `Sheet` of `npkpose.io.Labels`."""
    images = [labels.images[i] for i in labels.image_index]
    ids = labels.fields.get("ids")
    sizes = [(image.width or np.nan, image.height or np.nan) for image in images]
    return Sheet(
        labels.skeleton,
        [_place(n, image, ids) for n, image in enumerate(images)],
        labels.image_index.tolist(),
        labels.keypoints.copy(),
        labels.visibility.astype(float),
        labels.boxes.copy(),
        labels.areas.copy(),
        np.array(sizes, float).reshape(-1, 2),
        labels.ignored.copy(),
        labels.instance_scores.copy(),
        labels.is_results,
    )


def _place(n, image, ids):
    name = f" in {image.file_name or image.id}"
    return f"instances[{n}]{name}" + ("" if ids is None else f", id {ids[n]}")


def sheet_of_entries(entries, images, skeleton, name, indices=None):
    """Return the `Sheet` of COCO's annotations or results.

    Parameters
    ----------
    entries, images : lists of dict
        As in the file; fields that cannot be read are NaN.
    skeleton : Skeleton
    name : "annotations" or "results"
    indices : sequence of int, optional
        Of the entries in the file's list. Default: 0, 1, ...
    """
    indices = range(len(entries)) if indices is None else indices
    sizes = {key(image.get("id")): size_of(image) or (np.nan, np.nan) for image in images}
    keys = [key(entry.get("image_id")) for entry in entries]
    K, results = skeleton.num_keypoints, name == "results"
    points = np.array([_points(entry, K) for entry in entries]).reshape(len(entries), K, 3)
    third = np.nan_to_num(points[..., 2], nan=0.0)
    visibility = 2.0 * np.isfinite(points[..., 0]) if results else third
    return Sheet(
        skeleton,
        [f"{name}[{i}]" for i in indices],
        keys,
        _bounded(points[..., :2]),
        visibility,
        _bounded(np.array([_row(entry, "bbox", 4) for entry in entries]).reshape(-1, 4)),
        _bounded(np.array([_number(entry, "area") for entry in entries], float)),
        _bounded(np.array([sizes.get(one, (np.nan, np.nan)) for one in keys]).reshape(-1, 2)),
        np.array([_is_crowd(entry) for entry in entries], bool),
        np.array([_number(entry, "score") for entry in entries], float),
        results,
    )


def _points(entry, count):
    row = row_of(entry.get("keypoints"), 3 * count)
    return np.full(3 * count, np.nan) if row is None else row


def _row(entry, field, length):
    row = row_of(entry.get(field), length)
    return np.full(length, np.nan) if row is None else row


def _number(entry, field):
    value = entry.get(field)
    return float(value) if is_finite(value) else np.nan


def _is_crowd(entry):
    crowd = entry.get("iscrowd")
    return is_count(crowd) and crowd != 0


def _bounded(array):
    """Return the array as floats with NaN for numbers whose square would not fit."""
    array = np.asarray(array, float)
    return np.where(abs(array) <= LARGEST, array, np.nan)
