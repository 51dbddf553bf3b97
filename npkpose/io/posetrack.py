"""PoseTrack18 annotations: COCO's form, one file for each video, with tracks and ignored regions.

    images: "vid_id", "frame_id", "is_labeled", "nframes", "ignore_regions_x": [[x, ...], ...],
    "ignore_regions_y"; annotations: "track_id", "bbox_head"

Andriluka et al., "PoseTrack", CVPR 2018, arXiv:1710.10000. The polygons of ignored regions become
``image_fields["ignore_regions"]``, for each image a list of [[x, y], ...] or None; track_id becomes
``fields["track_ids"]`` and bbox_head ``fields["head_boxes"]``. The 17 keypoints are COCO's names
but for the head: nose, head_bottom, head_top in the place of nose and eyes; the ears are never
labelled.
"""

import json

import numpy as np

from npkpose.io import coco
from npkpose.io.entries import Entries
from npkpose.io.labels import Labels

SUFFIXES = (".json",)
_X, _Y = "ignore_regions_x", "ignore_regions_y"
REGIONS = "ignore_regions"


def recognise(source):
    """Return whether a file is COCO's annotations of the frames of a video."""
    images = source.json.get("images") if coco.recognise(source) else None
    first = images[0] if isinstance(images, list) and images else None
    return isinstance(first, dict) and "vid_id" in first and "frame_id" in first


def read(source):
    """Return the people of all frames."""
    labels = coco.read(source)
    fields = dict(labels.image_fields)
    listed = Entries(f"{source.name}: images", source.json.get("images") or [])
    xs, ys = fields.pop(_X, None), fields.pop(_Y, None)
    if xs is not None and ys is not None:
        regions = np.empty(len(xs), dtype=object)
        for i, (x, y) in enumerate(zip(xs, ys)):
            regions[i] = _polygons(listed, i, x, y)
        fields[REGIONS] = regions
    return _with_image_fields(labels, fields)


def write(labels, path):
    """Write PoseTrack18's annotations."""
    fields = dict(labels.image_fields)
    regions = fields.pop(REGIONS, None)
    if regions is not None:
        for name, axis in ((_X, 0), (_Y, 1)):
            fields[name] = np.empty(len(regions), dtype=object)
            fields[name][:] = [
                None if each is None else [[point[axis] for point in polygon] for polygon in each]
                for each in regions
            ]  # fmt: skip
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(coco.to_json(_with_image_fields(labels, fields)), stream)


def not_written(labels):
    """Return what of the labels the format does not hold."""
    return coco.not_written(labels)


def _polygons(listed, i, xs, ys):
    """Return [[x, y], ...] of each polygon of an image, or raise ValueError; None for no list."""
    if xs is None and ys is None:
        return None
    pairs = []
    for field, value in ((_X, xs), (_Y, ys)):
        lists = hasattr(value, "__len__") and not isinstance(value, (str, dict))
        value = [np.asarray(each).tolist() for each in value] if lists else None
        if value is None or not all(isinstance(each, list) for each in value):
            listed.fail(i, field, "a list of lists of numbers")
        pairs.append(value)
    if [len(each) for each in pairs[0]] != [len(each) for each in pairs[1]]:
        listed.fail(i, _Y, f"as many numbers as {_X} has")
    return [[[x, y] for x, y in zip(*polygon)] for polygon in zip(*pairs)]


def _with_image_fields(labels, fields):
    """Return the same labels with other fields of images."""
    changed = labels.at(np.arange(len(labels)))
    return Labels(
        labels.skeleton, labels.images, categories=labels.categories, fields=labels.fields,
        image_fields=fields, **{name: getattr(changed, name) for name in (
            "image_index", "keypoints", "visibility", "scores", "instance_scores", "boxes",
            "areas", "ignored",
        )},
    )  # fmt: skip
