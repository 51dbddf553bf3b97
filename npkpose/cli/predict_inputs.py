"""What ``npkpose predict`` is given: photos and videos, in folders, patterns and lists."""

import sys
from typing import NamedTuple

from npkpose._output import Outputs
from npkpose.cli.terminal import print_note, text_of
from npkpose.sources.camera import is_camera
from npkpose.sources.paths import is_video, list_files, parse_list

MOST = 20  # notes about inputs that failed, and names in the list of them


class Inputs(NamedTuple):
    """Paths of photos; paths of videos, and names of cameras."""

    photos: list
    videos: list


class Failures:
    """The inputs that failed: each is named when it fails, and all are listed at the end."""

    def __init__(self):
        self.names, self._notes = {}, 0  # a dict, whose keys have an order

    def __call__(self, name, error):
        """Print the error of an input."""
        self.names.setdefault(name)
        self._notes += 1
        if self._notes <= MOST:
            text = text_of(error) or "not enough memory"
            print_note("predict", text if name in text else f"{name}: {text}")

    def print_list(self):
        """Print the names of the inputs that failed, if there are several inputs."""
        names = list(self.names)
        more = f", and {len(names) - MOST} more" if len(names) > MOST else ""
        print_note("predict", f"failed: {len(names)}: {', '.join(names[:MOST])}{more}")


def list_inputs(options, failed):
    """Return the `Inputs` that the options name; ``failed(name, error)`` is told of the others.

    Raises ValueError if there is no source at all, and OSError if the list cannot be read.
    """
    given = list(options.sources)
    if options.list is not None:
        given += _read_list(options.list)
    if not given:
        raise ValueError("SOURCE: expected a photo, video or folder, or --list, got none")
    paths = []
    for source in given:
        try:
            paths += [source] if is_camera(source) else _own_files(source)
        except ValueError as error:
            failed(source, error)
    moving = [is_camera(path) or is_video(path) for path in paths]
    photos = [path for path, moves in zip(paths, moving) if not moves]
    return Inputs(photos, [path for path, moves in zip(paths, moving) if moves])


def _own_files(source):
    """Return the files of a source; of a folder or pattern without those that npkpose wrote."""
    found, outputs = list_files(source), Outputs()
    own = [path for path in found if path == source or not outputs.has_written(path)]
    if not own:
        raise ValueError(f"{source}: expected photos or videos, got only what npkpose wrote")
    return own


def _read_list(path):
    if path == "-":
        return parse_list(sys.stdin)
    try:
        with open(path, encoding="utf-8-sig") as file:
            return parse_list(file, path)
    except UnicodeDecodeError:
        raise ValueError(f"--list: expected a file of text, got {path}") from None
