"""COCO annotations of any category and skeleton, and the data sets in COCO's form.

    {"images": [{"id", "file_name", "width", "height", ...}, ...],
     "annotations": [{"id", "image_id", "category_id", "keypoints": [x, y, v, ...], "bbox", "area",
                      "iscrowd", "num_keypoints", ...}, ...],
     "categories": [{"id", "name", "keypoints": [name, ...], "skeleton": [[1, 2], ...]}, ...]}

Lin et al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312; cocodataset.org/#format-data. CrowdPose,
Halpe, AP-10K, PoseTrack18 and most exports of annotation tools have this form, with other fields
beside these; they are kept in ``fields`` and ``image_fields``, and written again.

Coordinates are taken as they are: COCO has no stated convention, and pycocotools compares them with
those of results in the same frame. npkpose's results have pixel centres at integers.

A keypoint of COCO-WholeBody may have a fraction in the place of its visibility: a score, which is
written back for ground truth.

Where keypoints have no flags, as in UBody, those of which "keypoints_valid" is 0 are missing.

Departures: fields that real tools leave out are filled in: no area or bbox is NaN, no iscrowd is
False, an entry without keypoints has none that is labelled. Annotations of unknown images are left
out with a warning.
"""

import json
import warnings

import numpy as np

from npkpose.io.coco_images import (
    Categories,
    read_images,
    write_categories,
    write_images,
)
from npkpose.io.entries import Entries, short
from npkpose.io.extra_fields import read_fields, write_fields
from npkpose.io.keypoint_rows import count_keypoints, points_and_visibility, read_rows
from npkpose.io.known_skeletons import by_data_set, choose_skeleton
from npkpose.io.labels import Labels

SUFFIXES = (".json",)
_NONE = float("nan")
_DEFAULTS = {"area": _NONE, "bbox": [_NONE] * 4, "iscrowd": 0, "category_id": 1}
# Names of fields in COCO's form that are columns or have another name in Labels.
_KNOWN = "keypoints", "image_id", "category_id", "bbox", "area", "iscrowd", "score"
RENAMED = {"id": "ids", "track_id": "track_ids", "bbox_head": "head_boxes"}


def recognise(source):
    """Return whether a file is COCO's annotations."""
    return source.is_json and isinstance(source.json, dict) and "annotations" in source.json


def read(source):
    """Return the annotations of one category, or of all that list the same keypoints."""
    return read_with(source, _read_keypoints)


def read_with(source, read_keypoints, parts=(), counted=None):
    """Return the annotations, keypoints as ``read_keypoints`` returns them, without ``parts``.

    ``read_keypoints(entries, source, category, names, limbs)`` returns skeleton, keypoints,
    visibility and scores; ``parts`` are fields that it has read. "num_keypoints" counts the first
    ``counted`` keypoints.
    """
    data, name = source.json, source.name
    if not isinstance(data, dict):
        raise ValueError(f"{name}: expected an object with annotations, got {short(data)}")
    listed = Entries(f"{name}: annotations", data.get("annotations")).with_defaults(**_DEFAULTS)
    image_ids = listed.ids("image_id")
    images, image_fields = read_images(name, data.get("images"), image_ids)
    categories = Categories(name, data.get("categories"))
    category_ids = listed.ids("category_id").tolist()
    chosen, at = categories.choose(source.category, set(category_ids))
    where = {image.id: i for i, image in enumerate(images)}
    index = np.array([where.get(i, -1) for i in image_ids.tolist()], dtype=int)
    wanted = np.array([not chosen or i in chosen for i in category_ids], dtype=bool)
    _warn_of_unknown_images(listed, index < 0)
    entries = listed.at(np.flatnonzero((index >= 0) & wanted))
    category = next(iter(chosen.values())) if len(chosen) == 1 else ""
    listed = (None, ()) if at is None else (categories.keypoints[at], categories.limbs[at])
    skeleton, points, visibility, scores = read_keypoints(entries, source, category, *listed)
    index = index[(index >= 0) & wanted]
    return Labels(
        skeleton, images, index, points, visibility, scores, _instance_scores(entries),
        entries.boxes(), entries.numbers("area"), entries.counts("iscrowd") != 0, chosen,
        _read_fields(entries, visibility[:, :counted], parts), image_fields,
    )  # fmt: skip


def write(labels, path):
    """Write COCO annotations; missing keypoints are 0, 0, 0."""
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(to_json(labels), stream)


def to_json(labels):
    """Return COCO's annotations as lists and dictionaries."""
    more = write_fields(labels.image_fields, len(labels.images))
    return {
        "images": write_images(labels.images, more),
        "annotations": _annotations(labels),
        "categories": write_categories(labels),
    }


def not_written(labels):
    """Return what of the labels COCO's annotations do not hold."""
    lost = labels.present & (labels.scores != np.where(_fractions(labels), labels.scores, 1.0))
    return ["scores of keypoints"] if lost.any() else []


def _read_keypoints(entries, source, category, names, limbs):
    """Return the skeleton, keypoints, visibility and scores of annotations."""
    skeleton = source.skeleton
    wanted = skeleton.num_keypoints if skeleton else len(names or ())
    found = count_keypoints(entries, wanted=wanted)
    if found is None and not any("keypoints" in entry for entry in entries.entries):
        _refuse_without(entries)
    count, numbers = found or (wanted, 3)
    if skeleton is not None and count != wanted:
        raise ValueError(
            f"{entries.name}: expected {wanted} keypoints of {skeleton.name}, got {count}"
        )
    table = read_rows(entries, count, numbers)
    has_valid = numbers == 2 and any("keypoints_valid" in entry for entry in entries.entries)
    if has_valid:
        table[read_rows(entries, count, 1, "keypoints_valid")[..., 0] == 0] = np.nan
    if skeleton is None:
        skeleton = by_data_set(count, "UBody" if has_valid else _description(source.json))
        skeleton = skeleton or choose_skeleton(count, names, category, limbs)
    return skeleton, *points_and_visibility(entries, table)


def _description(data):
    """Return the description of the data set, "" if it has none."""
    info = data.get("info")
    text = info.get("description") if isinstance(info, dict) else None
    return text if isinstance(text, str) else ""


def _refuse_without(entries):
    """Raise ValueError for annotations that are no keypoints, unless there are none at all."""
    if len(entries):
        fields = ", ".join(map(str, entries.entries[0]))
        raise ValueError(f"{entries.name}[0].keypoints: expected keypoints, got only {fields}")


def _instance_scores(entries):
    """Return the scores (N,) of annotations that a network made, NaN where there is none."""
    if not any("score" in entry for entry in entries.entries):
        return None
    return entries.with_defaults(score=_NONE).numbers("score")


def _read_fields(entries, visibility, parts):
    """Return the other fields of annotations, without those that `write` would write anyway."""
    fields = {"category_ids": entries.ids("category_id")}
    for name, column in read_fields(entries.entries, (*_KNOWN, *parts)).items():
        fields[RENAMED.get(name, name)] = column
    usual = {
        "category_ids": fields["category_ids"][:1].repeat(len(entries)),
        "ids": np.arange(1, len(entries) + 1),
        "num_keypoints": (visibility > 0).sum(axis=1),
    }
    same = [name for name in usual if np.array_equal(fields.get(name), usual[name])]
    return {name: column for name, column in fields.items() if name not in same}


def _fractions(labels):
    """Return where a score stands in the place of the visibility: bool (N, K)."""
    truth = np.isnan(labels.instance_scores)[:, None]
    return truth & (labels.visibility == 2) & (labels.scores > 0) & (labels.scores < 1)


def _annotations(labels):
    """Return COCO's list of annotations."""
    names = {ours: theirs for theirs, ours in RENAMED.items()}
    fields = {names.get(name, name): column for name, column in labels.fields.items()}
    fields.setdefault("id", np.arange(1, len(labels) + 1))
    fields.setdefault("num_keypoints", labels.present.sum(axis=1))
    first = next(iter(labels.categories))
    category_ids = fields.pop("category_ids", np.full(len(labels), first))
    more = write_fields(fields, len(labels))
    third = np.where(_fractions(labels), labels.scores, labels.visibility)
    triples = np.dstack([np.nan_to_num(labels.keypoints), third]).reshape(len(labels), -1)
    return [
        {
            "image_id": labels.images[labels.image_index[n]].id,
            "category_id": category_ids[n].item(),
            "keypoints": triples[n].tolist(),
            "iscrowd": int(labels.ignored[n]),
            **_numbers_of(labels, n),
            **more[n],
        }
        for n in range(len(labels))
    ]


def _numbers_of(labels, n):
    """Return the box, area and score of an instance, as far as it has them."""
    found = {}
    if np.isfinite(labels.boxes[n]).all():
        found["bbox"] = labels.boxes[n].tolist()
    for name, value in (("area", labels.areas[n]), ("score", labels.instance_scores[n])):
        if np.isfinite(value):
            found[name] = float(value)
    return found


def _warn_of_unknown_images(entries, unknown):
    if unknown.any():
        first = entries.positions[int(unknown.argmax())]
        warnings.warn(
            f"{entries.name}: left out {int(unknown.sum())} of images that are not listed, such "
            f"as [{first}]", stacklevel=3,
        )  # fmt: skip
