"""Weight files as bytes: mapped into memory for reading, replaced atomically for writing.

The operating system reads a mapped file page by page, when its bytes are first used:
loading a large file costs nothing until its arrays are used, and an array that is a view
of the file needs no memory of its own. The mapping is private: writing to such an array
changes this process's copy of a page, never the file.
"""

import mmap
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import numpy as np

from npkpose._check import check_kind, real_array, shown

# The upper half of a float32. NumPy has no bfloat16, so this dtype only has its size.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])
_BOOL = np.dtype(bool)
_UNFINISHED = ".npkpose-"  # begins the names of temporary files


def map_file(path):
    """Return the bytes of a file, mapped. Raises ValueError for an empty file."""
    with open(path, "rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            raise ValueError(f"{path}: expected a weight file, got an empty one")
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)


def read_numbers(data, span, dtype):
    """Return the numbers in ``data[start:end]`` as an array (n,).

    A view of ``data`` if possible. Copied are unaligned numbers, bfloat16, which becomes
    float32, and bool, where every nonzero byte is True.

    Parameters
    ----------
    data : buffer
    span : (int, int)
        Start and end inside ``data``; the distance is a multiple of the item size.
    dtype : numpy.dtype
    """
    start, end = span
    stored = np.dtype("u1") if dtype == _BOOL else dtype
    numbers = np.frombuffer(data, stored, (end - start) // stored.itemsize, start)
    if dtype.names:  # bfloat16 in either byte order
        return (numbers["bfloat16"].astype(np.uint32) << 16).view(np.float32)
    if dtype == _BOOL:
        return numbers != 0
    return np.require(numbers, requirements="A")


def check_state(arrays):
    """Return ``arrays`` with each value an array of real numbers, or raise ValueError."""
    for name in check_kind("arrays", arrays, Mapping):
        if not isinstance(name, str):
            raise ValueError(f"arrays: expected names that are text, got {shown(name)}")
    return {name: real_array(name, array) for name, array in arrays.items()}


@contextmanager
def replacing(path):
    """Yield a stream whose bytes replace ``path`` at the end, atomically.

    They are written to a temporary file in the same folder and flushed to the disk before
    it is renamed. So no reader sees half a file, and an error or a power failure leaves
    the old file untouched. If ``path`` is a symbolic link, its target is replaced; the
    permissions of an existing file are kept.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            if path.exists():
                os.chmod(temporary, S_IMODE(path.stat().st_mode))
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder):
    """Remove the temporary files that `replacing` left in a folder when its process was killed."""
    name = re.compile(re.escape(_UNFINISHED) + "[0-9a-f]{16}[.]tmp")
    for path in Path(folder).iterdir():
        if name.fullmatch(path.name):
            path.unlink(missing_ok=True)
