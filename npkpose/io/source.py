"""The class `Source`: the file or folder that a reader reads, and its content, parsed once."""

import os
import pathlib
from functools import cached_property

from npkpose._json import read_json
from npkpose.io.entries import pack_keypoints, short
from npkpose.io.keypoint_rows import pack_parts

HEAD = 4096  # bytes that tell the formats of text files apart


class Source:
    """A file or a folder; ``name`` is its name in messages.

    Parameters
    ----------
    path : path_like
    skeleton : Skeleton, optional
        That of the file, where the file does not say it.
    category : int or str, optional
        Id or name of the category to read, where a file has several.
    images : path_like, optional
        The folder of images, for formats that need their sizes.
    """

    def __init__(self, path, skeleton=None, category=None, images=None):
        if not isinstance(path, (str, os.PathLike)):
            raise ValueError(f"path: expected the path of a file or folder, got {short(path)}")
        self.path, self.name = pathlib.Path(path), os.fspath(path)
        self.skeleton, self.category = skeleton, category
        self.images = None if images is None else pathlib.Path(images)
        if not self.path.exists():
            raise FileNotFoundError(f"{self.name}: no such file or folder")

    @property
    def is_folder(self):
        """Whether it is a folder."""
        return self.path.is_dir()

    @property
    def suffix(self):
        """The suffix of the file in lower case, such as ".json"."""
        return self.path.suffix.lower()

    @cached_property
    def head(self):
        """The first bytes of the file; empty for a folder."""
        if self.is_folder:
            return b""
        with open(self.path, "rb") as file:
            return file.read(HEAD)

    @cached_property
    def is_json(self):
        """Whether the file begins as an object or a list of JSON does."""
        text = self.head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
        return text[:1] in (b"{", b"[")

    @cached_property
    def json(self):
        """The parsed content of a JSON file; ValueError names the file."""
        return read_json(self.path, object_hook=lambda entry: pack_parts(pack_keypoints(entry)))

    def lines(self):
        """Return the open text file, whose lines the module csv reads one at a time."""
        return open(self.path, encoding="utf-8-sig", errors="replace", newline="")

    def folder_file(self, pattern):
        """Return the files of a folder that match a pattern, sorted by name; [] for a file."""
        return sorted(self.path.glob(pattern)) if self.is_folder else []
