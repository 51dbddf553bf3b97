"""MPII Human Pose: the JSON that training programs use, and the released .mat file.

    [{"image", "joints": [[x, y], ...], "joints_vis": [0 or 1, ...], "center", "scale"}, ...]
    mpii_human_pose_v1_u12_1.mat: RELEASE.annolist(i).annorect(j).annopoints.point(k).x, .y, .id

Andriluka et al., "2D Human Pose Estimation: New Benchmark and State of the Art Analysis", CVPR
2014. Coordinates are MATLAB's, with pixel centres from 1, as the HRNet and mmpose readers treat
them: 1 is subtracted, and added again by `write`. -1 is missing. "center" is a point like these;
"scale" is the height of the person in units of 200 pixels. A joint with joints_vis 0 is missing; of
the .mat file, is_visible 0 is a hidden keypoint, and the box of the head is kept as
``fields["head_boxes"]``.
"""

import json

import numpy as np

from npkpose import skeletons
from npkpose._check import LARGEST
from npkpose.io.entries import Entries, short
from npkpose.io.extra_fields import read_fields, write_fields
from npkpose.io.keypoint_rows import read_rows
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import require_keypoints, what_is_lost
from npkpose.io.mat5 import read_mat

SUFFIXES = (".json",)
FIRST = 1  # the coordinate of the first pixel's centre
_KNOWN = "image", "joints", "joints_vis", "center", "scale"
_NONE = float("nan")
_NOBODY = [np.empty(shape) for shape in ((0, 16, 2), (0, 16), (0, 4), (0, 2), (0,))]


def recognise(source):
    """Return whether a file is the JSON or the .mat file."""
    if source.suffix == ".mat":
        return True
    if not source.is_json or not isinstance(source.json, list) or not source.json:
        return False
    first = source.json[0]
    return isinstance(first, dict) and "image" in first and {"joints", "center"} & set(first)


def read(source):
    """Return the people of the JSON or of the .mat file."""
    return _read_mat(source) if source.suffix == ".mat" else _read_json(source)


def write(labels, path):
    """Write the JSON; a missing joint is -1, -1."""
    points = np.where(labels.present[..., None], labels.keypoints + FIRST, -1.0)
    more = write_fields(labels.fields, len(labels), skip=("centers", "scales"))
    centers = labels.fields.get("centers", _centers(labels)) + FIRST
    scales = labels.fields.get("scales", labels.boxes[:, 3] / 200)
    content = [
        {
            "joints_vis": labels.present[n].astype(int).tolist(),
            "joints": points[n].tolist(),
            "image": labels.images[labels.image_index[n]].file_name,
            "scale": float(scales[n]) if np.isfinite(scales[n]) else -1.0,
            "center": np.nan_to_num(centers[n], nan=-1.0).tolist(),
            **more[n],
        }
        for n in range(len(labels))
    ]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream)


def not_written(labels):
    """Return what of the labels the JSON does not hold."""
    require_keypoints(labels, skeletons.MPII_16)
    return what_is_lost(labels, "image_ids", "fields")


def _centers(labels):
    return labels.boxes[:, :2] + labels.boxes[:, 2:] / 2


def _read_json(source):
    skeleton = source.skeleton or skeletons.MPII_16
    entries = Entries(source.name, source.json)
    names = [entry.get("image") for entry in entries.entries]
    for i, name in enumerate(names):
        if not isinstance(name, str):
            entries.fail(i, "image", "the name of a file")
    count = skeleton.num_keypoints
    points = read_rows(entries, count, 2, "joints") - FIRST
    flags = read_rows(entries, count, 1, "joints_vis")[..., 0]
    visible = np.where(np.isnan(flags), ~np.isnan(points[..., 0]), flags != 0)
    for i in np.flatnonzero(visible & ~(abs(points) <= LARGEST).all(axis=2))[:1]:
        entries.fail(int(i) // count, "joints", "finite numbers where joints_vis is not 0")
    fields = read_fields(entries.entries, _KNOWN)
    filled = entries.with_defaults(center=[_NONE, _NONE], scale=_NONE)
    centers, scales = filled.rows("center", 2) - FIRST, filled.numbers("scale")
    centers[centers[:, 0] == -1 - FIRST], scales[scales == -1] = np.nan, np.nan
    places = {"centers": centers, "scales": scales}
    fields |= {name: each for name, each in places.items() if not np.isnan(each).all()}
    where = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return Labels(
        skeleton, [ImageEntry(i, name) for name, i in where.items()],
        [where[name] for name in names], np.where(visible[..., None], points, np.nan),
        fields=fields,
    )  # fmt: skip


def _read_mat(source):
    """Return the people of the .mat file who have points."""
    release = _first(read_mat(source.path).get("RELEASE"))
    listed = release.get("annolist")
    if not isinstance(listed, list):
        got = short(listed)
        raise ValueError(f"{source.name}: RELEASE.annolist: expected structures, got {got}")
    images, index, people = [], [], []
    for i, image in enumerate(listed):
        name = _first(_first(image).get("image")).get("name")
        if not isinstance(name, str):
            got = short(name)
            raise ValueError(f"{source.name}: annolist[{i}].image.name: expected text, got {got}")
        images.append(ImageEntry(i, name))
        for j, rect in enumerate(_items(_first(image).get("annorect"))):
            person = _person(f"{source.name}: annolist[{i}].annorect[{j}]", rect)
            if person is not None:
                people.append(person)
                index.append(i)
    points, flags, heads, centers, scales = map(np.array, zip(*people)) if people else _NOBODY
    fields = {"head_boxes": heads, "centers": centers, "scales": scales}
    return Labels(
        source.skeleton or skeletons.MPII_16, images, np.array(index, int), points, flags,
        fields=fields,
    )  # fmt: skip


def _items(value):
    """Return a list of structures; [] for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _first(value):
    """Return the first structure of a list, or a structure without fields."""
    return value if isinstance(value, dict) else (_items(value) or [{}])[0]


def _person(name, rect):
    """Return points, visibility, box of the head, centre and scale; None without points."""
    marks = _items(_first(rect.get("annopoints")).get("point"))
    if not marks:
        return None
    points, flags = np.full((16, 2), np.nan), np.zeros(16, int)
    for mark in marks:
        x, y, k = (_number(mark, field) for field in ("x", "y", "id"))
        if not (abs(x) <= LARGEST and abs(y) <= LARGEST and k in range(16)):
            raise ValueError(f"{name}.point: expected x, y and id 0 to 15, got {x:g}, {y:g}, {k:g}")
        points[int(k)] = x - FIRST, y - FIRST
        flags[int(k)] = 1 if _number(mark, "is_visible") == 0 else 2
    left, top, right, bottom = (_number(rect, side) for side in ("x1", "y1", "x2", "y2"))
    place = _first(rect.get("objpos"))
    centre = [_number(place, axis) - FIRST for axis in "xy"]
    head = [left - FIRST, top - FIRST, right - left, bottom - top]
    return points, flags, head, centre, _number(rect, "scale")


def _number(owner, field):
    """Return a number of a structure, also one written as text; NaN where it has none."""
    value = owner.get(field)
    if isinstance(value, str):
        return float(value) if value in ("0", "1") else _NONE
    return float(value.flat[0]) if isinstance(value, np.ndarray) and value.size == 1 else _NONE
