"""COCO annotation files as scenes: photographs can replace synthetic people in a training."""

import math
import numbers
from functools import partial

import numpy as np

from npkpose._check import MAX_INTEGER, check_flag, check_integer, check_kind, shown
from npkpose.data.coco_writer import check_folder
from npkpose.data.fingerprint import digest
from npkpose.data.person_category import person_category
from npkpose.data.scene import Scene
from npkpose.image.files import read_image
from npkpose.io.image_files import existing, leaves_folder
from npkpose.metrics.coco.read_json import as_ground_truth, read_lists
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17


class CocoDataset:
    """The images of an annotation file, each a `Scene`, in the file's order.

    Parameters
    ----------
    annotations : path, or parsed JSON
    images : path_like
        The folder of images.
    skeleton : Skeleton of K keypoints
    labelled_only : bool
        Leave out images in which nobody has a labelled keypoint.
    category : int or str, optional
        Id or name of the category to read. Default: the one named "person"; without it, the one of
        id 1; else the only one.

    Raises
    ------
    ValueError
        JSON that is not COCO's; the message names entry and field. No such category, or annotations
        but none that can be used.
    FileNotFoundError
        No annotation file, or no such folder. Images are opened only when they are used.
    """

    def __init__(
        self, annotations, images, skeleton=COCO_17, labelled_only=True, category=None
    ):
        self.folder = check_folder("images", images)
        if not self.folder.is_dir():
            raise FileNotFoundError(f"images: expected a folder, got {images}")
        self.skeleton = check_kind("skeleton", skeleton, Skeleton)
        check_flag("labelled_only", labelled_only)
        if isinstance(category, numbers.Integral):
            check_integer("category", category, -MAX_INTEGER)
        elif not (category is None or isinstance(category, str)):
            raise ValueError(f"category: expected an id or a name, got {shown(category)}")
        read_lists(annotations, skeleton, partial(self._fill, category, labelled_only))
        self._rows = _rows_by_image(self._people.image_id)
        if labelled_only:
            self._drop_unlabelled()

    def _fill(self, category, labelled_only, lists):
        """Read people and images out of the lists of an annotation file."""
        chosen = _choose_category(lists["categories"], category)
        self._people = as_ground_truth(lists, self.skeleton, np.array([chosen]))
        self._ids, self._names = lists["images"].ids("id"), _file_names(lists["images"])
        self._check_people(lists["annotations"], chosen, labelled_only)

    @property
    def fingerprint(self):
        """Which data set this is; see `npkpose.data.fingerprint`."""
        people, names = self._people, np.array(self._names, dtype=str)
        arrays = self._ids, names, people.image_id, people.keypoints, people.visibility, people.area
        return f"CocoDataset of {len(self)} images, {digest(arrays)}"

    def __len__(self):
        return len(self._ids)

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last."""
        if not 0 <= check_integer("i", i, -math.inf) < len(self):
            raise IndexError(f"i: expected 0 to {len(self) - 1}, got {i}")
        people, rows = self._people, self._rows.get(self._ids[i].item(), [])
        visibility = people.visibility[rows].astype(np.int64)
        keypoints = np.where(visibility[..., None] > 0, people.keypoints[rows], np.nan)
        corner, size = people.bbox[rows, :2], people.bbox[rows, 2:]
        boxes = np.concatenate([corner, corner + size], axis=1)
        image = read_image(existing(self.folder, self._names[i]))
        return Scene(image, keypoints, visibility, boxes, people.area[rows], people.iscrowd[rows])

    def image_id(self, i):
        """Return the id of image ``i`` in the file."""
        return self._ids[i].item()

    def _check_people(self, annotations, category, labelled_only):
        """Raise ValueError if there are annotations but none that can be used."""
        people, count = self._people, len(annotations)
        if count and not len(people):
            ids = sorted(set(map(str, annotations.ids("category_id").tolist())))
            raise ValueError(
                f"{annotations.name}: expected some of category {category!r} in the listed images, "
                f"got {count} of the categories {', '.join(ids)[:80]}"
            )
        if count and labelled_only and not people.labelled.any():
            raise ValueError(
                f"{annotations.name}: expected labelled keypoints, got none in {len(people)} "
                f"annotations of category {category!r}"
            )

    def _drop_unlabelled(self):
        labelled = set(self._people.image_id[self._people.labelled.any(axis=1)].tolist())
        keep = [i for i, image in enumerate(self._ids.tolist()) if image in labelled]
        self._ids, self._names = self._ids[keep], [self._names[i] for i in keep]


def _choose_category(categories, category):
    """Return the id of the category with this id or name, or of the default one."""
    ids = categories.ids("id").tolist()
    names = [entry.get("name") for entry in categories.entries]
    if category is None:
        chosen = person_category(categories.entries)
    elif category in names:
        chosen = ids[names.index(category)]
    else:
        chosen = category if category in ids else None
    if chosen is not None:
        return chosen
    expected = "'person' or 1" if category is None else repr(category)
    listed = ", ".join(f"{i} {name!r}" for i, name in zip(ids, names))
    raise ValueError(f"{categories.name}: expected {expected}, got {listed[:200] or 'none'}")


def _file_names(images):
    """Return the file name of each image; a path that leaves the folder is refused."""
    for i, image in enumerate(images.entries):
        path = image.get("file_name")
        if not isinstance(path, str) or not path or leaves_folder(path):
            images.fail(i, "file_name", "a file inside the folder")
    return [image["file_name"] for image in images.entries]


def _rows_by_image(image_id):
    """Return ``{image id: rows of its people}``."""
    order = np.argsort(image_id, kind="stable")
    ids, starts = np.unique(image_id[order], return_index=True)
    return dict(zip(ids.tolist(), np.split(order, starts[1:])))
