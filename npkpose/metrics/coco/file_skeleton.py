"""The skeleton of the keypoints in an annotation file, from its categories and first annotation.

`io.known_skeletons` has the rules, which hold for all files that npkpose reads.
"""

import itertools
import json
import os

import numpy as np

from npkpose._json import JsonFile
from npkpose.io.keypoint_names import listed_names
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import Labels
from npkpose.metrics.coco.scan import UnusualJson, scan_object, skip_space, skip_value

_LIST, _END_LIST = b"[]"


def skeleton_of_file(source, categories=None):
    """Return the `Skeleton` of the keypoints that COCO annotations have.

    Parameters
    ----------
    source : path, parsed JSON or Labels
    categories : sequence of ids, optional
        Only these categories are looked at; default: all.

    Raises
    ------
    ValueError
        Categories that list different keypoints, or no keypoints at all.
    """
    if isinstance(source, Labels):
        return source.skeleton
    name, listed, first = read_head(source)
    if categories is not None:
        chosen = np.atleast_1d(np.asarray(categories)).tolist()
        listed = [category for category in listed if category.get("id") in chosen]
    named = {tuple(names): category for category in listed if (names := listed_names(category))}
    if len(named) > 1:
        ids = [category.get("id") for category in named.values()]
        raise ValueError(
            f"{name}: categories: expected the same keypoints in all, got other names in {ids[0]} "
            f"and {ids[1]}: choose categories"
        )
    names, category = next(iter(named.items()), (None, {}))
    title = category.get("name")
    count = _length(first) // 3 or len(names or ())
    if not count:
        raise ValueError(f"{name}: expected keypoints, got none: pass a skeleton")
    return choose_skeleton(count, names, title if isinstance(title, str) else "")


def _length(annotation):
    row = annotation.get("keypoints") if isinstance(annotation, dict) else None
    return len(row) if isinstance(row, (list, tuple)) else 0


def read_head(source):
    """Return the name of COCO annotations, the list of categories, and the first annotation."""
    if not isinstance(source, (str, os.PathLike)):
        return "ground_truth", *_head(source)
    file, name = JsonFile(source), os.fspath(source)
    try:
        return name, *_scanned_head(file.data)
    except UnusualJson:
        return name, *_head(file.parse())


def _head(data):
    """Return the categories (a list of dict) and the first annotation, or {}, of parsed JSON."""
    if not isinstance(data, dict):
        raise ValueError('skeleton: "auto" needs a file of annotations, got none')
    lists = [data.get(field) for field in ("categories", "annotations")]
    categories, annotations = (each if isinstance(each, list) else [] for each in lists)
    categories = [category for category in categories if isinstance(category, dict)]
    return categories, next(itertools.chain(annotations, [{}]))


def _scanned_head(data):
    """Return the same of a file's bytes, of which little is parsed."""

    def parsed(at):
        end = skip_value(data, at)
        return json.loads(data[at:end].tobytes()), end

    def first(at):
        end = skip_value(data, at)
        if data[at] != _LIST or data[skip_space(data, at + 1)] == _END_LIST:
            return [], end
        return [parsed(skip_space(data, at + 1))[0]], end

    values, _ = scan_object(data, skip_space(data, 0), {"categories": parsed, "annotations": first})
    return _head(values)
