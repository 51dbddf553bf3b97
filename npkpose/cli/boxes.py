"""Files of boxes for ``npkpose predict``: COCO results or annotations, and their photos."""

import pathlib
from collections import Counter

import numpy as np

from npkpose._json import as_id, read_json
from npkpose.cli.photos import id_of_name
from npkpose.data.person_category import person_category
from npkpose.pipeline.detect import boxes_around
from npkpose.poses import Poses


def read_boxes(path, category=None, any_category=False):
    """Return the boxes of people in a file as `Boxes`.

    People are the boxes of ``category``, by default of the category named person, or else of 1, and
    boxes without a category. Left out are crowds and boxes without an area. With ``any_category``,
    boxes of all categories are taken unless one is chosen: animals and hands, for example. People
    of whom only keypoints are known, as predict writes them, have the box of `boxes_around`.

    Raises
    ------
    ValueError
        Other content, or no box of a person among others; the message names file, entry and field.
    """
    content = read_json(path)
    annotations = content if isinstance(content, dict) else {"annotations": content}
    entries = annotations.get("annotations")
    if not isinstance(entries, list):
        raise ValueError(f"{path}: expected COCO results or annotations")
    if category is None and not any_category:
        category = person_category(annotations.get("categories"))
        if category is None:
            raise ValueError(f"{path}: expected a category named person, or --category")
    boxes = Boxes(path, _ids_by_name(path, annotations.get("images", [])))
    for n, entry in enumerate(entries):
        boxes.add(f"{path}[{n}]", entry, category)
    if entries and not boxes:
        raise ValueError(
            f"{path}: expected boxes of people, category_id {category} (see --category), "
            f"got {boxes.left_out}"
        )
    return boxes


class Boxes(dict):
    """Boxes of people in a file: {image_id: (boxes (x0, y0, x1, y1), scores)}."""

    def __init__(self, path, ids_by_name):
        super().__init__()
        self.path, self._ids_by_name, self._left_out = path, ids_by_name, Counter()

    def add(self, where, entry, category):
        """Add the box of an entry if it is a person's; ``where`` is its name in messages."""
        (x, y, width, height), image_id, score = _check_box(where, entry)
        if category is not None and entry.get("category_id", category) != category:
            self._left_out[f"of category {entry['category_id']!r:.20}"] += 1
        elif entry.get("iscrowd", 0) not in (0, False):
            self._left_out["of a crowd"] += 1
        elif not (width > 0 and height > 0):
            self._left_out["without an area"] += 1
        else:
            boxes, scores = self.setdefault(image_id, ([], []))
            boxes.append((x, y, x + width, y + height))
            scores.append(score)

    @property
    def left_out(self):
        """How many boxes of which kinds are not of people, in words; "" if none."""
        return ", ".join(f"{count} {kind}" for kind, count in self._left_out.most_common(5))

    def image_id(self, photo):
        """Return the id by which the file knows a photo, or None.

        It is that of the image whose file_name has the photo's name, and agrees longest with its
        path; otherwise an image_id that is the photo's name, with or without folders and suffix,
        as a number or as text.

        Raises ValueError if several images agree equally.
        """
        parts = pathlib.Path(photo).absolute().parts
        images = self._ids_by_name.get(parts[-1], [])
        agreements = [_common_tail(parts, name) for name, _ in images]
        best = {i for (_, i), length in zip(images, agreements) if length == max(agreements)}
        if len(best) > 1:
            raise ValueError(f"{self.path}: expected one image of {photo}, got {len(best)} of them")
        if best:
            return best.pop()
        return next((name for name in _names_of(parts) if name in self), None)

    def check_photos(self, photos):
        """Raise ValueError if two photos have the same boxes, or if no photo has any."""
        ids = [self.image_id(photo) for photo in photos]
        for image_id, count in Counter(ids).items():
            if count > 1 and image_id is not None:
                first, second = [p for p, i in zip(photos, ids) if i == image_id][:2]
                raise ValueError(
                    f"{self.path}: expected one photo of image_id {image_id!r}, "
                    f"got {first} and {second}"
                )
        if self and ids.count(None) == len(ids):
            some = ", ".join(repr(image_id) for image_id in list(self)[:3])
            raise ValueError(
                f"{self.path}: expected boxes of {photos[0]}, got only others, such as of "
                f"image_id {some:.60}"
            )


def _ids_by_name(path, images):
    """Return {last part of file_name: [(parts of file_name, id), ...]} of COCO's images."""
    if not isinstance(images, list):
        raise ValueError(f"{path}: images: expected a list, got {images!r:.60}")
    found = {}
    for n, image in enumerate(images):
        if not isinstance(image, dict) or as_id(image.get("id")) is None:
            raise ValueError(f"{path}: images[{n}]: expected an object with an id")
        name = image.get("file_name")
        if isinstance(name, str):
            parts = pathlib.PurePosixPath(name.replace("\\", "/")).parts or ("",)
            found.setdefault(parts[-1], []).append((parts, as_id(image["id"])))
    return found


def _common_tail(a, b):
    """Return how many last parts two paths have in common."""
    same = [one == other for one, other in zip(reversed(a), reversed(b))]
    return same.index(False) if False in same else len(same)


def _names_of(parts):
    """Yield what an image_id of a photo may be: first its number, then longer and shorter paths."""
    name = parts[-1]
    stem = pathlib.PurePath(name).stem
    yield id_of_name(name)
    for last in (name, stem):
        for start in range(len(parts)):
            yield "/".join((*parts[start:-1], last))
    yield str(id_of_name(name))


def _check_box(where, entry):
    """Return an entry's bbox, image_id and score, default 1; ValueError if one is none."""
    box = entry.get("bbox") if isinstance(entry, dict) else None
    if box is None and isinstance(entry, dict) and "keypoints" in entry:
        box = _box_around(entry["keypoints"])
    if not isinstance(box, list) or [_is_number(value) for value in box] != [True] * 4:
        raise ValueError(f"{where}.bbox: expected [x, y, width, height], got {box!r:.60}")
    image_id, score = entry.get("image_id"), entry.get("score", 1.0)
    if as_id(image_id) is None:
        raise ValueError(f"{where}.image_id: expected an integer or a text, got {image_id!r:.60}")
    if not _is_number(score):
        raise ValueError(f"{where}.score: expected a number, got {score!r:.60}")
    return box, as_id(image_id), score


def _box_around(keypoints):
    """Return [x, y, width, height] around a flat list x, y, score, ...; None if it is none."""
    is_flat = isinstance(keypoints, list) and all(map(_is_number, keypoints))
    if not is_flat or not keypoints or len(keypoints) % 3:
        return None
    triples = np.reshape(keypoints, (1, -1, 3)).astype(float)
    found = boxes_around(Poses(np.where(triples[..., 2:] > 0, triples[..., :2], np.nan)))
    if not len(found.boxes):
        return [0.0] * 4
    x0, y0, x1, y1 = found.boxes[0].tolist()
    return [x0, y0, x1 - x0, y1 - y0]


def _is_number(value):
    return type(value) in (int, float) and abs(value) < 1e9  # of pixels, far from an overflow
