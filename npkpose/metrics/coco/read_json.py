"""COCO's JSON, checked and read into tables.

An annotation file is an object with ``images``, ``annotations`` and ``categories``; a results
file is a list. Annotations of unknown images or other categories are left out and not checked, as
in pycocotools.

A large file is read by `scan`. If that meets something unusual, or an error is to be raised, the
file is read again by `json`, and `entries` has the message.
"""

import math
import os
from functools import partial

import numba
import numpy as np

from npkpose._json import JsonFile, read_json
from npkpose.io.entries import Entries, pack_keypoints, short
from npkpose.io.keypoint_names import names_of_categories
from npkpose.metrics.coco.scan import UnusualJson
from npkpose.metrics.coco.scanned import scan_ground_truth, scan_results
from npkpose.metrics.coco.tables import Detections, GroundTruth, find

# Bytes: json has read a smaller file before the kernels are loaded.
SCAN_FROM = math.inf if numba.config.DISABLE_JIT else 1 << 20


def read_ground_truth(source, skeleton, categories=None):
    """Return the annotations as a `GroundTruth`.

    Parameters
    ----------
    source : path, parsed JSON or GroundTruth
        A table is returned as it is.
    skeleton : Skeleton of K keypoints
    categories : ndarray, sorted, optional
        Category ids to read; default: all.
    """
    if isinstance(source, GroundTruth):
        return source
    build = partial(as_ground_truth, skeleton=skeleton, categories=categories)
    scan = partial(scan_ground_truth, num_keypoints=skeleton.num_keypoints)
    return _read("ground_truth", source, scan, _Lists, build)


def read_detections(source, skeleton, categories):
    """Return the results of these categories as `Detections`; see `read_ground_truth`."""
    if isinstance(source, Detections):
        return source
    build = partial(_detections, skeleton=skeleton, categories=categories)
    scan = partial(scan_results, num_keypoints=skeleton.num_keypoints)
    return _read("results", source, scan, Entries, build)


def read_lists(source, skeleton, build):
    """Return ``build(lists)`` of annotations, for a caller that needs more than a `GroundTruth`.

    ``lists["images"]`` and ``lists["categories"]`` are `Entries`, ``lists["annotations"]`` has
    their methods. If ``build`` raises a ValueError, it is called again with parsed JSON, and may
    raise it again.
    """
    scan = partial(scan_ground_truth, num_keypoints=skeleton.num_keypoints, only_ids=False)
    return _read("annotations", source, scan, _Lists, build)


def load_json(argument, source):
    """Return the name of the source for messages, and its data: a path's JSON, or the source."""
    if not isinstance(source, (str, os.PathLike)):
        return argument, source
    return os.fspath(source), read_json(source, object_hook=pack_keypoints)


def _read(argument, source, scan, wrap, build):
    """Return ``build(scan(name, bytes))``, or where it fails ``build(wrap(name, parsed JSON))``."""
    if not isinstance(source, (str, os.PathLike)):
        return build(wrap(argument, source))
    name, file = os.fspath(source), JsonFile(source)
    if len(file.data) > SCAN_FROM:
        try:
            return build(scan(name, file.data))
        except (UnusualJson, ValueError, MemoryError):
            pass  # json reads it, or says what is wrong
    return build(wrap(name, file.parse(pack_keypoints)))


class _Lists:
    """The lists of parsed annotations by name, as `Entries`."""

    def __init__(self, name, data):
        if not isinstance(data, dict):
            raise ValueError(f"{name}: expected an object with annotations, got {short(data)}")
        self._name, self._data = name, data

    def __getitem__(self, field):
        return Entries(f"{self._name}: {field}", self._data.get(field))


def as_ground_truth(lists, skeleton, categories=None):
    """Return the `GroundTruth` of the lists that `read_lists` gives."""
    images = np.unique(lists["images"].ids("id"))
    known, listed = np.unique(lists["categories"].ids("id")), lists["categories"].entries
    people = lists["annotations"]
    image_id, category_id = people.ids("image_id"), people.ids("category_id")
    in_image = find(image_id, images)[1]
    keep = in_image & find(category_id, known if categories is None else categories)[1]
    people = people.at(np.flatnonzero(keep))
    listed = names_of_categories(listed)
    num_keypoints = people.counts("num_keypoints")
    points, visibility = people.keypoints(skeleton, listed, may_be_empty=num_keypoints == 0)
    table = GroundTruth(
        points, visibility, image_id[keep], people.numbers("area"), people.boxes(),
        people.counts("iscrowd") != 0, num_keypoints, category_id[keep], people.ids("id"), images,
        known,
    )  # fmt: skip
    table.name, table.entry, table.from_json = people.name, people.positions, True
    table.left_out = int((~(keep if categories is None else in_image)).sum())
    table.listed_names = listed
    return table


def _detections(found, skeleton, categories):
    """Return the `Detections` of `Entries`, or of something like them."""
    image_id, category_id = found.ids("image_id"), found.ids("category_id")
    keep = find(category_id, categories)[1]
    listed, boxes = len(found), found.have_boxes()
    found = found.at(np.flatnonzero(keep))
    table = Detections(
        found.keypoints(skeleton)[0], found.numbers("score"), image_id[keep],
        found.boxes() if boxes else None, category_id[keep],
    )  # fmt: skip
    table.name, table.entry, table.listed = found.name, found.positions, listed
    table.from_json = True
    table.left_out = int((~keep).sum())
    return table
