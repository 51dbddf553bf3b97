"""Whether a file is the published one: its hash, or what is known of it.

The first 8 digits of a SHA-256 are 32 bits. They find damage and mix-ups, but a forger can make a
file that has them. So the full hash of the first download is recorded, and later downloads must
have it. A file whose publisher states no hash must at least be of its kind; an archive, complete.
"""

import zipfile

from npkpose.weights.identify import HEAD, identify
from npkpose.weights.published.cache import hash_of

_ALGORITHMS = {8: "sha256", 64: "sha256", 96: "sha384"}  # by the number of digits
_STARTS = {
    ".pth": (b"PK\3\4", b"\x80\2"), ".pt": (b"PK\3\4", b"\x80\2"), ".bin": (b"PK\3\4", b"\x80\2"),
    ".zip": (b"PK\3\4",), ".onnx": (b"\x08",), ".pb": (b"\n",),
}  # fmt: skip


class Refused(Exception):
    """A server gave no file, or a wrong one; the message says what it did: "says 404 ..."."""


def check_file(path, entry, record=None):
    """Raise `Refused` unless ``path`` holds the published file of an `Entry`.

    ``record`` is that of an earlier download, whose hash counts if the file was not an archive.
    """
    if entry.size is not None and path.stat().st_size != entry.size:
        _refuse(path, f"it has {path.stat().st_size:,} bytes, not {entry.size:,}")
    _check_hash(path, entry.hash)
    if record and not entry.is_archive:
        _check_recorded(path, record)
    if entry.hash is None:
        _check_kind(path, entry)


def check_inner(path, entry, record=None):
    """Raise `Refused` unless ``path`` holds the network of an `Entry`'s zip archive."""
    _check_hash(path, entry.inner_hash)
    if record:
        _check_recorded(path, record)


def _check_hash(path, expected):
    if expected is None:
        return
    algorithm = _ALGORITHMS[len(expected)]
    found = hash_of(path, algorithm)
    if not found.startswith(expected):
        whole = expected if len(expected) > 8 else f"one that begins with {expected}"
        _refuse(path, f"its {algorithm.upper()} is {found}, not {whole}")


def _check_recorded(path, record):
    found = hash_of(path)
    if found != record["sha256"]:
        _refuse(
            path,
            f"its SHA256 is {found}, and the first download had {record['sha256']}; if its "
            "publisher has replaced the file, `npkpose models --remove all` forgets the old one",
        )


def _check_kind(path, entry):
    """Raise `Refused` for a file whose first bytes, or whose end, are not of its kind."""
    suffix = entry.file[entry.file.rindex(".") :]
    with open(path, "rb") as file:
        head = file.read(HEAD)
    is_whole = not head.startswith(b"PK") or zipfile.is_zipfile(path)
    if not head.startswith(_STARTS.get(suffix, b"")) or not is_whole:
        _refuse(path, f"it is no {suffix} file")


def _refuse(path, what):
    """Raise `Refused`; say what the file is if that is known, such as a web page."""
    known = identify(path)
    raise Refused(f"sent another file: {what}" + (f"; this is {known}" if known else ""))
