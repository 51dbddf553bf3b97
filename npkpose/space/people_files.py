"""The people of images: COCO results, and the file that ``npkpose predict`` writes for each photo.

    COCO results    [{"image_id", "keypoints": x, y, score, x, y, ..., "score"}, ...], one entry
                    per person; images without people are not listed
    one photo       {"skeleton", "people": [{"keypoints": {name: [x, y, score]}, "score"}, ...]}
    one video       {"skeleton", "tracked", "frames": [{"index", "people": [{"id", ...}]}, ...]}

A keypoint with a score of 0 is missing. An identity, the same in all images, is "track_id", or
AlphaPose's "idx". Ids that pandas wrote, such as 7.0, are integers.
"""

import pathlib

import numpy as np

from npkpose._check import check_array, shown
from npkpose._json import as_id
from npkpose.poses import Poses
from npkpose.skeletons import COCO_17
from npkpose.space.files import read_json
from npkpose.space.frames import sort_key
from npkpose.space.tracks import UNKNOWN

_LARGEST = 1e30  # pixels


def read_people(path):
    """Return {image id: Poses} of COCO results, or of a video; None for files that are none.

    Images are in ascending order, numbers in names by value. The ``ids`` of Poses are the
    identities of the file, -1 where it has none. COCO results do not list images without people.
    Of a video, keypoints are COCO's.

    Raises ValueError, naming the file, the entry and the field.
    """
    content = _read(path)
    if isinstance(content, dict) and isinstance(content.get("frames"), list):
        return _read_video(path, content)
    if not isinstance(content, list) or content and not isinstance(content[0], dict):
        return None
    found, count = {}, None
    for n, entry in enumerate(content):
        image_id, person = _read_person(f"{path}[{n}]", entry, count)
        count = len(person[0])
        found.setdefault(image_id, []).append(person)
    return {image_id: _poses(found[image_id]) for image_id in sorted(found, key=sort_key)}


def _read_video(path, content):
    """Return {frame number: Poses}; their ids are identities if the file says "tracked"."""
    found = {}
    for f, frame in enumerate(content["frames"]):
        people = frame.get("people") if isinstance(frame, dict) else None
        if not isinstance(people, list):
            raise ValueError(f"{path}: frames[{f}].people: expected a list, got {shown(people)}")
        named = [_read_named(f"{path}: frames[{f}].people[{n}]", p) for n, p in enumerate(people)]
        if content.get("tracked") is True:
            ids = [_identity({"track_id": person.get("id")}) for person in people]
            named = [(*each[:2], identity) for each, identity in zip(named, ids)]
        found[f] = _poses(named) if named else Poses.empty(COCO_17.num_keypoints)
    return found


def read_photo(path):
    """Return the people of one photo, as predict writes them, with COCO's keypoints.

    None for other files. Raises ValueError, naming the file, the entry and the field.
    """
    content = _read(path)
    if not isinstance(content, dict) or "people" not in content:
        return None
    people = content["people"]
    if not isinstance(people, list):
        raise ValueError(f"{path}: people: expected a list, got {shown(people)}")
    found = [_read_named(f"{path}: people[{n}]", person) for n, person in enumerate(people)]
    return _poses(found) if found else Poses.empty(COCO_17.num_keypoints)


def match_images(paths, views):
    """Return the image ids of several views, each {image id: Poses}, in order of appearance.

    Raises ValueError, with the files and their first ids, if no id is in two of them: then the
    ids name the pictures of one camera, not the times at which all of them saw the scene.
    """
    seen = [image_id for view in views for image_id in view]
    ids = list(dict.fromkeys(seen))
    if ids and len(ids) == len(seen):
        first = ", ".join(
            f"{path}: {shown(next(iter(view), None))}" for path, view in list(zip(paths, views))[:3]
        )
        raise ValueError(
            f"image_id: expected one that is in two files, for the same time, got none ({first})"
        )
    return ids


def _read(path):
    return read_json(path) if pathlib.Path(path).suffix.lower() == ".json" else None


def _read_person(name, entry, count):
    """Return the image id of a COCO result, and its person; K must be ``count``."""
    image_id = entry.get("image_id") if isinstance(entry, dict) else None
    if as_id(image_id) is None:
        raise ValueError(f"{name}.image_id: expected an integer or text, got {shown(image_id)}")
    triples = _numbers(f"{name}.keypoints", entry.get("keypoints", []), ("3 K",))
    if len(triples) == 0 or len(triples) % 3 or count not in (None, len(triples) // 3):
        raise ValueError(
            f"{name}.keypoints: expected x, y, score of as many keypoints as the first entry has, "
            f"got {len(triples)} numbers"
        )
    score = check_array(f"{name}.score", entry.get("score", 1.0), ())
    return as_id(image_id), (triples.reshape(-1, 3), float(score), _identity(entry))


def _read_named(name, person):
    """Return a person of a photo: triples (17, 3) by COCO's names, score and identity."""
    keypoints = person.get("keypoints") if isinstance(person, dict) else None
    if not isinstance(keypoints, dict):
        raise ValueError(f"{name}.keypoints: expected keypoints by name, got {shown(keypoints)}")
    triples = [
        _numbers(f"{name}.keypoints.{joint}", keypoints.get(joint, [0, 0, 0]), (3,))
        for joint in COCO_17.keypoints
    ]
    score = check_array(f"{name}.score", person.get("score", 1.0), ())
    return np.stack(triples), float(score), UNKNOWN


def _numbers(name, value, shape):
    return check_array(name, value, shape, largest=_LARGEST)


def _identity(entry):
    """Return who the person is, an integer, or -1 if the entry does not say."""
    value = entry.get("track_id", entry.get("idx"))
    if isinstance(value, list) and len(value) == 1:  # as AlphaPose writes it
        value = value[0]
    identity = as_id(value)
    return identity if isinstance(identity, int) and 0 <= identity < 2**63 else UNKNOWN


def _poses(people):
    """Return the Poses of one image from its people: (triples (K, 3), score, identity) each."""
    triples, person_scores, ids = zip(*people)
    triples = np.stack(triples)
    scores = triples[..., 2].clip(0)
    keypoints = np.where(scores[..., None] > 0, triples[..., :2], np.nan)
    return Poses(keypoints, scores, person_scores, ids)
