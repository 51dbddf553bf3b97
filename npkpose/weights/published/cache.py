"""The folder of downloaded files.

    FILE                    a published file, complete and checked
    FILE.record             JSON: its full SHA-256, size, time, the address that it came from
    FILE.part, FILE.lock    while it is downloaded

A file has its own name only when all of it is there, so whoever finds it can use it. The record of
a removed file stays: the next download must have the same hash, even if the publisher states only
its first digits.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import sys
import time

from npkpose.weights.published.manifest import entries

PAUSE = 0.1  # seconds between two looks at a lock


def cache_folder():
    """Return the cache's folder: NPKPOSE_CACHE, or else npkpose in the platform's cache folder."""
    chosen = os.environ.get("NPKPOSE_CACHE")
    if chosen:
        return pathlib.Path(chosen).expanduser()
    home = pathlib.Path.home()
    if sys.platform == "win32":
        return pathlib.Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local")) / "npkpose"
    if sys.platform == "darwin":
        return home / "Library/Caches/npkpose"
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "npkpose"


def path_of(entry):
    """Return where the cache has, or would have, the file of an `Entry`."""
    return cache_folder() / entry.cached_name


def beside(path, suffix):
    """Return the path of a file's ".record", ".part" or ".lock"."""
    return path.with_name(path.name + suffix)


def hash_of(path, algorithm="sha256"):
    """Return the hash of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def read_record(path):
    """Return what `write_record` wrote for a cached file, or {} if there is no such record."""
    try:
        record = json.loads(beside(path, ".record").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("sha256"), str) else {}


def write_record(path, content, url):
    """Record the file ``content``, which is to become ``path``."""
    record = {"sha256": hash_of(content), "url": url, **_state(content)}
    temporary = beside(path, f".record-{os.getpid()}")
    temporary.write_text(json.dumps(record) + "\n", "utf-8")
    os.replace(temporary, beside(path, ".record"))


def is_cached(entry):
    """Return whether the cache has the file of an `Entry`, not changed since it was checked."""
    path = path_of(entry)
    return path.is_file() and _state(path).items() <= read_record(path).items()


def _state(path):
    """Return what changes when a file is written to."""
    state = os.stat(path)
    return {"size": state.st_size, "modified": state.st_mtime_ns}


def cached():
    """Return the entries of all files in the cache, in the order of the manifest.

    Among them are files that somebody put there, which `fetch` will check.
    """
    return [entry for entry in entries().values() if path_of(entry).is_file()]


def remove(chosen):
    """Remove the files of these entries, and what is left of broken downloads; keep the records.

    Returns the paths of the files that were removed.
    """
    removed = []
    for path in {path_of(entry): None for entry in chosen}:
        if path.is_file():
            path.unlink()
            removed.append(path)
        for suffix in (".part", ".part.origin"):
            beside(path, suffix).unlink(missing_ok=True)
    return removed


def remove_all():
    """Remove the files of the whole manifest with their records; other files stay."""
    removed = remove(entries().values())
    for entry in entries().values():
        for suffix in (".record", ".lock"):
            with contextlib.suppress(OSError):  # not there, or open on Windows
                beside(path_of(entry), suffix).unlink()
    with contextlib.suppress(OSError):  # not empty, or not there
        cache_folder().rmdir()
    return removed


@contextlib.contextmanager
def locked(path, wait):
    """Hold the lock of a file that is downloaded; call ``wait()`` if another process has it.

    The lock ends with its process, whatever ends that. On a file system without locks there is
    none: then two downloads at once may spoil each other, which the check of the hash finds.
    """
    with open(beside(path, ".lock"), "a+b") as file:
        _take(file, wait)
        yield  # closing the file gives the lock back


def _take(file, wait):
    lock, waited = _lock_function(file), False
    while True:
        try:
            return lock()
        except (BlockingIOError, PermissionError):  # another process has it
            if not waited:
                wait()
            waited = True
            time.sleep(PAUSE)
        except OSError:  # no locks here
            return None


def _lock_function(file):
    """Return a function that locks an open file or raises OSError at once."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        return lambda: msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    return lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
