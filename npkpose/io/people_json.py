"""npkpose's own JSON: the people of a photo, or of each frame of a video, by keypoint name.

    photo    {"skeleton": NAME, "people": [PERSON, ...]}
    video    {"video": NAME, "skeleton": NAME, "width": W, "height": H, "tracked": true, "frames": [
             {"index": 0, "time": 0.0, "people": [PERSON, ...]}, ...]}
    PERSON   {"id": 1, "score": 0.9, "keypoints": {NAME: [x, y, score], ...}}

``npkpose predict`` writes it (`npkpose.results.people`), and `Poses.to_dict` that of a photo. A
keypoint that is not listed, or has a score of 0, is missing. If "tracked" is true, an id means the
same person in all frames and becomes ``fields["track_ids"]``. The image's id is the frame's index,
its name that of the video and the index, as in predict's other files. The seconds of all frames
become ``image_fields["time"]``.
"""

import pathlib

import numpy as np

from npkpose._check import check_array, shown
from npkpose._json import as_id
from npkpose.io.image_files import find_image, image_size
from npkpose.io.labels import ImageEntry, Labels
from npkpose.skeleton import Skeleton
from npkpose.skeletons import find

SUFFIXES = (".json",)
LARGEST = 1e9  # pixels


def recognise(source):
    """Return whether a file has people by keypoint name."""
    content = source.json if source.is_json else None
    if not isinstance(content, dict) or not isinstance(content.get("skeleton"), str):
        return False
    return isinstance(content.get("frames", content.get("people")), list)


def read(source):
    """Return the people of the photo, or of all frames."""
    return read_content(source.name, source.json, source.skeleton, source.images)


def read_content(path, content, skeleton=None, folder=None):
    """Return the `Labels` of the file's content; ``folder`` has the image of a photo."""
    is_video = isinstance(content, dict) and "frames" in content
    frames = content["frames"] if is_video else [content]
    if not isinstance(frames, list):
        raise ValueError(f"{path}: frames: expected a list, got {shown(frames)}")
    places = [f"{path}: frames[{f}]." if is_video else f"{path}: " for f in range(len(frames))]
    people = [_people(place, frame) for place, frame in zip(places, frames)]
    skeleton = skeleton or _skeleton(content.get("skeleton"), people)
    rows = [
        _person(f"{place}people[{n}]", person, skeleton)
        for place, listed in zip(places, people) for n, person in enumerate(listed)
    ]  # fmt: skip
    triples = np.array([row[0] for row in rows]).reshape(-1, skeleton.num_keypoints, 3)
    index = np.repeat(np.arange(len(people)), [len(listed) for listed in people])
    missing, fields = triples[..., 2:] <= 0, {}
    if content.get("tracked") is True:
        fields["track_ids"] = np.array([row[2] for row in rows], np.int64)
    return Labels(
        skeleton, _images(path, content, folder), index,
        np.where(missing, np.nan, triples[..., :2]), scores=triples[..., 2].clip(0),
        instance_scores=[row[1] for row in rows], fields=fields, image_fields=_times(frames),
    )  # fmt: skip


def _people(place, frame):
    """Return the list of people of a frame, each with keypoints by name."""
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list):
        raise ValueError(f"{place}people: expected a list, got {shown(people)}")
    for n, person in enumerate(people):
        if not isinstance(person, dict) or not isinstance(person.get("keypoints"), dict):
            raise ValueError(
                f"{place}people[{n}].keypoints: expected keypoints by name, got {shown(person)}"
            )
    return people


def _skeleton(name, people):
    """Return the published skeleton of a name that has all keypoints, or else one of them."""
    names = dict.fromkeys(k for frame in people for person in frame for k in person["keypoints"])
    try:
        skeleton = find(name)
    except ValueError:
        return Skeleton(str(name), tuple(names), (), sigmas=np.full(len(names), np.nan))
    if set(names) <= set(skeleton.keypoints):
        return skeleton
    return Skeleton(str(name), tuple(names), (), sigmas=np.full(len(names), np.nan))


def _person(where, person, skeleton):
    """Return a person's triples (K, 3), score and id, -1 where there is none."""
    triples = np.zeros((skeleton.num_keypoints, 3))
    column = {name: k for k, name in enumerate(skeleton.keypoints)}
    for name, triple in person["keypoints"].items():
        if name not in column:
            raise ValueError(
                f"{where}.keypoints: expected those of {skeleton.name}, got {shown(name)}"
            )
        named = f"{where}.keypoints.{name}"
        triples[column[name]] = check_array(named, triple, (3,), largest=LARGEST)
    score = check_array(f"{where}.score", person.get("score", 1.0), ())
    identity = as_id(person.get("id"))
    known = isinstance(identity, int) and 0 <= identity < 2**63
    return triples, float(score), identity if known else -1


def _images(path, content, folder):
    """Return the entries of the photo or of all frames."""
    if "frames" not in content:
        name = pathlib.Path(path).stem
        found = None if folder is None else find_image(folder, name)
        return [ImageEntry(0, name)] if found is None else [
            ImageEntry(0, found.name, *image_size(found))]  # fmt: skip
    name = pathlib.PurePath(str(content.get("video", ""))).stem or pathlib.Path(path).stem
    sides = [content.get(side) for side in ("width", "height")]
    sides = [side if type(side) is int and 0 < side < 2**31 else None for side in sides]
    ids = [as_id(frame.get("index")) for frame in content["frames"]]
    if not all(isinstance(i, int) and 0 <= i < 2**63 for i in ids) or len(set(ids)) < len(ids):
        ids = range(len(ids))
    return [ImageEntry(i, f"{name}_{i:012d}", *sides) for i in ids]


def _times(frames):
    """Return {"time": seconds of the frames}, or {} unless all have one."""
    times = [frame.get("time") for frame in frames]
    if not all(type(time) in (int, float) and abs(time) <= LARGEST for time in times):
        return {}
    return {"time": np.array(times, float)}
