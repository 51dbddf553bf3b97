"""MediaPipe's landmarks as JSON or .npz: coordinates from 0 to 1 of the image's width and height.

    {"pose_landmarks": [[{"x", "y", "z", "visibility"}, ...], ...], "hand_landmarks": ...,
     "image": name, "width": 640, "height": 480}          one image; a list of them: several
    .npz: landmarks (P, K, 2 to 5) or (F, P, K, 2 to 5), width, height

ai.google.dev/edge/mediapipe: the results of its tasks as dictionaries. The legacy "poseLandmarks"
or {"landmark": [...]} of one person are read as well. "world" landmarks are metres, not pixels, and
are passed over. MediaPipe draws a landmark in the pixel floor(x width): pixel i covers i / width to
(i + 1) / width, so its centre is i in npkpose's frame with

    x_pixels = x width - 1/2

The file must say width and height; MediaPipe does not write them by itself: add the keys, or give
the folder of images. "visibility" is the score of a keypoint; where it is 0 for all of them, as for
hands, it is 1. A keypoint 0, 0 with visibility 0 is missing. 33 landmarks are a body, 21 a hand,
478 or 468 a face; a file with several kinds is read kind by kind, chosen by ``category``: "pose",
"hand" or "face".
"""

import json

import numpy as np

from npkpose._check import LARGEST, check_array, shown
from npkpose.io.entries import Entries, short
from npkpose.io.image_files import existing, image_size, leaves_folder
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost
from npkpose.weights.npz import load_npz

SUFFIXES = (".json",)
KINDS = {"pose": ("pose_landmarks", "poseLandmarks"), "face": ("face_landmarks", "faceLandmarks"),
         "hand": ("hand_landmarks", "handLandmarks", "multi_hand_landmarks",
                  "left_hand_landmarks", "right_hand_landmarks")}  # fmt: skip
_MAX_SIDE = 10**6


def recognise(source):
    """Return whether a file is such JSON, or such an .npz."""
    if source.suffix == ".npz":
        return b"landmarks.npy" in source.head
    if not source.is_json:
        return False
    content = source.json[:1] if isinstance(source.json, list) else [source.json]
    names = {name for each in KINDS.values() for name in each}
    return any(isinstance(each, dict) and names & set(each) for each in content)


def read(source):
    """Return the landmarks of one kind; by default the first kind that the file has."""
    frames = _frames_of_npz(source) if source.suffix == ".npz" else _frames(source)
    kind = _choose(source, frames)
    images, index, points, scores = [], [], [], []
    for i, frame in enumerate(frames):
        size = _size(frame, source.images)
        images.append(ImageEntry(i, frame.file_name, *size))
        for n, row in enumerate(frame.people.get(kind, ())):
            if points and len(row) != len(points[0]):
                raise ValueError(
                    f"{frame.name}.{kind}_landmarks[{n}]: expected {len(points[0])} landmarks, "
                    f"got {len(row)}"
                )
            index.append(i)
            missing = ~row.any(axis=1) | np.isnan(row).any(axis=1)
            points.append(np.where(missing[:, None], np.nan, row[:, :2] * size - 0.5))
            scores.append(row[:, 2] if row[:, 2].any() else np.ones(len(row)))
    count = len(points[0]) if points else {"pose": 33, "hand": 21, "face": 478}[kind]
    skeleton = source.skeleton or choose_skeleton(count, category=kind)
    if skeleton.num_keypoints != count:
        raise ValueError(
            f"{source.name}: expected {skeleton.num_keypoints} landmarks of {skeleton.name}, "
            f"got {count}"
        )
    points = np.array(points, dtype=float).reshape(-1, count, 2)
    scores = np.nan_to_num(np.array(scores, dtype=float).reshape(-1, count))
    return Labels(skeleton, images, index, points, scores=scores,
                  categories={1: "person" if kind == "pose" else kind})  # fmt: skip


def write(labels, path):
    """Write JSON, a list with an object for each image, which must have a size."""
    kind = _kind_of(labels)
    content = []
    for i, image in enumerate(labels.images):
        if not image.width or not image.height:
            raise ValueError(f"labels.images[{i}]: expected width and height, got none")
        size = np.array([image.width, image.height])
        rows = np.flatnonzero(labels.image_index == i)
        people = [_landmarks((labels.keypoints[n] + 0.5) / size, labels.scores[n]) for n in rows]
        sizes = {"width": image.width, "height": image.height}
        content.append({"image": image.file_name, **sizes, f"{kind}_landmarks": people})
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream)


def not_written(labels):
    """Return what of the labels the format does not hold."""
    held = ["scores", "sizes", "empty"] + ["categories"] * (labels.category in ("hand", "face"))
    return what_is_lost(labels, *held)


class _Frame:
    """The landmarks of one image: ``people`` is {kind: list of (K, 3) arrays x, y, score}."""

    def __init__(self, name, file_name="", width=None, height=None, people=None):
        self.name, self.file_name = name, file_name
        self.width, self.height, self.people = width, height, people or {}


def _frames(source):
    """Return the images of a JSON file."""
    several = isinstance(source.json, list)
    entries = Entries(source.name, source.json if several else [source.json])
    return [_frame(entries, i) for i in range(len(entries))]


def _frame(entries, i):
    entry, people = entries.entries[i], {}
    name = f"{entries.name}[{i}]"
    for kind, fields in KINDS.items():
        for field in fields:
            for n, row in enumerate(_rows_of(entry.get(field))):
                row = _landmark_row(f"{name}.{field}[{n}]", row)
                people.setdefault(kind, []).append(row)
    file_name = entry.get("image", entry.get("file_name", ""))
    if not isinstance(file_name, str):
        entries.fail(i, "image", "a name")
    sides = [entry.get(side, entry.get(f"image_{side}")) for side in ("width", "height")]
    return _Frame(name, file_name, *sides, people)


def _rows_of(value):
    """Return the people of a field, a list of lists; of one person, a list of one."""
    if isinstance(value, dict):
        value = value.get("landmark", value.get("landmarks", value))
    if not value:
        return []
    one = isinstance(value, list) and isinstance(value[0], dict) and "x" in value[0]
    return [value] if one or not isinstance(value, list) else value


def _landmark_row(name, row):
    """Return landmarks as an array (K, 3) of x, y and score."""
    if isinstance(row, dict):
        row = row.get("landmark", row.get("landmarks"))
    if not isinstance(row, list) or not row:
        raise ValueError(f"{name}: expected a list of landmarks, got {short(row)}")
    points = []
    for k, mark in enumerate(row):
        mark = mark if isinstance(mark, dict) else {}
        values = [mark.get("x"), mark.get("y"), mark.get("visibility", 1.0)]
        values[2] = 1.0 if values[2] is None else values[2]
        for field, value in zip(("x", "y", "visibility"), values):
            if type(value) not in (int, float) or not abs(value) <= LARGEST:
                raise ValueError(f"{name}[{k}].{field}: expected a number, got {short(value)}")
        points.append(values)
    return np.array(points, dtype=float)


def _frames_of_npz(source):
    """Return the images of an .npz file."""
    arrays = load_npz(source.path)
    name = f"{source.name}: landmarks"
    if "landmarks" not in arrays:
        raise ValueError(f"{name}: expected an array, got only {short(list(arrays))}")
    marks = check_array(name, arrays["landmarks"], (...,), finite=False)
    marks = marks[None] if marks.ndim == 3 else marks
    if marks.ndim != 4 or not 2 <= marks.shape[3] <= 5 or not marks.shape[2]:
        raise ValueError(f"{name}: expected shape (F, P, K, 2 to 5), got {marks.shape}")
    bad = ~(abs(marks[..., :2]) <= LARGEST) & ~np.isnan(marks[..., :2])
    if bad.any():
        raise ValueError(f"{name}{np.argwhere(bad)[0].tolist()}: expected a finite number")
    kind = {21: "hand", 468: "face", 478: "face"}.get(marks.shape[2], "pose")
    scores = marks[..., 3:4] if marks.shape[3] > 3 else np.ones((*marks.shape[:3], 1))
    triples = np.concatenate([marks[..., :2], np.nan_to_num(scores)], axis=3)
    sides = [_scalar(arrays, side) for side in ("width", "height")]
    found = ~np.isnan(triples[..., 0]).all(axis=2)
    return [
        _Frame(f"{name}[{i}]", "", *sides, {kind: list(frame[found[i]])})
        for i, frame in enumerate(triples)
    ]


def _scalar(arrays, name):
    value = arrays.get(name)
    return value.item() if value is not None and value.size == 1 else None


def _choose(source, frames):
    """Return the kind of landmarks to read."""
    found = [kind for kind in KINDS if any(frame.people.get(kind) for frame in frames)]
    if source.category is None:
        return (found or ["pose"])[0]
    if source.category not in found:
        got = ", ".join(found) or "none"
        raise ValueError(f"{source.name}: expected {shown(source.category)} landmarks, got {got}")
    return source.category


def _size(frame, images):
    """Return (width, height) of the image of a frame, or raise ValueError."""
    if frame.width is None and images is not None and frame.file_name:
        if leaves_folder(frame.file_name):
            raise ValueError(f"{frame.name}.image: expected a file inside the folder")
        return image_size(existing(images, frame.file_name))
    for name, side in (("width", frame.width), ("height", frame.height)):
        if type(side) not in (int, float) or not 0 < side <= _MAX_SIDE or side != int(side):
            raise ValueError(
                f"{frame.name}.{name}: expected the image's size in pixels (MediaPipe's files do "
                f"not have it: add it, or give the folder of images), got {short(side)}"
            )
    return int(frame.width), int(frame.height)


def _kind_of(labels):
    """Return the kind of landmarks of a skeleton."""
    kinds = {21: "hand", 468: "face", 478: "face", 33: "pose"}
    kind = kinds.get(labels.skeleton.num_keypoints)
    if kind is None:
        raise ValueError(
            f"labels: expected 33, 21, 468 or 478 keypoints, got {labels.skeleton.name}"
        )
    return kind


def _landmarks(points, scores):
    """Return MediaPipe's list for one person; a missing keypoint is (0, 0) of visibility 0."""
    return [
        {"x": x, "y": y, "z": 0.0, "visibility": score}
        for (x, y), score in zip(np.nan_to_num(points).tolist(), scores.tolist())
    ]
