"""Files that commands write: nothing that npkpose did not write is ever replaced.

npkpose keeps a record of the files that it wrote into a folder, in the folder itself: the file
``.npkpose-written`` has one line for each, ``["name", "SHA-256 of the content"]``. An existing file
is replaced only if the record has its name and content. So the user's photographs, the files of
other programs, and results that the user has changed since are all safe.

A file is first written under a temporary name, and renamed when it is complete: whoever finds a
result finds all of it.
"""

import hashlib
import json
import os
import pathlib

RECORD = ".npkpose-written"


def make_folder(path, option="--out"):
    """Make a folder and its parents unless it exists; ValueError where a file is in the way."""
    if not os.fspath(path):
        raise ValueError(f"{option}: expected a folder, got ''")
    try:
        pathlib.Path(path).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"{option}: expected a folder, got a file in its place: {path}") from None
    except PermissionError:
        raise ValueError(f"{option}: expected a folder to write in, got {path}") from None
    return pathlib.Path(path)


class Outputs:
    """The files that one run of a command writes.

    ``inputs`` are the paths that the run reads; a path that does not exist is passed over. In all
    methods ``option`` is the option of the command line that gave the path, for messages.
    """

    def __init__(self, inputs=()):
        self._inputs = {_identity(path) for path in inputs if os.path.exists(path)}
        self._records = {}  # {folder: set of lines of its record}
        self._begun = 0

    def check(self, path, option="--out", suffixes=()):
        """Return ``path`` as the file that `write` will write, or raise ValueError.

        ``suffixes`` are those that the file may have, in lower case; by default, any.

        Raises
        ------
        ValueError
            Another suffix. A path of an input, of an existing file that npkpose did not write, of
            a folder, or in a folder that does not exist or is read-only. Call this before the work
            begins.
        """
        if suffixes and pathlib.Path(path).suffix.lower() not in suffixes:
            raise ValueError(
                f"{option}: expected a file ending in {' or '.join(suffixes)}, got {path}"
            )
        target = pathlib.Path(path).resolve()  # of a link: the file that it points to
        if not target.parent.is_dir():
            raise ValueError(f"{option}: expected a folder that exists, got {target.parent}")
        if target.is_dir():
            raise ValueError(f"{option}: expected a file, got the folder {path}")
        if not os.access(target.parent, os.W_OK):
            raise ValueError(f"{option}: expected a folder to write in, got {target.parent}")
        if not target.exists() or not target.is_file():  # not a file: a device such as /dev/null
            return target
        if _identity(target) in self._inputs:
            raise ValueError(f"{option}: expected another file than the input, got {path}")
        if self._line(target, target) not in self._record(target.parent):
            raise ValueError(f"{option}: expected a new file or one that npkpose wrote, got {path}")
        return target

    def write(self, path, write, option="--out"):
        """Call ``write(temporary path)``, which has the suffix of ``path``, and rename the file.

        If ``write`` fails, or Ctrl-C stops it, a file that was there before is still there.
        Raises ValueError as `check` does.
        """
        temporary = self.begin(path, option)
        try:
            write(temporary)
            self.finish(path, temporary, option)
        finally:
            self.discard(temporary)

    def begin(self, path, option="--out"):
        """Return a temporary path for a file that is written bit by bit, until `finish`.

        It has the suffix of ``path``. A device, such as /dev/null, is its own. Raises ValueError as
        `check` does.
        """
        target = self.check(path, option)
        if target.exists() and not target.is_file():
            return target
        self._begun += 1
        return target.with_name(f".npkpose-{os.getpid()}-{self._begun}{target.suffix}")

    def finish(self, path, temporary, option="--out"):
        """Rename the file of `begin`, which is complete; ValueError as for `check`."""
        target = self.check(path, option)
        if target != temporary:
            self._add_to_record(target.parent, self._line(target, temporary))
            os.replace(temporary, target)

    def discard(self, temporary):
        """Remove the file of `begin` unless it was finished."""
        if temporary.is_file():
            temporary.unlink()

    def remove(self, path, option="--out"):
        """Remove a file that an earlier run wrote, if there is one; ValueError as for `check`."""
        target = self.check(path, option)
        if target.is_file():
            target.unlink()

    def has_written(self, path):
        """Whether npkpose wrote this file, and nobody has changed it since."""
        target = pathlib.Path(path).resolve()
        record, start = self._record(target.parent), json.dumps([target.name])[:-1] + ","
        named = any(line.startswith(start) for line in record)  # or else nothing is read
        return named and self._line(target, target) in record

    def _line(self, target, content):
        """Return the line of the record for the file ``target`` with the content of another."""
        with open(content, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return json.dumps([target.name, digest])

    def _record(self, folder):
        if folder not in self._records:
            record = folder / RECORD
            text = record.read_text("ascii", errors="replace") if record.is_file() else ""
            self._records[folder] = set(text.splitlines())
        return self._records[folder]

    def _add_to_record(self, folder, line):
        if line not in self._record(folder):
            with open(folder / RECORD, "a", encoding="ascii") as record:
                record.write(f"{line}\n")  # before the file is renamed, or a crash could forget it
            self._records[folder].add(line)


def _identity(path):
    """Return what two paths of one file have in common, whatever links lead to it."""
    status = os.stat(path)
    return status.st_dev, status.st_ino
