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

import numpy as np

from npkpose._json import JsonFile, read_json
from npkpose._numba import COMPILES
from npkpose.io.entries import Entries, pack_keypoints, short
from npkpose.io.keypoint_names import category_names, names_of_categories
from npkpose.io.labels import Labels
from npkpose.metrics.coco.from_labels import detections_of, ground_truth_of
from npkpose.metrics.coco.protocols import COCO, PART_SCORES, PARTS, layouts
from npkpose.metrics.coco.scan import UnusualJson
from npkpose.metrics.coco.scanned import scan_ground_truth, scan_results
from npkpose.metrics.coco.tables import Detections, GroundTruth, box_areas, find

# Bytes: json has read a smaller file before the kernels are loaded.
SCAN_FROM = 1 << 20 if COMPILES else math.inf


def read_ground_truth(source, skeleton, categories=None, protocol=COCO):
    """Return the annotations as a `GroundTruth`.

    Parameters
    ----------
    source : path, parsed JSON, Labels or GroundTruth
        A table is returned as it is.
    skeleton : Skeleton of K keypoints
    categories : ndarray, sorted, optional
        Category ids to read; default: all.
    protocol : Protocol
        Says which fields are read.
    """
    if isinstance(source, (GroundTruth, Labels)):
        return source if isinstance(source, GroundTruth) else ground_truth_of(source)
    build = partial(
        as_ground_truth, skeleton=skeleton, categories=categories, protocol=protocol
    )
    ways = layouts(protocol, skeleton.num_keypoints) if not protocol.use_valid else ()
    scans = [partial(scan_ground_truth, parts=parts) for parts in ways]
    return _read("ground_truth", source, scans, _Lists, build)


def read_detections(source, skeleton, categories, protocol=COCO, truth=None):
    """Return the results of these categories as `Detections`; see `read_ground_truth`.

    ``truth``, a `GroundTruth`, knows names for messages.
    """
    if isinstance(source, (Detections, Labels)):
        return source if isinstance(source, Detections) else detections_of(source)
    build = partial(
        _detections, skeleton=skeleton, categories=categories, protocol=protocol, truth=truth
    )
    more = PART_SCORES if protocol.is_wholebody else ()
    scans = [
        partial(scan_results, parts=parts, third=protocol.leaves_out_empty, more_numbers=more)
        for parts in layouts(protocol, skeleton.num_keypoints)
    ]
    return _read("results", source, scans, Entries, build)


def read_lists(source, skeleton, build):
    """Return ``build(lists)`` of annotations, for a caller that needs more than a `GroundTruth`.

    ``lists["images"]`` and ``lists["categories"]`` are `Entries`, ``lists["annotations"]`` has
    their methods. If ``build`` raises a ValueError, it is called again with parsed JSON, and may
    raise it again.
    """
    scan = partial(scan_ground_truth, parts=skeleton.num_keypoints, only_ids=False)
    return _read("annotations", source, [scan], _Lists, build)


def load_json(argument, source):
    """Return the name of the source for messages, and its data: a path's JSON, or the source."""
    if not isinstance(source, (str, os.PathLike)):
        return argument, source
    return os.fspath(source), read_json(source, object_hook=pack_keypoints)


def _read(argument, source, scans, wrap, build):
    """Return ``build(scan(name, bytes))`` of the first of ``scans`` that can read the file.

    If none can, return ``build(wrap(name, parsed JSON))``.
    """
    if not isinstance(source, (str, os.PathLike)):
        return build(wrap(argument, source))
    name, file = os.fspath(source), JsonFile(source)
    for scan in scans if len(file.data) > SCAN_FROM else ():
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


def as_ground_truth(lists, skeleton, categories=None, protocol=COCO):
    """Return the `GroundTruth` of the lists that `read_lists` gives."""
    images, first = np.unique(lists["images"].ids("id"), return_index=True)
    known, listed = np.unique(lists["categories"].ids("id")), lists["categories"].entries
    people = lists["annotations"]
    image_id, category_id = people.ids("image_id"), people.ids("category_id")
    in_image = find(image_id, images)[1]
    keep = in_image & find(category_id, known if categories is None else categories)[1]
    people.category_names = names = category_names(listed)
    people = people.at(np.flatnonzero(keep))
    listed = names_of_categories(listed)
    points, visibility, num_keypoints = _labelled_points(people, skeleton, listed, protocol)
    boxes = people.boxes()
    area = people.numbers("area") if protocol.use_area else box_areas(boxes)
    missing_crowd = None if protocol.has_ids else 0.0  # pycocotools needs the field
    table = GroundTruth(
        points, visibility, image_id[keep], area, boxes,
        people.counts("iscrowd", missing_crowd) != 0, num_keypoints, category_id[keep],
        people.ids("id"), images, known,
    )  # fmt: skip
    table.name, table.entry, table.from_json = people.name, people.positions, True
    table.layout = people.layout(layouts(protocol, skeleton.num_keypoints))
    if protocol.use_crowd_index and lists["images"].has("crowdIndex"):
        table.crowd_index = lists["images"].numbers("crowdIndex")[first]
    table.left_out = int((~(keep if categories is None else in_image)).sum())
    table.listed_names, table.category_names = listed, names
    return table


def _labelled_points(people, skeleton, listed, protocol):
    """Return keypoints, visibility, and the count by which people are ignored, or None."""
    counts = None if protocol.counts_labelled else people.counts("num_keypoints")
    ways = layouts(protocol, skeleton.num_keypoints)
    empty = np.ones(len(people), dtype=bool) if counts is None else counts == 0
    points, visibility = people.keypoints(
        skeleton, listed, empty if len(ways) == 1 else None, ways
    )
    if protocol.use_valid:
        visibility = np.where(_valid_keypoints(people), visibility, 0.0)
    return points, visibility, counts


def _valid_keypoints(people):
    """Return which keypoints (N, 133) of COCO-WholeBody are of a part that is valid."""
    flags = [
        people.numbers(part.valid, 1.0, booleans=True) if part.valid else np.ones(len(people))
        for part in PARTS
    ]
    return np.repeat(np.array(flags).T != 0, [part.count for part in PARTS], axis=1)


def _detections(found, skeleton, categories, protocol, truth):
    """Return the `Detections` of `Entries`, or of something like them."""
    image_id, category_id = found.ids("image_id"), found.ids("category_id")
    keep = find(category_id, categories)[1]
    listed, boxes = len(found), found.have_boxes()
    found.category_names = {} if truth is None else truth.category_names
    found = found.at(np.flatnonzero(keep))
    ways = layouts(protocol, skeleton.num_keypoints)
    names = () if truth is None else truth.listed_names
    points, third = found.keypoints(skeleton, names, layouts=ways)
    table = Detections(
        points, found.numbers("score"), image_id[keep], found.boxes() if boxes else None,
        category_id[keep], third if protocol.leaves_out_empty else None,
    )  # fmt: skip
    if protocol.is_wholebody:
        scores = [found.numbers(field, np.nan) for field in PART_SCORES]
        table.part_scores = np.where(np.isnan(scores), table.score, scores).T
    table.name, table.entry, table.listed = found.name, found.positions, listed
    table.from_json, table.layout = True, found.layout(ways)
    table.left_out = int((~keep).sum())
    return table
