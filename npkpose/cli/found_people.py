"""The people that ``npkpose lift`` and ``npkpose triangulate`` read: files of any format.

COCO results and the JSON of a video are read by `npkpose.space.people_files`, all other formats by
`npkpose.io`.
"""

import pathlib

from npkpose.io import convert
from npkpose.io.source import Source
from npkpose.skeletons import COCO_17
from npkpose.space import people_files
from npkpose.space.frames import sort_key
from npkpose.space.tracks import UNKNOWN


def read_people(path):
    """Return {image id: Poses} and their skeleton, None where the file does not say it.

    For arrays, and for the JSON of one photo, both are None. Of a skeleton that has COCO's
    keypoints, these are taken. The ``ids`` of Poses are identities, -1 where the file has none.
    Raises ValueError, naming the file, for other content.
    """
    suffix = pathlib.Path(path).suffix.lower()
    people = people_files.read_people(path)
    if people is not None or suffix == ".npy":
        return people, None
    try:
        format = convert.recognise(Source(path))
    except ValueError:
        if suffix not in (".npz", ".json"):
            raise
        return None, None
    return (None, None) if format == "npkpose" else _read_labels(path, format)


def _read_labels(path, format):
    labels, found = convert.read(path, format), {}
    if (labels.skeleton.columns_of(COCO_17) >= 0).all():
        labels = labels.to_skeleton(COCO_17)
    for i in sorted(range(len(labels.images)), key=lambda i: sort_key(labels.images[i].id)):
        found[labels.images[i].id] = poses = labels.of_image(i)
        if "track_ids" not in labels.fields:
            poses.ids[:] = UNKNOWN
    return found, labels.skeleton
