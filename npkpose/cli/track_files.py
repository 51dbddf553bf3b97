"""The files of ``npkpose track``: people in the frames of one or several videos, read and written.

A recording has ``skeleton``, ``videos``, each with its frames, ``notes`` for the user, and
``write(path, results, fill)``: for each video the ids of its detections, its frames of `Poses`, and
what is filled in. There are two kinds: the JSON that predict writes for a video, and every file
that `npkpose.io` reads.
"""

import json
import pathlib
from typing import NamedTuple

import numpy as np

from npkpose._json import read_json
from npkpose.io.convert import read, recognise, write
from npkpose.io.labels import ImageEntry
from npkpose.io.people_json import read_content
from npkpose.io.source import Source
from npkpose.poses import Poses
from npkpose.space.frames import list_frames

TRACKED_FORMATS = "coco", "coco-results", "posetrack", "wholebody"  # that hold track ids


class Video(NamedTuple):
    """Frames of `Poses`; ``times`` in seconds, or None."""

    frames: list
    times: np.ndarray | None


def read_recording(path, skeleton=None):
    """Return the recording of a file, or raise ValueError, naming the file."""
    if pathlib.Path(path).suffix.lower() == ".json":
        content = read_json(path)
        if isinstance(content, dict) and isinstance(content.get("frames"), list):
            return VideoRecording(path, content, skeleton)
    return LabelRecording(path, skeleton)


class VideoRecording:
    """The JSON that predict writes for a video: see `npkpose.io.people_json`."""

    def __init__(self, path, content, skeleton):
        self._head = {name: value for name, value in content.items() if name != "frames"}
        self._frames = content["frames"]
        labels = read_content(path, content, skeleton)
        self.skeleton = labels.skeleton
        numbers = range(len(self._frames))
        frames = [labels.of_image(f) for f in numbers]
        self.videos = [Video(frames, _times(labels, list(numbers)))]
        self.notes = []

    def write(self, path, results, fill):
        """Write the same frames with these people."""
        lines = []
        [(_, frames, masks)] = results
        for frame, poses, mask in zip(self._frames, frames, masks):
            people = poses.to_dict(self.skeleton)["people"]
            for person, row in zip(people, mask if fill else ()):
                names = self.skeleton.keypoints
                person["filled"] = [name for name, is_filled in zip(names, row) if is_filled]
            lines.append(json.dumps({**frame, "people": people}))
        head = json.dumps({**self._head, "tracked": True, "frames": []}).removesuffix("]}")
        path.write_text(head + "\n" + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def _times(labels, frames):
    """Return the times of these images, by number, or None unless all are there and ascend."""
    times = labels.image_fields.get("time")
    if times is None or times.dtype.kind != "f" or None in frames:
        return None
    times = times[frames]
    return times if np.isfinite(times).all() and (np.diff(times) > 1e-6).all() else None


class LabelRecording:
    """A file of `npkpose.io`; the frames of PoseTrack's videos are told apart by vid_id."""

    def __init__(self, path, skeleton):
        self._labels, self.notes = read(path, skeleton=skeleton), []
        self._format = recognise(Source(path, skeleton))
        if self._format not in TRACKED_FORMATS:
            text = f"track does not write {self._format}: written as COCO results"
            self.notes.append(f"{path}: {text}")
            self._format = "coco-results"
        self.skeleton = self._labels.skeleton
        index = {image.id: i for i, image in enumerate(self._labels.images)}
        names = self._labels.image_fields.get("vid_id", np.zeros(len(index), int)).tolist()
        self._ids = []  # of the frames of each video
        for name in dict.fromkeys(names):
            ids, numbered = list_frames([i for i, other in zip(index, names) if other == name])
            self._ids.append(ids)
            if not numbered:
                self.notes.append(
                    f"{path}: image ids are no frame numbers, or too far apart: taken as "
                    f"{len(ids)} frames in a row"
                )
        self._rows = [np.flatnonzero(self._labels.image_index == i) for i in range(len(index))]
        nobody = Poses.empty(self.skeleton.num_keypoints)
        self._index = index
        self.videos = [
            Video(
                [self._labels.of_image(index[i]) if i in index else nobody for i in ids],
                _times(self._labels, [index.get(i) for i in ids]),
            )
            for ids in self._ids
        ]

    def write(self, path, results, fill):
        """Write the labels of these people, with track ids."""
        images, people = list(self._labels.images), []
        for ids, video in zip(self._ids, results):
            people += self._people_of_video(ids, video, images)
        labels = self._labels.at(np.array([person.row for person in people], np.int64))
        if images != list(self._labels.images):
            labels.images = tuple(images)
        _fill_in(labels, people, fill)
        write(labels, path, self._format)

    def _people_of_video(self, ids, video, images):
        """Return the `_Person`s of a video; frames that the file lacks are added to ``images``."""
        people, last_row = [], {}
        for image_id, given, poses, masks in zip(ids, *video):
            i = self._index.get(image_id)
            own = {} if i is None else dict(zip(given.tolist(), self._rows[i].tolist()))
            if i is None and len(poses):
                if self._format != "coco-results":  # its images have names and sizes
                    continue
                i = len(images)
                images.append(ImageEntry(image_id))
            for p, identity in enumerate(poses.ids.tolist()):
                is_new = identity not in own
                row = last_row.get(identity) if is_new else own[identity]
                last_row[identity] = row
                people.append(_Person(row, i, is_new, poses, p, masks[p]))
        return people


class _Person(NamedTuple):
    """A person to write: number ``p`` of ``poses``; ``row`` of the file is its, or one before."""

    row: int
    image: int
    is_new: bool
    poses: Poses
    p: int
    filled: np.ndarray


def _fill_in(labels, people, fill):
    """Change the labels, one for each person, to these people."""
    present = np.zeros((len(people), labels.skeleton.num_keypoints), bool)
    for n, person in enumerate(people):
        labels.keypoints[n] = person.poses.keypoints[person.p]
        labels.scores[n] = person.poses.scores[person.p]
        present[n] = person.poses.present[person.p]
    labels.image_index = np.array([person.image for person in people], np.int64)
    labels.visibility = np.where(present, np.maximum(labels.visibility, 1), 0).astype(np.int8)
    new = np.array([person.is_new for person in people], bool)
    labels.boxes[new], labels.areas[new] = np.nan, np.nan
    if np.isfinite(labels.instance_scores).all():
        labels.instance_scores[:] = [each.poses.person_scores[each.p] for each in people]
    identities = [person.poses.ids[person.p] for person in people]
    labels.fields["track_ids"] = np.array(identities, np.int64)
    if "ids" in labels.fields and new.any():
        labels.fields["ids"][new] = labels.fields["ids"].max() + 1 + np.arange(new.sum())
    if "num_keypoints" in labels.fields:
        labels.fields["num_keypoints"] = present.sum(axis=1)
    if fill:
        labels.fields["filled"] = np.array([person.filled for person in people]).astype(np.int64)
