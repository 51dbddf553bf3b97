"""The published files that npkpose knows: ``manifest.json``, read once.

An entry's name is a network's, such as "vitpose-b" or "hrnet-w32-dark". Where several files of one
network are published, the name alone is the file to prefer; the others have their source behind a
slash, "vitpose-b/mmpose-1.x".

Sources: the model lists, configuration files and download pages of the projects that are named in
the addresses. The digits in the names of OpenMMLab's files are the beginning of a file's SHA-256.
"""

import difflib
import functools
import importlib.resources
import json
import pathlib
from typing import NamedTuple

ON_DISK = ".onnx"  # of a zip archive, only the network in it is kept


class Entry(NamedTuple):
    """One published file. ``urls`` are addresses of the same bytes, in the order to try them.

    ``hash`` is the file's SHA-256 (64 hexadecimal digits) or SHA-384 (96), the first 8 digits of
    its SHA-256, or None; ``inner_hash`` that of the network in a zip archive. ``page`` is for a
    file that only a browser can download, and ``urls`` is then empty. ``score`` is (measure, value,
    data set) or None. ``network`` is a name in `models.pretrained.PRETRAINED`, "onnx", "lifter" or
    "mesh". ``preprocessing`` holds the settings with which the score was measured.
    """

    name: str
    file: str
    urls: list
    page: str | None
    size: int | None  # bytes
    hash: str | None
    licence: str  # of the weights
    data: str  # what they were trained on, with its terms
    score: list | None
    network: str
    preprocessing: dict
    inner_hash: str | None = None

    @property
    def is_archive(self):
        """Whether the published file is a zip archive with the network in it."""
        return self.file.endswith(".zip")

    @property
    def cached_name(self):
        """The name of the file in the cache."""
        return pathlib.PurePath(self.file).stem + ON_DISK if self.is_archive else self.file

    @property
    def megabytes(self):
        """The size as text, or "size unknown"."""
        return "size unknown" if self.size is None else f"{max(self.size / 1e6, 0.1):.3g} MB"


@functools.cache
def entries():
    """Return {name: Entry} of all published files, in the order of the manifest."""
    text = importlib.resources.files(__package__).joinpath("manifest.json").read_text("utf-8")
    return {name: Entry(name, **fields) for name, fields in json.loads(text).items()}


def find_entry(name, known=None):
    """Return the `Entry` of a name, or raise ValueError that lists the nearest names.

    ``known`` are the entries to choose from; default all.
    """
    known = entries() if known is None else known
    if isinstance(name, str) and name in known:
        return known[name]
    near = difflib.get_close_matches(str(name), known, n=4, cutoff=0.5)
    among = f", such as {', '.join(near)}" if near else ""
    raise ValueError(f"model: expected a name that `npkpose models` lists{among}, got {name!r:.80}")
