"""The files that ``npkpose predict`` writes: people in several formats, one image after the other.

All photos, and each video, have their own files; for a video they begin with its name.

    json      NAME.json of each photo; of a video, one with all frames
    coco      results.json       COCO results of all photos or frames
    csv       results.csv        a table
    npz       results.npz        arrays
    openpose  openpose/          OpenPose's JSON, a file for each photo or frame
"""

import pathlib
from contextlib import ExitStack
from typing import NamedTuple

from npkpose.io.openpose import END
from npkpose.results.coco import CocoFile
from npkpose.results.csv import CsvFile
from npkpose.results.npz import NpzFile
from npkpose.results.openpose import OpenPoseFiles
from npkpose.results.people import PeopleFile
from npkpose.results.skeleton import coco_skeleton, openpose_skeleton
from npkpose.skeleton import Skeleton

FORMATS = "json", "coco", "openpose", "csv", "npz"
NAMES = {"coco": "results.json", "csv": "results.csv", "npz": "results.npz", "openpose": "openpose"}


class Plan(NamedTuple):
    """What to write: formats, the network's skeleton, and whether people are tracked.

    The network of a published skeleton finds people: COCO results then have COCO's keypoints.
    """

    formats: tuple
    skeleton: Skeleton
    published: bool = True
    tracked: bool = False


def result_paths(folder, formats, video=None):
    """Return {format: path} of all photos, or of the video with this name."""
    begin = "" if video is None else f"{video}-"
    paths = {name: folder / f"{begin}{file}" for name, file in NAMES.items()}
    if video is not None:
        paths["json"] = folder / f"{video}.json"
    return {name: paths[name] for name in formats if name in paths}


def clear_results(outputs, paths, act="remove"):
    """Remove the results of an earlier run, or ``act="check"`` that none is another program's."""
    for format, path in paths.items():
        files = sorted(path.glob(f"*{END}.json")) if format == "openpose" else [path]
        if format == "openpose" and path.exists() and not path.is_dir():
            raise ValueError(f"--out: expected a folder, got a file in its place: {path}")
        for file in files:
            getattr(outputs, act)(file)


class ResultFiles:
    """The files of all photos or of one video; they are complete when the ``with`` block ends.

    Files that are written bit by bit have a temporary name until then; they are complete also
    after an exception. Without an image, none is written.
    """

    def __init__(self, outputs):
        self._outputs, self._stack, self.writers = outputs, ExitStack(), []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def open(self, path, make):
        """Return ``make(temporary path)``, a writer, which is closed at the end."""
        temporary = self._outputs.begin(path)
        self._stack.callback(self._outputs.discard, temporary)
        writer = make(temporary)
        self._stack.callback(self._finish, path, temporary, writer)
        return writer

    def _finish(self, path, temporary, writer):
        writer.close()
        if temporary.exists():  # a video without a frame has no file
            self._outputs.finish(path, temporary)

    def open_all(self, paths, plan, video=""):
        """Open the writers of {format: path}, each with ``add(image, poses)``."""
        for format, path in paths.items():
            if format == "openpose":
                path.mkdir(exist_ok=True)
                self.writers.append(_openpose(path, plan, self._outputs))
            else:
                make = MAKERS[format]
                writer = self.open(path, lambda temporary: make(temporary, plan, video))
                self.writers.append(writer)

    def add(self, image, poses):
        """Write the people of an image to all files."""
        for writer in self.writers:
            writer.add(image, poses)


def _openpose(folder, plan, outputs):
    target = openpose_skeleton(plan.skeleton) if plan.published else plan.skeleton
    return OpenPoseFiles(folder, plan.skeleton, target, outputs.write, plan.tracked)


def _coco(path, plan, video):
    target = coco_skeleton(plan.skeleton) if plan.published else plan.skeleton
    return CocoFile(path, plan.skeleton, target, plan.tracked)


MAKERS = {
    "coco": _coco,
    "json": lambda path, plan, video: PeopleFile(
        path, plan.skeleton, pathlib.Path(video).name, plan.tracked
    ),
    "csv": lambda path, plan, video: CsvFile(path, plan.skeleton, plan.tracked),
    "npz": lambda path, plan, video: NpzFile(path, plan.skeleton, plan.tracked),
}
