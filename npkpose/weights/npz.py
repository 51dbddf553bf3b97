"""NumPy archives (.npz): a zip file with one array per member.

Format: NumPy reference, `numpy.lib.format`. Pickled objects are never read or written.
A member is a text header with dtype, order and shape, followed by the numbers. If an
archive is uncompressed and the numbers are aligned, the array is a view of the mapped
file, otherwise a copy.
"""

import io
import math
import os
import sys
import zipfile

import numpy as np

from npkpose._check import plain
from npkpose.weights.archive import read_directory, read_member
from npkpose.weights.files import check_state, map_file, read_numbers, replacing
from npkpose.weights.identify import identify

_SUFFIX = ".npy"
_MAGIC = b"\x93NUMPY"
_MAX_AXES = 32
_LONGEST_HEADER = 2**16  # of version 1; weights need a hundred bytes


def load_npz(path, choose=None, kinds="buif"):
    """Return {name: array} of an .npz archive of real numbers.

    ``choose``, given the list of names, returns those to read; default: all. ``kinds`` are NumPy's
    letters of the dtypes to accept, with "U" also text. Raises ValueError, naming the path, for a
    file that is damaged, is not an archive, or has a member to read of another kind.
    """
    try:
        members, data = read_directory(path), map_file(path)
        members = {name.removesuffix(_SUFFIX): info for name, info in members.items()}
        names = members if choose is None else choose(list(members))
        return {
            name: _read_array(name, read_member(data, members[name]), kinds) for name in names
        }
    except ValueError as error:
        found = identify(path) or error
        raise ValueError(f"{path}: expected an .npz archive, got {found}") from None


def load_npy(path):
    """Return the array of a .npy file of real numbers, a view of the file if it is aligned.

    Raises ValueError, naming the path, for any other file.
    """
    data = None
    try:
        data = map_file(path)
        return _read_array(os.path.basename(path), memoryview(data))
    except ValueError as error:
        found = error if data and data[:6] == _MAGIC else identify(path) or error
        raise ValueError(f"{path}: expected an array (.npy), got {found}") from None


def save_npz(path, arrays):
    """Write {name: array} to an uncompressed .npz archive, atomically.

    The same arrays always give the same bytes. Raises ValueError for values that are not
    real numbers, and for names that are not text or contain the character NUL, which ends
    the name of a zip archive's member.
    """
    arrays = check_state(arrays)
    for name in arrays:
        if "\0" in name:
            raise ValueError(f"arrays: expected names without the character NUL, got {name!r}")
    with replacing(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}{_SUFFIX}", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _read_array(name, content, kinds="buif"):
    shape, is_fortran, dtype, start = _read_header(name, content)
    size = len(content) - start
    are_sizes = len(shape) <= _MAX_AXES and all(type(n) is int and 0 <= n < 2**48 for n in shape)
    fits = are_sizes and math.prod(shape) * dtype.itemsize == size
    if dtype.kind not in kinds or not dtype.itemsize or not fits:
        what = f"{plain(str(dtype))} and shape {str(shape)[:80]}"
        raise ValueError(f"member {name[:80]!r} of {what} in {size} bytes")
    numbers = read_numbers(content, (start, len(content)), dtype)
    if dtype.kind == "U" and (numbers.view(f"{dtype.byteorder}u4") > sys.maxunicode).any():
        raise ValueError(f"member {name[:80]!r} of text that is not Unicode")
    return numbers.reshape(shape, order="F" if is_fortran else "C")


def _read_header(name, content):
    stream = io.BytesIO(content[: _LONGEST_HEADER + 10])
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(stream)
        return *readers[version](stream), stream.tell()
    except Exception as error:  # the header is Python text: SyntaxError, TypeError ...
        raise ValueError(f"member {name[:80]!r} that is not an array ({error})") from None
