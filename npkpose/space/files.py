"""Camera files, keypoint files, and files of 3-D results.

Keypoints of one camera or sequence, in pixels:

    .npy, .npz      an array (..., K, 2) of (x, y) or (..., K, 3) of (x, y, score); in an .npz, the
                    array "keypoints" or the only array
    .json           the same as nested lists, null for NaN; or people, see people_files.py

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

from npkpose import _json
from npkpose._check import check_array, plain, shown
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
    content = read_json(path)
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
        array = _as_array(path, read_json(path))
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


def read_json(path):
    """Return the content of a JSON file; ValueError, naming the file, for anything else."""
    try:
        return _json.read_json(path)
    except ValueError:
        what = identify(path) or "text"
        if what.startswith("text"):
            raise
        raise ValueError(f"{path}: expected JSON, got {what}") from None


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
        kinds = {
            "people": ", got the people of one photo; results.json has those of all",
            "annotations": ", got COCO annotations",
        }
        keys = content if isinstance(content, dict) else ()
        found = next((kinds[key] for key in kinds if key in keys), "")
        raise ValueError(
            f"{path}: expected nested lists of numbers, or COCO results{found}"
        ) from None
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


def _without_objects(array):
    return array.astype(str) if array.dtype == object else array


def _without_nan(value):
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if value != value else value
