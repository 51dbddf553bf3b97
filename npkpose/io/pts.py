"""Landmarks of faces in .pts files, one for each face, as 300-W and many others have them.

    version: 1
    n_points: 68
    {
    446.000 91.000
    ...
    }

Sagonas et al., "300 Faces In-The-Wild Challenge", Image and Vision Computing 2016;
ibug.doc.ic.ac.uk. Coordinates are MATLAB's, with pixel centres from 1: 1 is subtracted, and added
again by `write`. A line "nan nan" is a missing point. The image is the one of the same name beside
the file, or in the folder of images; its size is not read.
"""

import pathlib
import re

import numpy as np

from npkpose._check import LARGEST, plain
from npkpose.io.image_files import find_image
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost

SUFFIXES = ()
FIRST = 1  # the coordinate of the first pixel's centre
_HEADER = re.compile(r"\s*version:\s*\d+\s+n_points:\s*(\d{1,7})\s*\{(.*)\}\s*", re.DOTALL)


def recognise(source):
    """Return whether it is such a file, or a folder with some."""
    if source.is_folder:
        return bool(source.folder_file("*.pts"))
    return source.suffix == ".pts"


def read(source):
    """Return the faces of all files, one in each image."""
    paths = source.folder_file("*.pts") if source.is_folder else [source.path]
    if not paths:
        raise ValueError(f"{source.name}: expected a folder with .pts files, got none")
    points = [_read_file(path) for path in paths]
    for path, each in zip(paths, points):
        if len(each) != len(points[0]):
            raise ValueError(
                f"{path}: n_points: expected {len(points[0])}, as {paths[0].name} has, "
                f"got {len(each)}"
            )
    skeleton = source.skeleton or choose_skeleton(len(points[0]), category="face")
    if skeleton.num_keypoints != len(points[0]):
        raise ValueError(
            f"{paths[0]}: n_points: expected {skeleton.num_keypoints} keypoints of "
            f"{skeleton.name}, got {len(points[0])}"
        )
    images = [ImageEntry(i, _image_name(path, source.images)) for i, path in enumerate(paths)]
    return Labels(skeleton, images, range(len(paths)), points, categories={1: "face"})


def write(labels, path):
    """Write a folder with a file for each face; several faces of an image are numbered."""
    folder, names = pathlib.Path(path), {}
    for n, i in enumerate(labels.image_index):
        image = labels.images[i]
        stem = pathlib.PurePath(image.file_name.replace("\\", "/")).stem or str(image.id)
        rows = np.flatnonzero(labels.image_index == i)
        names[n] = stem if len(rows) == 1 else f"{stem}_{int((rows < n).sum()) + 1}"
    if len(set(names.values())) < len(names):
        raise ValueError("labels.images: expected names that differ without their suffixes")
    folder.mkdir(parents=True)
    for n, name in names.items():
        lines = [f"{x + FIRST!r} {y + FIRST!r}" for x, y in labels.keypoints[n].tolist()]
        head = f"version: 1\nn_points: {len(lines)}\n{{\n"
        (folder / f"{name}.pts").write_text(head + "\n".join([*lines, "}", ""]), "ascii")


def not_written(labels):
    """Return what of the labels the format does not hold."""
    return what_is_lost(labels, "image_ids", "categories")


def _read_file(path):
    """Return the points of a file (K, 2), from 0."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    match = _HEADER.fullmatch(text)
    if match is None:
        got = plain(text.strip()[:60]) or "nothing"
        raise ValueError(f"{path}: expected version, n_points and {{ points }}, got {got}")
    words = match[2].split()
    count = int(match[1])
    if len(words) != 2 * count or not count:
        raise ValueError(f"{path}: n_points: expected {len(words) / 2:g} points, got {count}")
    try:
        points = np.array(words, dtype=np.float64).reshape(-1, 2) - FIRST
    except ValueError as error:
        raise ValueError(f"{path}: expected numbers, got {error}") from None
    bad = ~(abs(points) <= LARGEST)
    bad &= ~np.isnan(points).all(axis=1, keepdims=True)
    if bad.any():
        k, axis = np.argwhere(bad)[0]
        got = points[k, axis] + FIRST
        raise ValueError(f"{path}: point[{k}]: expected finite numbers, got {got}")
    return points


def _image_name(path, folder):
    """Return the name of the image of a .pts file; ".png" if there is none."""
    found = find_image(folder or path.parent, path.stem)
    return f"{path.stem}.png" if found is None else found.name
