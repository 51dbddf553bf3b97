"""Photos and videos of ``npkpose predict``: names of their files, and ids of their results."""

import itertools
import os
import pathlib
from collections import Counter
from typing import NamedTuple

LARGEST_ID = 2**63 - 1  # of a COCO file: ids are 64-bit integers, or text


class Photo(NamedTuple):
    """A photo: its path, the name of its files without suffix, and its ``image_id``."""

    path: str
    name: str
    image_id: int | str


def list_photos(paths, find_id, ends=("",)):
    """Return the photos of these paths, and notes for the user.

    ``find_id(path)`` returns the id of a photo. Photos of one id get their paths as ids. A path
    that is given twice is one photo. With all ``ends``, their names differ.
    """
    different = list({os.path.normpath(path): path for path in paths}.values())
    ids = [find_id(path) for path in different]
    counts = Counter(ids)
    twice = len(paths) - len(different)
    notes = [f"photos given twice: {twice}"] if twice else []
    for image_id, count in counts.items():
        if count > 1:
            notes.append(
                f"{count} photos have the id {image_id!r}: in results.json, image_id is their path"
            )
    photos = [
        Photo(path, name, image_id if counts[image_id] == 1 else pathlib.PurePath(path).as_posix())
        for path, name, image_id in zip(different, _unique_names(different, (), ends), ids)
    ]
    return photos, notes


def name_videos(paths, photos):
    """Return {path: name} of videos: the names of their files, without suffix.

    The files of one video are NAME.json, NAME-results.json and so on: none has the name of a file
    of another video, or of a photo.
    """
    used = {photo.name.casefold() for photo in photos}
    different = {os.path.normpath(path): path for path in paths}.values()
    return dict(zip(different, _unique_names(different, used, ("", "-results"))))


def id_of_name(path):
    """Return the photo's name without suffix, as a number if it is one, as COCO does.

    A number that is too large for an id, such as a time of 20 digits, stays text.
    """
    stem = pathlib.PurePath(path).stem
    if stem.isascii() and stem.isdecimal() and int(stem) <= LARGEST_ID:
        return int(stem)
    return stem


def _unique_names(paths, used=(), ends=("",)):
    """Yield the name of each path without suffix, with a number if it was used before.

    Names are used with all ``ends``.
    """
    used = {"results", *used}  # results.json holds all photos
    for path in paths:
        stem = name = pathlib.PurePath(path).stem.replace(":", "-")  # of webcam:1
        for number in itertools.count(2):
            taken = {f"{name}{end}".casefold() for end in ends}
            if not taken & used:  # A.json and a.json may be one file
                break
            name = f"{stem}-{number}"
        used |= taken
        yield name
