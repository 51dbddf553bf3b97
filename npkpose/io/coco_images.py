"""COCO's lists of images and of categories: entries of `Labels`, and back."""

import numpy as np

from npkpose._check import shown
from npkpose.io.entries import Entries
from npkpose.io.extra_fields import read_fields
from npkpose.io.keypoint_names import listed_names
from npkpose.io.labels import ImageEntry

KNOWN = "id", "file_name", "width", "height"
_MAX_SIDE = 2**31


def read_images(name, listed, used):
    """Return the images of a file, each a `ImageEntry`, and their other fields.

    Parameters
    ----------
    name : str
        Of the file, in messages.
    listed : list of objects, or None
        The file's list. Of images with one id, the first is taken.
    used : ndarray of ids
        Those of annotations: the images, if the file has no list.
    """
    if listed is None:
        return tuple(ImageEntry(i) for i in dict.fromkeys(used.tolist())), {}
    entries = Entries(f"{name}: images", listed)
    ids = entries.ids("id").tolist()
    first = list({image: i for i, image in reversed(list(enumerate(ids)))}.values())[::-1]
    entries, ids = entries.at(np.array(first, dtype=int)), [ids[i] for i in first]
    sides = {side: _sides(entries, side) for side in ("width", "height")}
    names = [_text(entries, i, "file_name") for i in range(len(ids))]
    images = map(ImageEntry, ids, names, sides["width"], sides["height"])
    return tuple(images), read_fields(entries.entries, KNOWN)


def write_images(images, fields):
    """Return COCO's list of images; ``fields`` are dictionaries of their other fields."""
    return [
        {name: value for name, value in image._asdict().items() if value not in (None, "")} | more
        for image, more in zip(images, fields)
    ]


def _text(entries, i, field):
    """Return the text of a field, "" where it is missing; ValueError for anything else."""
    value = entries.entries[i].get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        entries.fail(i, field, "text")
    return value


def _sides(entries, field):
    """Return widths or heights, None where an image has none."""
    sides = []
    for i, entry in enumerate(entries.entries):
        value = entry.get(field)
        if value in (None, 0):
            sides.append(None)
            continue
        if type(value) not in (int, float) or not 0 < value < _MAX_SIDE or value != int(value):
            entries.fail(i, field, "a whole number of pixels")
        sides.append(int(value))
    return sides


class Categories:
    """The categories of a file: ids, names, and the keypoints and limbs that each lists."""

    def __init__(self, name, listed):
        entries = Entries(f"{name}: categories", [] if listed is None else listed)
        self.name = entries.name
        self.ids = entries.ids("id").tolist() if len(entries) else []
        self.names = [_text(entries, i, "name") for i in range(len(entries))]
        self.keypoints = [listed_names(entry) for entry in entries.entries]
        self.limbs = [_list(entry.get("skeleton")) for entry in entries.entries]

    def choose(self, wanted, used):
        """Return {id: name} of the categories to read, and the position of the first, or None.

        ``wanted`` is an id, a name or None; ``used`` are the ids that annotations have. By default
        all used categories are read if they list the same keypoints, and then also those that are
        not listed; otherwise the one named "person".
        """
        if wanted is not None:
            at = [i for i, each in enumerate(self.ids) if wanted in (each, self.names[i])]
            if not at:
                self._fail(wanted)
            return {self.ids[at[0]]: self.names[at[0]]}, at[0]
        at = [i for i, each in enumerate(self.ids) if each in used] or list(range(len(self.ids)))
        if not at:
            return {}, None
        unlisted = {each: "" for each in sorted(used - set(self.ids))}
        if any(self.keypoints[i] != self.keypoints[at[0]] for i in at):
            at, unlisted = [i for i in at if self.names[i].casefold() == "person"], {}
        if not at:
            self._fail(None)
        named = {self.ids[i]: self.names[i] for i in at if not used or self.ids[i] in used}
        return {**named, **unlisted}, at[0]

    def _fail(self, wanted):
        listed = ", ".join(f"{i} {name!r}" for i, name in zip(self.ids, self.names))
        expected = "one to be chosen, since they list different keypoints"
        expected = expected if wanted is None else shown(wanted)
        raise ValueError(f"{self.name}: expected {expected}, got {listed[:200] or 'none'}")


def write_categories(labels):
    """Return COCO's list of the categories of ``labels``; keypoints are counted from 1."""
    skeleton = labels.skeleton
    limbs = [[a + 1, b + 1] for a, b in skeleton.limbs]
    plan = {"keypoints": list(skeleton.keypoints), "skeleton": limbs}
    return [{"id": i, "name": name, **plan} for i, name in labels.categories.items()]


def _list(value):
    return value if isinstance(value, (list, tuple)) else ()
