"""The files of images and videos that paths, folders, patterns and lists name.

A folder gives its images and videos, not those of the folders in it; a pattern such as
``"day1/*.jpg"`` or ``"**/*.mp4"`` those of its matches. Both are in natural order: frame2 comes
before frame10. A path of anything else is a file, whatever its suffix.
"""

import glob
import os
import pathlib
import re

IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm",
          ".pnm", ".jp2", ".avif", ".heic", ".heif")  # fmt: skip
VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ts",
          ".mts", ".m2ts", ".3gp", ".ogv", ".mxf", ".mjpeg")  # fmt: skip


def is_video(path):
    """Return whether the suffix of a path is that of a video."""
    return pathlib.PurePath(path).suffix.lower() in VIDEOS


def list_files(path):
    """Return the paths that a path, folder or pattern names; a path is itself.

    Raises ValueError for a folder without images and videos, or a pattern that matches none.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        found = [os.path.join(path, name) for name in os.listdir(path) if name[0] != "."]
    elif glob.has_magic(path) and not os.path.lexists(path):
        found = glob.glob(path, recursive=True)
    else:
        return [path]
    known = [name for name in found if _has_suffix(name) and not os.path.isdir(name)]
    if not known:
        others = f"{len(found)} other files" if found else "no file"
        raise ValueError(f"{path}: expected images or videos, got {others}")
    return sorted(known, key=natural_order)


def parse_list(lines, path=""):
    """Return the paths in the lines of a text file; empty lines are passed over.

    A relative path is looked up in the current folder, and then in that of the list ``path``.
    """
    lines = [line.strip("\r\n") for line in lines]
    return [_beside(line, os.path.dirname(path)) for line in lines if line.strip()]


def natural_order(path):
    """Return the key by which paths are sorted: numbers in them by value."""
    parts = re.split(r"(\d+)", os.fspath(path))
    return [int(part) if n % 2 else part.casefold() for n, part in enumerate(parts)], path


def _has_suffix(path):
    return pathlib.PurePath(path).suffix.lower() in IMAGES + VIDEOS


def _beside(path, folder):
    other = os.path.join(folder, path)
    return other if not os.path.exists(path) and os.path.exists(other) else path
