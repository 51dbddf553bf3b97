"""Weight files: any format in, {name: array} out.

    load(path)          .npz, .safetensors, PyTorch's .pth, .pt and .bin, and .pb (a
                        TensorFlow frozen graph)
    save(path, arrays)  .npz, .safetensors

Names are returned as they are in the file. PyTorch is not needed for its files, and no code
of a file is ever run. A damaged file gives a ValueError with its path. A hostile file takes
at most thirty times its own size and 60 MB of memory; a valid uncompressed file takes at
most its own size, and nothing until an array is used.

Read in this order:

    files.py         map a file into memory, read numbers, replace a file atomically
    archive.py       members of zip archives
    identify.py      what a file is that is refused
    npz.py           NumPy's archives
    safetensors.py   a JSON table and the numbers
    unpickle.py      the pickle machine, which calls nothing; its instructions in pickle_steps.py
    torch_tensor.py  PyTorch's tensors
    torch_names.py   what the names in PyTorch's pickles mean
    checkpoint.py    the weights among what a training program saved
    pytorch.py       PyTorch's two file formats
    protobuf.py      the wire format of TensorFlow's files
    tensorproto.py   one array of such a file
    tensorflow.py    frozen graphs
    names.py         the array names of other libraries
    published/       the files that others publish: fetched by name, checked, kept in a cache
"""

import os
from pathlib import Path

from npkpose.weights import names
from npkpose.weights.identify import HEAD, first_member, identify
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

    Arrays are views of the file where the format allows it: they are read from disk on
    first use, and changing one does not change the file.

    Parameters
    ----------
    path : path_like
        The first bytes of the file determine the format; otherwise its suffix does
        (a TensorFlow graph, a truncated file).

    Raises
    ------
    ValueError
        Another format, a folder or a damaged file; the message names the path, and says what
        the file is if that is known.
    FileNotFoundError
        No such file.
    """
    if os.path.isdir(path):
        raise ValueError(f"{path}: expected a file of weights, got a folder{_inside(path)}")
    reader = _recognise(path) or _READERS.get(Path(path).suffix.lower())
    if reader is None:
        found = identify(path) or "other bytes"
        raise ValueError(f"{path}: expected weights ({_list(_READERS)}), got {found}")
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
    """Return the reader for a file's first bytes, or None if they are not known."""
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
    if is_pytorch(path, head):
        return load_pytorch
    if head.startswith(b"PK") and first_member(head).endswith(".npy"):
        return load_npz
    return load_safetensors if is_safetensors(head) else None


def _inside(folder):
    found = sorted(name for name in os.listdir(folder) if Path(name).suffix.lower() in _READERS)
    return f"; load a file in it, such as {found[0]!r}" if found else ""


def _list(suffixes):
    *most, last = suffixes
    return f"{', '.join(most)} or {last}"
