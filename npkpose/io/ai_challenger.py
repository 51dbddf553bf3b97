"""AI Challenger's human keypoints, as they were released.

    [{"image_id", "human_annotations": {"human1": [x0, y0, x1, y1], ...},
      "keypoint_annotations": {"human1": [x, y, v, ...], ...}}, ...]

Wu et al., "AI Challenger: A Large-scale Dataset for Going Deeper in Image Understanding",
arXiv:1711.06475. Its flags are other than COCO's: 1 visible, 2 hidden, 3 not labelled. The name of
the image is image_id and ".jpg". Coordinates are taken as they are.
"""

import json

import numpy as np

from npkpose import skeletons
from npkpose._check import shown
from npkpose.io.entries import Entries
from npkpose.io.keypoint_rows import points_and_visibility, read_rows
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import require_keypoints, what_is_lost

SUFFIXES = (".json",)
TO_COCO = {1: 2, 2: 1, 3: 0, 0: 0}
_FROM_COCO = np.array([3, 2, 1])


def recognise(source):
    """Return whether a file is a list of images with keypoint_annotations."""
    if not source.is_json or not isinstance(source.json, list) or not source.json:
        return False
    return isinstance(source.json[0], dict) and "keypoint_annotations" in source.json[0]


def read(source):
    """Return the people of all images."""
    listed = Entries(source.name, source.json)
    skeleton, images, rows, index = source.skeleton or skeletons.AIC_14, [], [], []
    for i, entry in enumerate(listed.entries):
        image_id = entry.get("image_id")
        if not isinstance(image_id, str):
            listed.fail(i, "image_id", "text")
        images.append(ImageEntry(image_id, f"{image_id}.jpg"))
        people = _people(listed, i, "keypoint_annotations")
        boxes = _people(listed, i, "human_annotations")
        rows += [{"human": name, "keypoints": row, "box": boxes.get(name)}
                 for name, row in people.items()]  # fmt: skip
        index += [i] * len(people)
    places = [f"{i}: {shown(row['human'])}" for i, row in zip(index, rows)]
    entries = Entries(source.name, rows, np.array(places, dtype=object))
    table = read_rows(entries, skeleton.num_keypoints, 3)
    known = np.isin(table[..., 2], list(TO_COCO)) | np.isnan(table[..., 2])
    for n in np.flatnonzero(~known.all(axis=1))[:1]:
        entries.fail(int(n), "keypoints", "flags 1, 2 or 3")
    flags = np.nan_to_num(table[..., 2]).astype(int)
    table[..., 2] = np.array([0, 2, 1, 0])[flags]
    points, visibility, _ = points_and_visibility(entries, table)
    corners = entries.with_defaults(box=[float("nan")] * 4).rows("box", 4)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    names, usual = [row["human"] for row in rows], _usual_names(np.array(index, dtype=int))
    fields = {"names": np.array(names, dtype=object)} if names != usual else {}
    return Labels(skeleton, images, index, points, visibility, boxes=boxes, fields=fields)


def write(labels, path):
    """Write AI Challenger's JSON; images are named by their file names without the suffix."""
    names = labels.fields.get("names", _usual_names(labels.image_index))
    third = _FROM_COCO[labels.visibility]
    triples = np.dstack([np.nan_to_num(labels.keypoints), third]).reshape(len(labels), -1)
    content = []
    for i, image in enumerate(labels.images):
        rows = np.flatnonzero(labels.image_index == i)
        corners = {str(names[n]): _corners(labels.boxes[n]) for n in rows}
        content.append({
            "image_id": image_id_of(image),
            "human_annotations": {name: box for name, box in corners.items() if box},
            "keypoint_annotations": {str(names[n]): triples[n].tolist() for n in rows},
        })  # fmt: skip
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream)


def not_written(labels):
    """Return what of the labels the format does not hold."""
    require_keypoints(labels, skeletons.AIC_14)
    return what_is_lost(labels, "visibility", "boxes", "image_ids", "empty", fields=("names",))


def _usual_names(index):
    """Return human1, human2, ... in each image."""
    return [f"human{int((index[:n] == i).sum()) + 1}" for n, i in enumerate(index)]


def image_id_of(image):
    """Return the name of an image without its suffix; its id, if it has no name."""
    return image.file_name.rsplit(".", 1)[0] if image.file_name else str(image.id)


def _people(listed, i, field):
    """Return {name of the person: list}, or raise ValueError."""
    people = listed.entries[i].get(field, {})
    if not isinstance(people, dict):
        listed.fail(i, field, "an object with a list for each person")
    return people


def _corners(box):
    """Return x0, y0, x1, y1 of a box; None if it has none."""
    return [*box[:2].tolist(), *(box[:2] + box[2:]).tolist()] if np.isfinite(box).all() else None
