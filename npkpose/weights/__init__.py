"""Weight files: any format in, {name: array} out.

    load(path)          .npz, .safetensors, PyTorch's .pth, .pt and .bin, and .pb (a
                        TensorFlow frozen graph)
    save(path, arrays)  .npz, .safetensors

The names are those of the file; `names` has the tables by which a network knows its arrays
under the names other libraries gave them. PyTorch is not needed for its files, and nothing
in a file is ever run. A damaged file gives a ValueError that names it. Even one made to do
harm takes no more memory than thirty times its own size and 60 MB; what is well made and
not compressed takes its own size, or none until it is looked at.
"""

import os
from pathlib import Path

from npkpose.weights import names
from npkpose.weights.npz import load_npz, save_npz
from npkpose.weights.pytorch import is_pytorch, load_pytorch
from npkpose.weights.safetensors import is_safetensors, load_safetensors, save_safetensors
from npkpose.weights.tensorflow import Node, load_tensorflow, read_graph

__all__ = [
    "Node", "load", "load_npz", "load_pytorch", "load_safetensors", "load_tensorflow",
    "names", "read_graph", "save", "save_npz", "save_safetensors",
]  # fmt: skip

_READERS = {
    ".npz": load_npz,
    ".safetensors": load_safetensors,
    ".pth": load_pytorch,
    ".pt": load_pytorch,
    ".bin": load_pytorch,
    ".pb": load_tensorflow,
}
_WRITERS = {".npz": save_npz, ".safetensors": save_safetensors}


def load(path):
    """Return {name: array} of the weights in a file.

    Arrays are views of the file where the format allows it: they are read from the disk
    when they are looked at, and changing one does not change the file.

    Parameters
    ----------
    path : path_like
        Its first bytes tell the format; its suffix does where they tell nothing
        (a TensorFlow graph, a file that was cut).

    Raises
    ------
    ValueError
        Another format, or a damaged or foreign file; the message names the path.
    FileNotFoundError
        No such file.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _READERS and not os.path.exists(path):
        raise ValueError(f"path: expected a file ending in {_list(_READERS)}, got {str(path)!r}")
    reader = _recognise(path) or _READERS.get(suffix)
    if reader is None:
        raise ValueError(f"{path}: expected weights ({_list(_READERS)}), got other bytes")
    return reader(path)


def save(path, arrays):
    """Write {name: array} to ``path``, in the format of its suffix, atomically.

    Raises ValueError for a suffix other than ``.npz`` and ``.safetensors``, for arrays
    that are not real numbers and for names that are not text.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise ValueError(f"path: expected a file ending in {_list(_WRITERS)}, got {str(path)!r}")
    _WRITERS[suffix](path, arrays)


def _recognise(path):
    """Return the reader for a file's first bytes, or None if they tell nothing."""
    with open(path, "rb") as stream:
        head = stream.read(32)
    if is_pytorch(path, head):
        return load_pytorch
    if head.startswith(b"PK"):
        return load_npz
    return load_safetensors if is_safetensors(head) else None


def _list(suffixes):
    *most, last = suffixes
    return f"{', '.join(most)} or {last}"
