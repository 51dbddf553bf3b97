"""A lock on a folder, so that only one process at a time trains in it.

The operating system holds the lock and drops it when the process ends, however it ends: a killed
run leaves no lock behind. The lock file stays, with the number of the last process.
"""

import os
import pathlib
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

LOCK = ".npkpose.lock"
_REGION = 1024  # the byte that Windows locks, after the number of the process


@contextmanager
def lock_folder(folder):
    """Hold the lock of ``folder``; BlockingIOError if another process, or this one, holds it."""
    path = pathlib.Path(folder) / LOCK
    with open(path, "a+b", buffering=0) as file:
        if not _lock(file):
            raise BlockingIOError(
                f"{folder}: expected no other training in this folder, got {_owner(path)}"
            )
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        yield


def _lock(file):
    """Lock the open file; return whether that worked."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(_REGION)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: train without one
        pass
    return True


def _owner(path):
    text = path.read_bytes()[:20].decode(errors="replace")
    return f"process {text}" if text.isdecimal() else "another process"
