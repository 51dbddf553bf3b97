"""HDF5 files through h5py: opened for reading, with errors that name the file."""

import contextlib

from npkpose._extras import require_h5py

MAGIC = b"\x89HDF\r\n\x1a\n"


@contextlib.contextmanager
def opened(source):
    """Yield the open file; whatever a damaged one raises inside becomes a ValueError."""
    h5py = require_h5py()
    try:
        with h5py.File(source.path, "r") as file:
            _check_size(file, source.path.stat().st_size)
            yield file
    except (ImportError, MemoryError, FileNotFoundError):
        raise
    except Exception as error:  # of damaged files, HDF5 raises almost anything
        text = " ".join(str(error).split()) or type(error).__name__
        if not text.startswith(source.name):
            text = f"{source.name}: expected an HDF5 file, got {text}"
        raise ValueError(text) from None


def text_of(value):
    """Return bytes, text or a number as text."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _check_size(file, length):
    """Raise ValueError for an array that is far larger than the file: compression has limits."""
    limit = 64 * 2**20 + 1000 * length

    def check(name, item):
        size = getattr(item, "nbytes", 0)
        if size > limit:
            raise ValueError(f"{name}: {size} bytes in a file of {length}")

    file.visititems(check)
