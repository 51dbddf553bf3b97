"""Which result is of which ground truth: by the id of the annotation, or by the image.

A result whose "id" is that of an annotation is its result, if all results have such ids. Otherwise
results and annotations of one image are paired: each time the two that are nearest, by the mean
distance of keypoints that both have, among the images' ids or, if all have one, their file names.
"""

import warnings

import numpy as np


def pair_results(truth, found):
    """Return the row of the result of each ground truth (N,), or -1.

    Parameters
    ----------
    truth, found : Labels
        Of the same skeleton.

    Raises
    ------
    ValueError
        A result of an image that the ground truth lacks.
    """
    by_id = _by_annotation_id(truth, found)
    if by_id is not None:
        return by_id
    rows = np.full(len(truth), -1)
    truth_keys, found_keys = image_keys(truth, found)
    check_images(found, truth_keys, found_keys)
    left = 0
    groups = _rows_by_key(found, found_keys)
    for key, gt in _rows_by_key(truth, truth_keys).items():
        dt = groups.pop(key, [])
        left += max(len(dt) - len(gt), 0)
        _pair_nearest(truth.keypoints[gt], found.keypoints[dt], gt, dt, rows)
    left += sum(map(len, groups.values()))
    if left:
        warnings.warn(f"results: {left} are of nobody in the ground truth", stacklevel=4)
    return rows


def _by_annotation_id(truth, found):
    """Return the rows by the field "ids", or None if results have no such ids."""
    ids, wanted = found.fields.get("ids"), truth.fields.get("ids")
    if ids is None or wanted is None:
        return None
    ids, wanted = ids.tolist(), wanted.tolist()
    where = {id: row for row, id in enumerate(ids)}
    if len(where) < len(ids) or len(set(wanted)) < len(wanted) or not set(ids) <= set(wanted):
        return None
    return np.array([where.get(id, -1) for id in wanted], dtype=int)


def image_keys(truth, found):
    """Return what images are compared by, of both: ids, or names of files."""
    names = [[image.file_name for image in labels.images] for labels in (truth, found)]
    ids = [[image.id for image in labels.images] for labels in (truth, found)]
    if all(map(all, names)) and all(len(set(each)) == len(each) for each in names):
        return names
    if not set(ids[1]) <= set(ids[0]) and set(ids[1]) <= set(names[0]):
        return names[0], ids[1]  # results that are named after files
    return ids


def check_images(found, truth_keys, found_keys):
    """Raise ValueError for a result of an image that the ground truth lacks."""
    known = set(truth_keys)
    for row, index in enumerate(found.image_index.tolist()):
        if found_keys[index] not in known:
            raise ValueError(
                f"results[{row}].image_id: expected an image of the ground truth, "
                f"got {found_keys[index]!r}"
            )


def _rows_by_key(labels, keys):
    groups = {}
    for row, index in enumerate(labels.image_index.tolist()):
        groups.setdefault(keys[index], []).append(row)
    return groups


def _pair_nearest(true_points, points, gt, dt, rows):
    """Fill ``rows[gt]`` with the nearest of ``dt``, the smallest mean distance first."""
    if not dt:
        return
    with np.errstate(invalid="ignore"):
        distances = np.linalg.norm(true_points[:, None] - points[None], axis=3)  # (G, D, K)
    both = np.isfinite(distances)
    mean = np.where(both, distances, 0.0).sum(axis=2) / np.maximum(both.sum(axis=2), 1)
    mean[~both.any(axis=2)] = np.finfo(float).max  # nothing in common: the last choice
    for _ in range(min(mean.shape)):
        g, d = np.unravel_index(int(mean.argmin()), mean.shape)
        rows[gt[g]] = dt[d]
        mean[g], mean[:, d] = np.inf, np.inf
