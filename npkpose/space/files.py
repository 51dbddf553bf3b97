"""Camera files, keypoint files, and files of 3-D results.

Keypoints of one camera or sequence, in pixels:

    .npy, .npz      an array (..., K, 2) of (x, y) or (..., K, 3) of (x, y, score); in an .npz, the
                    array "keypoints" or the only array
    .json           the same as nested lists, null for NaN; or COCO results, a list with one
                    {"image_id", "keypoints": x, y, score, x, y, ...} per person

A keypoint with a NaN, a null or a score of 0 is missing. Cameras are JSON in the form of a data
set (see `npkpose.space.camera`); the first form is the one to write by hand:

    Panoptic        {"cameras": [{"name", "K", "distCoef", "R", "t"}, ...]}, in cm
    Shelf, Campus   {name: {"R", "T", "fx", "fy", "cx", "cy", "k", "p"}, ...}, in mm
    Human3.6M       {name: {"R", "T", "f", "c", "k", "p"}, ...}, in m

A key "unit" of the file or of a camera, "mm", "cm" or "m", says another unit.
"""

import json
import pathlib

import numpy as np

from npkpose._check import check_array, plain, shown
from npkpose.poses import Poses
from npkpose.space.camera import Camera
from npkpose.weights.files import replacing
from npkpose.weights.identify import identify
from npkpose.weights.npz import load_npy, load_npz

_MAX_AXES = 8


def read_cameras(path, unit=None):
    """Return {name: Camera} of a calibration file, in the order of the file.

    ``unit`` is that of the file's numbers; default: what it says, or that of its form. Raises
    ValueError, naming the file and the camera, for any other content.
    """
    content = _read_json(path)
    stated = None
    if isinstance(content, dict) and isinstance(content.get("unit"), str):
        stated = content.pop("unit")
    if isinstance(content, dict) and isinstance(content.get("cameras"), list):
        entries = {_name(entry, n): entry for n, entry in enumerate(content["cameras"])}
        if len(entries) < len(content["cameras"]):
            raise ValueError(f"{path}: expected distinct names, got {shown(list(entries))}")
    else:
        entries = content
    if not isinstance(entries, dict) or not entries:
        raise ValueError(f"{path}: expected cameras, as of Panoptic, Shelf or Human3.6M")
    return {name: _camera(path, name, entry, (unit, stated)) for name, entry in entries.items()}


def read_keypoints(path):
    """Return keypoints (..., K, 2), NaN where missing, and their scores (..., K), default 1.

    Raises ValueError, naming the file, for any other content.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix == ".json":
        array = _as_array(path, _read_json(path))
    elif suffix in (".npy", ".npz"):
        array = _read_numpy(path)
    else:
        raise ValueError(f"{path}: expected .npy, .npz or .json, got {suffix!r}")
    if array.ndim < 2 or array.shape[-1] not in (2, 3):
        raise ValueError(f"{path}: expected shape (..., K, 2) or (..., K, 3), got {array.shape}")
    array = check_array(str(path), array, (..., array.shape[-1]), finite=False)
    if np.isinf(array).any():
        raise ValueError(f"{path}: expected finite numbers or NaN, got infinity")
    missing = np.isnan(array).any(axis=-1)
    scores = np.where(missing, 0.0, array[..., 2] if array.shape[-1] == 3 else 1.0)
    return np.where(scores[..., None] > 0, array[..., :2], np.nan), scores.clip(0)


def read_people(path):
    """Return {image id: Poses} of COCO results, ids in ascending order; None for other files.

    COCO results do not list images without people.

    Raises ValueError, naming the file, the entry and the field.
    """
    content = _read_json(path) if pathlib.Path(path).suffix.lower() == ".json" else None
    if not isinstance(content, list) or content and not isinstance(content[0], dict):
        return None
    found, count = {}, None
    for n, entry in enumerate(content):
        image_id, triples, score = _read_person(f"{path}[{n}]", entry, count)
        count = len(triples)
        found.setdefault(image_id, []).append((triples, score))
    return {image_id: _poses(found[image_id]) for image_id in sorted(found, key=_order)}


def match_images(paths, views):
    """Return the image ids of several views, each {image id: Poses}, in order of appearance.

    Raises ValueError, with the files and their first ids, if no id is in two of them: then the
    ids name the pictures of one camera, not the times at which all of them saw the scene.
    """
    seen = [image_id for view in views for image_id in view]
    ids = list(dict.fromkeys(seen))
    if ids and len(ids) == len(seen):
        first = ", ".join(
            f"{path}: {shown(next(iter(view), None))}" for path, view in list(zip(paths, views))[:3]
        )
        raise ValueError(
            f"image_id: expected one that is in two files, for the same time, got none ({first})"
        )
    return ids


def write_arrays(path, arrays):
    """Write {name: array} as .npz or as .json, which has nested lists and null for NaN.

    Image ids that no integer type holds are written as text.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in (".npz", ".json"):
        raise ValueError(f"--out: expected a file ending in .npz or .json, got {str(path)!r}")
    arrays = {name: _without_objects(np.asarray(array)) for name, array in arrays.items()}
    with replacing(path) as stream:
        if suffix == ".npz":
            np.savez(stream, **arrays)
        else:
            lists = {name: _without_nan(array.tolist()) for name, array in arrays.items()}
            stream.write((json.dumps(lists) + "\n").encode())


def _read_json(path):
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ValueError(f"{path}: expected JSON, got lists nested too deeply") from None
    except ValueError as error:  # no JSON, no UTF-8, a number of too many digits
        what = identify(path) or "text"
        found = error if what.startswith("text") else what
        raise ValueError(f"{path}: expected JSON, got {found}") from None


def _read_numpy(path):
    if pathlib.Path(path).suffix.lower() == ".npy":
        return load_npy(path)

    def choose(names):
        chosen = ["keypoints"] if "keypoints" in names else names
        if len(chosen) != 1:
            raise ValueError(f"{plain(', '.join(names))} and no array called keypoints")
        return chosen

    return next(iter(load_npz(path, choose).values()))


def _as_array(path, content):
    """Return the array of nested lists of numbers and null."""
    items = np.array(content, dtype=object) if isinstance(content, list) else np.array(None)
    try:
        is_array = 0 < items.ndim <= _MAX_AXES
        if not is_array or not all(type(x) in (int, float, type(None)) for x in items.flat):
            raise TypeError("text, or lists of several lengths")
        return items.astype(np.float64)
    except TypeError:
        raise ValueError(f"{path}: expected nested lists of numbers, or COCO results") from None
    except OverflowError:
        raise ValueError(f"{path}: expected numbers that float64 can hold") from None


def _name(entry, n):
    name = entry.get("name") if isinstance(entry, dict) else None
    return str(name) if isinstance(name, (str, int)) else str(n)


def _camera(path, name, entry, units):
    if not isinstance(entry, dict):
        raise ValueError(f"{path}: camera {plain(name)}: expected an object, got {shown(entry)}")
    if "K" in entry:
        make = Camera.from_panoptic
    else:
        make = Camera.from_shelf if "fx" in entry else Camera.from_h36m
    try:
        asked, stated = units
        unit = asked or entry.get("unit", stated)
        return make(entry) if unit is None else make(entry, unit)
    except ValueError as error:
        raise ValueError(f"{path}: camera {plain(name)}: {error}") from None


def _read_person(name, entry, count):
    """Return image id, triples (K, 3) and score of a COCO result; K must be ``count``."""
    image_id = entry.get("image_id") if isinstance(entry, dict) else None
    if type(image_id) not in (int, str):
        raise ValueError(f"{name}.image_id: expected a number or text, got {shown(image_id)}")
    triples = check_array(f"{name}.keypoints", entry.get("keypoints", []), ("3 K",))
    if len(triples) == 0 or len(triples) % 3 or count not in (None, len(triples) // 3):
        raise ValueError(
            f"{name}.keypoints: expected x, y, score of as many keypoints as the first entry has, "
            f"got {len(triples)} numbers"
        )
    score = check_array(f"{name}.score", entry.get("score", 1.0), ())
    return image_id, triples.reshape(-1, 3), score


def _poses(people):
    """Return the Poses of one image from its people: (triples (K, 3), score) each."""
    triples = np.stack([triple for triple, _ in people])
    scores = triples[..., 2].clip(0)
    keypoints = np.where(scores[..., None] > 0, triples[..., :2], np.nan)
    return Poses(keypoints, scores, [float(score) for _, score in people])


def _order(image_id):
    """Sort key: numbers first, then text."""
    return (isinstance(image_id, str), image_id)


def _without_objects(array):
    return array.astype(str) if array.dtype == object else array


def _without_nan(value):
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if value != value else value
