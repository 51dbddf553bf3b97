"""OpenPose's JSON: a folder with one file for each image or frame.

    NAME_keypoints.json: {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d":
    [x, y, score, ...], "face_keypoints_2d": [...], "hand_left_keypoints_2d": [...],
    "hand_right_keypoints_2d": [...]}, ...]}

Cao et al., TPAMI 2019, arXiv:1812.08008; OpenPose's doc/02_output.md. 25 keypoints are BODY_25, 18
OPENPOSE_18. The 70 points of faces and 21 of each hand are kept as the fields "face",
"hand_left" and "hand_right", (N, 70, 3) and (N, 21, 3). A keypoint 0, 0, 0 is missing; an older
version calls the lists "pose_keypoints" and so on. Coordinates are taken as they are: they must be
in pixels, as OpenPose writes them unless --keypoint_scale says otherwise.

A file does not say the name or size of its image: with a folder of images, they are looked up.
"""

import json
import pathlib

import numpy as np

from npkpose._json import read_json
from npkpose.io.entries import Entries, short
from npkpose.io.image_files import find_image, image_size
from npkpose.io.keypoint_rows import count_keypoints, points_and_scores, read_rows
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost
from npkpose.skeletons import BODY_25, OPENPOSE_18

SUFFIXES = ()
END = "_keypoints"
PARTS = {"face": ("face_keypoints", 70), "hand_left": ("hand_left_keypoints", 21),
         "hand_right": ("hand_right_keypoints", 21)}  # fmt: skip
_BODY = "pose_keypoints"
_SKELETONS = {25: BODY_25, 18: OPENPOSE_18}


def recognise(source):
    """Return whether it is a folder with such files, or one of them."""
    if source.is_folder:
        return bool(source.folder_file(f"*{END}.json"))
    content = source.json if source.is_json else None
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or people and not isinstance(people[0], dict):
        return False
    return "version" in content or any(name.startswith(_BODY) for name in dict(*people[:1]))


def read(source):
    """Return the people of all files; the image's id is the number of the file."""
    paths = source.folder_file(f"*{END}.json") if source.is_folder else [source.path]
    images, rows, places, index = [], [], [], []
    for i, path in enumerate(paths):
        people = _people(path)
        images.append(_image(i, path, source.images))
        places += [f"{path}: people[{n}" for n in range(len(people))]
        rows += people
        index += [i] * len(people)
    entries = _Named(rows, places)
    skeleton, points, scores = _body(entries, source.skeleton)
    fields = {name: _part(entries, f"{field}_2d", count) for name, (field, count) in PARTS.items()}
    fields = {name: each for name, each in fields.items() if not np.isnan(each[..., 0]).all()}
    ids = [_identity(entry.get("person_id")) for entry in rows]
    if any(i >= 0 for i in ids):
        fields["track_ids"] = np.array(ids)
    return Labels(skeleton, images, index, points, scores=scores, fields=fields)


def write(labels, path):
    """Write a folder with a file for each image, named as the image without its suffix."""
    folder = pathlib.Path(path)
    names = [_stem(image) for image in labels.images]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"labels.images: expected names that differ, got {twice!r} twice")
    folder.mkdir(parents=True)
    for i, name in enumerate(names):
        (folder / f"{name}{END}.json").write_text(image_text(labels, i), encoding="utf-8")


def image_text(labels, i):
    """Return the content of the file of image ``i``."""
    people = [_person(labels, n) for n in np.flatnonzero(labels.image_index == i)]
    return json.dumps({"version": 1.3, "people": people})


def not_written(labels):
    """Return what of the labels the format does not hold."""
    return what_is_lost(labels, "scores", "empty", "image_ids", fields=("track_ids", *PARTS))


class _Named(Entries):
    """People of several files; a message names the file."""

    def __init__(self, rows, places):
        super().__init__("", rows)
        self.positions = np.array(places, dtype=object)

    def fail(self, i, field, wanted, explain=None):
        try:
            super().fail(i, field, wanted, explain)
        except ValueError as error:
            raise ValueError(str(error).removeprefix("[")) from None


def _people(path):
    """Return the list of people of a file, older names of lists replaced."""
    content = read_json(path)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise ValueError(f"{path}: expected an object with a list of people, got {short(content)}")
    for n, person in enumerate(people):
        if not isinstance(person, dict):
            raise ValueError(f"{path}: people[{n}]: expected an object, got {short(person)}")
    old = {name: f"{name}_2d" for name in (_BODY, *(field for field, _ in PARTS.values()))}
    return [{old.get(name, name): value for name, value in one.items()} for one in people]


def _body(entries, skeleton):
    """Return the skeleton, keypoints and scores of bodies."""
    field, wanted = f"{_BODY}_2d", skeleton and skeleton.num_keypoints
    found = count_keypoints(entries, field, wanted)
    count, numbers = found or (wanted or BODY_25.num_keypoints, 3)
    if skeleton is None:
        skeleton = _SKELETONS.get(count) or choose_skeleton(count)
    elif count != wanted:
        raise ValueError(
            f"{entries.positions[0]}].{field}: expected {wanted} keypoints of {skeleton.name}, "
            f"got {count}"
        )
    table = read_rows(entries, count, numbers, field)
    return skeleton, *points_and_scores(entries, table, field)


def _part(entries, field, count):
    """Return x, y and score (N, count, 3) of faces or hands, NaN, NaN, 0 where missing."""
    points, scores = points_and_scores(entries, read_rows(entries, count, 3, field), field)
    return np.dstack([points, scores])


def _identity(value):
    """Return the identity in "person_id": a list of one integer; -1 is unknown."""
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if type(value) is int and 0 <= value < 2**63 else -1


def _image(i, path, folder):
    """Return the entry of the image of a file."""
    stem = path.stem.removesuffix(END)
    found = None if folder is None else find_image(folder, stem)
    return ImageEntry(i, stem) if found is None else ImageEntry(i, found.name, *image_size(found))


def _stem(image):
    """Return the name of an image without folders and suffix; its id, if it has no name."""
    name = image.file_name.replace("\\", "/").rsplit("/", 1)[-1] or str(image.id)
    return pathlib.PurePath(name).stem.replace("/", "_")


def _person(labels, n):
    """Return the entry of one person."""
    ids = labels.fields.get("track_ids")
    person = {"person_id": [-1 if ids is None else int(ids[n])]}
    person[f"{_BODY}_2d"] = _triples(labels.keypoints[n], labels.scores[n])
    for name, (field, _) in PARTS.items():
        part = labels.fields.get(name)
        part = None if part is None or np.isnan(part[n, :, 0]).all() else part[n]
        person[f"{field}_2d"] = [] if part is None else _triples(part[:, :2], part[:, 2])
    return person


def _triples(points, scores):
    triples = np.concatenate([np.nan_to_num(points), np.nan_to_num(scores)[:, None]], axis=1)
    return triples.ravel().tolist()
