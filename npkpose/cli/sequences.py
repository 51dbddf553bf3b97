"""The keypoints of ``npkpose lift``: one person's, in every frame of a sequence."""

import pathlib
from typing import NamedTuple

import numpy as np

from npkpose.cli.found_people import read_people
from npkpose.cli.photos import id_of_name
from npkpose.poses import Poses
from npkpose.skeletons import COCO_17
from npkpose.space.files import read_keypoints
from npkpose.space.frames import list_frames
from npkpose.space.people_files import read_photo
from npkpose.space.tracks import follow_people


class Sequence(NamedTuple):
    """One person's keypoints (F, K, 2), NaN where missing.

    ``ids`` are the image ids of the frames, None for an array, whose joints are not known. For
    people in images, the keypoints are COCO's if K is 17. ``notes`` are for the user.
    """

    keypoints: np.ndarray
    ids: list | None
    notes: list

    @property
    def is_missing(self):
        """In which frames the person is missing: bool (F,)."""
        return np.isnan(self.keypoints[..., 0]).all(axis=1)


def read_sequence(paths, person=None, any_skeleton=False):
    """Return the `Sequence` of a file, or of the files that predict wrote for photos.

    Of several people, ``person`` 1, the default, is the one with the highest sum of scores.

    Raises ValueError, naming the file and what is wrong, also for a skeleton that lacks some of
    COCO's keypoints, unless ``any_skeleton``.
    """
    people = _read_people(paths, any_skeleton)
    if people is None:
        if person is not None:
            raise ValueError(f"--person: expected none, since {paths[0]} is of one person")
        keypoints, _ = read_keypoints(paths[0])
        if keypoints.ndim != 3:
            raise ValueError(
                f"{paths[0]}: expected one person's (F, K, 2 or 3), got {keypoints.shape}"
            )
        sequence = Sequence(keypoints, None, [])
    else:
        sequence = _follow(paths[0], people, 1 if person is None else person)
    sequence.notes.extend(_note_missing(paths[0], sequence))
    return sequence


def _read_people(paths, any_skeleton):
    """Return {image id: Poses}, or None for an array of one person's keypoints."""
    people, skeleton = read_people(paths[0]) if len(paths) == 1 else (None, None)
    if people is not None:
        if skeleton not in (None, COCO_17) and not any_skeleton:
            raise ValueError(
                f"{paths[0]}: expected a skeleton with COCO's keypoints, got {skeleton.name}; use "
                "--keep-joints if the network was trained on them"
            )
        return people
    paths = list(dict.fromkeys(paths))
    photos = {path: read_photo(path) for path in paths}
    if len(paths) == 1 and photos[paths[0]] is None:
        return None
    for path, people in photos.items():
        if people is None:
            raise ValueError(
                f"{path}: expected the people of one photo, as predict writes them, since several "
                "files are given; a file of all frames is given alone"
            )
    ids = [id_of_name(path) for path in paths]
    if len(set(ids)) < len(ids):
        ids = [pathlib.PurePath(path).as_posix() for path in paths]
    return dict(zip(ids, photos.values()))


def _follow(path, people, person):
    """Return the sequence of one of the people {image id: Poses}."""
    ids, numbered = list_frames(people)
    count = next((poses.keypoints.shape[1] for poses in people.values()), 0)
    nobody = Poses.empty(count)
    tracks = follow_people([people.get(image_id, nobody) for image_id in ids])
    if not tracks:
        raise ValueError(f"{path}: expected at least one person, got none")
    if not 1 <= person <= len(tracks):
        raise ValueError(f"--person: expected one of 1 to {len(tracks)}, got {person}")
    frames, found = tracks[person - 1]
    keypoints = np.full((len(ids), count, 2), np.nan)
    keypoints[frames] = found
    notes = []
    if not numbered:
        notes.append(
            f"{path}: image ids are no frame numbers, or too far apart: taken as {len(ids)} frames "
            "in a row"
        )
    if len(tracks) > 1:
        notes.append(
            f"{path}: {len(tracks)} people, of whom person {person} is lifted (see --person), "
            f"found in {len(frames)} of {len(ids)} frames"
        )
    return Sequence(keypoints, ids, notes)


def _note_missing(path, sequence):
    """Yield a note that names the frames in which the person is missing, if there are any."""
    missing = np.flatnonzero(sequence.is_missing)
    if len(missing):
        ids = range(len(sequence.keypoints)) if sequence.ids is None else sequence.ids
        runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
        names = [f"{ids[run[0]]}" + f" to {ids[run[-1]]}" * (len(run) > 1) for run in runs[:5]]
        yield (
            f"{path}: nobody to lift in {len(missing)} of {len(ids)} frames, which are filled in: "
            f"{', '.join(names)}{' and so on' * (len(runs) > 5)}"
        )
