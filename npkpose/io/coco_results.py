"""COCO results: a list with one entry for each instance that a network found.

    [{"image_id", "category_id", "keypoints": [x, y, score, ...], "score", "bbox"}, ...]

cocodataset.org/#format-results. AlphaPose's results are of this form, with the name of the image as
its id and "idx" or "track_id" as identity. Coordinates are taken as they are; npkpose writes them
with pixel centres at integers. A keypoint 0, 0, 0 is missing.

The images are those that entries name: images in which nothing was found are not in the file.
"""

import json

import numpy as np

from npkpose.io.entries import Entries
from npkpose.io.extra_fields import read_fields, write_fields
from npkpose.io.keypoint_rows import count_keypoints, points_and_scores, read_rows
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import PERSON, ImageEntry, Labels
from npkpose.io.lost import what_is_lost

SUFFIXES = (".json",)
_NONE = float("nan")
_DEFAULTS = {"category_id": 1, "bbox": [_NONE] * 4, "score": 1.0, "area": _NONE}
_KNOWN = "keypoints", "image_id", "bbox", "score", "area", "category_id"
RENAMED = {"id": "ids", "track_id": "track_ids", "idx": "track_ids"}


def recognise(source):
    """Return whether a file is a list of entries with image_id and keypoints, or empty."""
    if not source.is_json or not isinstance(source.json, list):
        return False
    first = source.json[0] if source.json else {"image_id": 1, "keypoints": []}
    return isinstance(first, dict) and {"image_id", "keypoints"} <= set(first)


def read(source):
    """Return the results of one category, or of all."""
    entries = Entries(source.name, source.json).with_defaults(**_DEFAULTS)
    if isinstance(source.category, int):
        entries = entries.at(np.flatnonzero(entries.ids("category_id") == source.category))
    elif source.category is not None:
        raise ValueError(f"{source.name}: expected a category id, since results have no names")
    ids = entries.ids("image_id").tolist()
    where = {image: i for i, image in enumerate(dict.fromkeys(ids))}
    skeleton = source.skeleton
    wanted = skeleton and skeleton.num_keypoints
    count, numbers = count_keypoints(entries, wanted=wanted) or (wanted or 17, 3)
    if skeleton is not None and count != wanted:
        raise ValueError(
            f"{entries.name}: expected {wanted} keypoints of {skeleton.name}, got {count}"
        )
    points, scores = points_and_scores(entries, read_rows(entries, count, numbers))
    fields = read_fields(entries.entries, _KNOWN)
    fields = {RENAMED.get(name, name): column for name, column in fields.items()}
    categories = entries.ids("category_id")
    if len(set(categories.tolist())) > 1:
        fields["category_ids"] = categories
    return Labels(
        skeleton or choose_skeleton(count), [ImageEntry(image) for image in where],
        [where[image] for image in ids], points, scores=scores,
        instance_scores=entries.numbers("score"), boxes=entries.boxes(),
        areas=entries.numbers("area"), categories=_names(categories), fields=fields,
    )  # fmt: skip


def write(labels, path):
    """Write COCO results; an instance without a score gets the mean score of its keypoints."""
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(to_json(labels), stream)


def to_json(labels):
    """Return COCO's results as a list of dictionaries."""
    names = {ours: theirs for theirs, ours in RENAMED.items() if theirs != "idx"}
    fields = {names.get(name, name): each for name, each in labels.fields.items()}
    ids = np.full(len(labels), next(iter(labels.categories)))
    ids = fields.pop("category_ids", ids)
    more = write_fields(fields, len(labels), skip=("num_keypoints",))
    triples = np.dstack([np.nan_to_num(labels.keypoints), labels.scores]).reshape(len(labels), -1)
    scores, numbers = scores_of(labels), _boxes_and_areas(labels)
    return [
        {
            "image_id": labels.images[labels.image_index[n]].id,
            "category_id": ids[n].item(),
            "keypoints": triples[n].tolist(),
            "score": float(scores[n]),
            **numbers[n],
            **more[n],
        }
        for n in range(len(labels))
    ]


def not_written(labels):
    """Return what of the labels COCO's results do not hold."""
    lost = what_is_lost(
        labels, "scores", "instance_scores", "boxes", "areas", "categories", "image_ids", "fields"
    )
    return lost + ["names of images"] * any(image.file_name for image in labels.images)


def scores_of(labels):
    """Return the scores (N,) of instances; by default the mean of their present keypoints."""
    mean = labels.scores.sum(axis=1) / np.maximum(labels.present.sum(axis=1), 1)
    return np.where(np.isfinite(labels.instance_scores), labels.instance_scores, mean)


def _boxes_and_areas(labels):
    """Return the box and the area of each instance, as far as it has them."""
    found = []
    for box, area in zip(labels.boxes, labels.areas):
        one = {"bbox": box.tolist()} if np.isfinite(box).all() else {}
        found.append({**one, "area": float(area)} if np.isfinite(area) else one)
    return found


def _names(ids):
    """Return {id: name} of categories that have no names; 1 is "person"."""
    return {i: PERSON.get(i, "") for i in dict.fromkeys(ids.tolist())}
