"""Weight files: any format in, {name: array} out.

    load(path)          .npz, and .pb (a TensorFlow frozen graph)
    save(path, arrays)  .npz

The names are those of the file. Turning another library's names and layouts into a
network's own is the network's business: see `npkpose.models`.
"""

from pathlib import Path

from npkpose.weights.npz import load_npz, save_npz
from npkpose.weights.tensorflow import Node, load_tensorflow, read_graph

__all__ = ["Node", "load", "load_npz", "load_tensorflow", "read_graph", "save", "save_npz"]

_READERS = {".npz": load_npz, ".pb": load_tensorflow}
_WRITERS = {".npz": save_npz}


def load(path):
    """Return {name: array} of the weights in a file, by its suffix.

    Parameters
    ----------
    path : path_like
        ``.npz`` or ``.pb``.

    Raises
    ------
    ValueError
        Another suffix, or a damaged or foreign file; the message names the path.
    FileNotFoundError
        No such file.
    """
    return _choose(_READERS, path)(path)


def save(path, arrays):
    """Write {name: array} to ``path``, atomically.

    Raises ValueError for a suffix other than ``.npz`` or arrays that are not real numbers.
    """
    _choose(_WRITERS, path)(path, arrays)


def _choose(by_suffix, path):
    suffix = Path(path).suffix.lower()
    if suffix not in by_suffix:
        known = " or ".join(by_suffix)
        raise ValueError(f"path: expected a file ending in {known}, got {str(path)!r}")
    return by_suffix[suffix]
