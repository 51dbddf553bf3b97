"""NumPy archives (.npz): a zip file with one array per member.

Format: NumPy reference, `numpy.lib.format`. Pickled objects are never read or written.
"""

import os
import zipfile
from pathlib import Path

import numpy as np

from npkpose._check import real_array


def load_npz(path):
    """Return {name: array} of an .npz archive of real numbers.

    Raises ValueError, naming the path, for a file that is damaged, is not an archive,
    or holds anything but arrays of real numbers.
    """
    with open(path, "rb") as stream:
        if not zipfile.is_zipfile(stream):
            raise ValueError(f"{path}: expected an .npz archive, got a file that is no zip archive")
        try:
            with np.load(stream, allow_pickle=False) as archive:
                return {name: real_array(name, archive[name]) for name in archive.files}
        except Exception as error:  # zipfile, zlib and NumPy each have their own for damage
            raise ValueError(f"{path}: expected an .npz archive, got {error!r}") from None


def save_npz(path, arrays):
    """Write {name: array} to an uncompressed .npz archive, whole or not at all.

    The bytes go to a temporary file beside ``path`` that takes its place at the end,
    so no reader sees half an archive, and a failure leaves the old file untouched.
    The same arrays always give the same bytes.
    """
    arrays = {name: real_array(name, array) for name, array in arrays.items()}
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
