"""`read` and `write`: any format that npkpose knows, each a module with the same functions.

    recognise(source) -> bool      is the file or folder of this format?
    read(source) -> Labels         ValueError names file, entry and field
    write(labels, path)            a new file or folder
    not_written(labels) -> list    in words, what of the labels the format does not hold
    SUFFIXES                       of its files; () for a folder

A module without ``write`` can only be read.
"""

import os
import pathlib
import secrets
import shutil
import warnings

from npkpose._check import check_choice, check_kind, shown
from npkpose.io import (
    ai_challenger,
    coco,
    coco_results,
    csv_table,
    deeplabcut,
    deeplabcut_h5,
    mediapipe,
    mpii,
    openpose,
    people_json,
    people_npz,
    posetrack,
    pts,
    sleap,
    ultralytics,
    wholebody,
)
from npkpose.io.labels import Labels
from npkpose.io.not_keypoints import explain
from npkpose.io.source import Source
from npkpose.skeleton import Skeleton

# In the order in which they are recognised: special forms before general ones.
FORMATS = {
    "wholebody": wholebody, "posetrack": posetrack, "mediapipe": mediapipe, "coco": coco,
    "npkpose": people_json, "npz": people_npz, "openpose": openpose, "mpii": mpii,
    "aic": ai_challenger, "coco-results": coco_results, "ultralytics": ultralytics, "pts": pts,
    "deeplabcut": deeplabcut, "csv": csv_table, "sleap": sleap, "deeplabcut-h5": deeplabcut_h5,
}  # fmt: skip


def formats():
    """Return {name: (can be read, can be written)} of all formats."""
    return {
        name: (hasattr(module, "read"), hasattr(module, "write"))
        for name, module in FORMATS.items()
    }


def read(path, format="auto", skeleton=None, category=None, images=None):
    """Return what a file or folder of keypoints says as `Labels`.

    Parameters
    ----------
    path : path_like
    format : str
        One of `formats`; "auto" recognises it by the content.
    skeleton : Skeleton, optional
        That of the file. Default: by the names or the number of keypoints in the file.
    category : int or str, optional
        Id or name of the category to read. Default: all that list the same keypoints; otherwise
        the one named "person".
    images : path_like, optional
        The folder of images, for formats of normalised coordinates without their sizes.

    Raises
    ------
    ValueError
        Not a file of keypoints, or a damaged one; the message names file, entry and field.
    FileNotFoundError
        No such file or folder.
    """
    if skeleton is not None:
        check_kind("skeleton", skeleton, Skeleton)
    if not (category is None or isinstance(category, str) or type(category) is int):
        raise ValueError(f"category: expected an id or a name, got {shown(category)}")
    check_choice("format", format, ("auto", *FORMATS))
    source = Source(path, skeleton, category, images)
    try:
        return FORMATS[recognise(source) if format == "auto" else format].read(source)
    except ValueError as error:  # a column's message does not name the file
        if source.name in str(error):
            raise
        raise ValueError(f"{source.name}: {error}") from None


def write(labels, path, format="coco"):
    """Write labels to a new file or folder.

    What the format does not hold is left out, with one warning that names it.

    Raises
    ------
    ValueError
        A format that is only read, or labels that it cannot hold at all.
    FileExistsError
        The path exists: nothing is overwritten.
    """
    check_kind("labels", labels, Labels)
    writable = [name for name, (_, can_write) in formats().items() if can_write]
    module = FORMATS[check_choice("format", format, writable)]
    path = pathlib.Path(path)
    if os.path.lexists(path):
        raise FileExistsError(f"path: expected a new file or folder, got {path}")
    lost = module.not_written(labels)
    if lost:
        warnings.warn(f"{format} does not hold {', '.join(lost)}: left out", stacklevel=2)
    unfinished = path.with_name(f".npkpose-{secrets.token_hex(8)}{path.suffix}")
    try:
        module.write(labels, unfinished)
        os.rename(unfinished, path)
    finally:
        _remove(unfinished)


def _remove(path):
    """Remove a file or folder that was not finished, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def recognise(source):
    """Return the name of the format of a file or folder, or raise ValueError."""
    for name, module in FORMATS.items():
        if module.recognise(source):
            return name
    known, got = ", ".join(FORMATS), explain(source)
    raise ValueError(f"{source.name}: expected a file of keypoints ({known}), got {got}")
