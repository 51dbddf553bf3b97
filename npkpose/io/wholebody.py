"""COCO-WholeBody annotations: COCO's form, with the keypoints of feet, face and hands beside.

    {"keypoints": 17 of COCO, "foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21,
     "righthand_kpts": 21, "foot_valid", "face_valid", "lefthand_valid", "righthand_valid",
     "face_box", "lefthand_box", "righthand_box", ...}

Jin et al., "Whole-Body Human Pose Estimation in the Wild", ECCV 2020, arXiv:2007.11858. The 133
keypoints are joined in this order. A part is annotated if its flag is true; the flags are kept as
``fields["foot_valid"]`` and so on, and the boxes as fields of their names. The fractions in the
place of some flags of visibility are kept, see `npkpose.io.coco`. "num_keypoints" counts the
body's.
"""

import json

import numpy as np

from npkpose import skeletons
from npkpose.io import coco
from npkpose.io.keypoint_rows import points_and_visibility, read_rows
from npkpose.io.lost import require_keypoints

SUFFIXES = (".json",)
PARTS = {"keypoints": 17, "foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21,
         "righthand_kpts": 21}  # fmt: skip
VALID = ("foot_valid", "face_valid", "lefthand_valid", "righthand_valid")


def recognise(source):
    """Return whether a file is COCO's annotations, with the four parts beside the body."""
    annotations = source.json.get("annotations") if coco.recognise(source) else None
    first = annotations[0] if isinstance(annotations, list) and annotations else None
    if not isinstance(first, dict) or not set(PARTS) <= set(first):
        return False
    body = first["keypoints"]
    return hasattr(body, "__len__") and len(body) == 3 * PARTS["keypoints"]


def read(source):
    """Return the people, with 133 keypoints each."""
    return coco.read_with(source, _read_keypoints, tuple(PARTS), PARTS["keypoints"])


def write(labels, path):
    """Write COCO-WholeBody annotations."""
    content = coco.to_json(labels)
    ends = 3 * np.cumsum(list(PARTS.values()))
    for n, entry in enumerate(content["annotations"]):
        triples = entry.pop("keypoints")
        for part, count, end in zip(PARTS, PARTS.values(), ends):
            entry[part] = triples[end - 3 * count : end]
        if "num_keypoints" not in labels.fields:
            entry["num_keypoints"] = sum(third > 0 for third in entry["keypoints"][2::3])
        for flag, part in zip(VALID, list(PARTS)[1:]):
            entry.setdefault(flag, any(entry[part][2::3]))
    for category in content["categories"]:
        body = skeletons.COCO_17
        category["keypoints"] = list(body.keypoints)
        category["skeleton"] = [[a + 1, b + 1] for a, b in body.limbs]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream)


def not_written(labels):
    """Return what of the labels the format does not hold."""
    require_keypoints(labels, skeletons.COCO_WHOLEBODY_133)
    return coco.not_written(labels)


def _read_keypoints(entries, source, category, names, limbs):
    """Return the skeleton, keypoints, visibility and scores of all parts."""
    found = []
    for part, count in PARTS.items():
        found.append(points_and_visibility(entries, read_rows(entries, count, 3, part), part))
    points, visibility, scores = (np.concatenate(each, axis=1) for each in zip(*found))
    return source.skeleton or skeletons.COCO_WHOLEBODY_133, points, visibility, scores
