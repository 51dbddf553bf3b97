"""The network inside a published zip archive: one member, whose path is never used.

OpenMMLab's archives hold "end2end.onnx" beside other files, mostly in a folder named by a date.
"""

import pathlib
import zipfile
import zlib

from npkpose.weights.published.check import Refused

INNER = "end2end.onnx"
MAX_RATIO = 20  # of the network to the archive; numbers are hardly compressible
BLOCK = 2**20  # bytes


def unpack(archive, target):
    """Write the member `INNER` of a zip archive to the path ``target``.

    Raises `Refused` for a damaged archive, none or several such members, or one that is
    `MAX_RATIO` times as large as the archive.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            member = _find(file, archive.stat().st_size)
            with file.open(member) as source, open(target, "wb") as copy:
                while block := source.read(BLOCK):
                    copy.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        raise Refused(f"sent a zip archive that is damaged: {error}") from None


def _find(file, size):
    """Return the one member that is the network."""
    found = [m for m in file.infolist() if pathlib.PurePosixPath(m.filename).name == INNER]
    if len(found) != 1:
        raise Refused(f"sent a zip archive with {len(found)} files {INNER} in place of one")
    if found[0].file_size > MAX_RATIO * size:  # zipfile reads no more than it states
        raise Refused(f"sent a zip archive of {size:,} bytes for {found[0].file_size:,}")
    return found[0]
