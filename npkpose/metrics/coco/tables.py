"""Ground truth and detections as tables: a column for each JSON field, a row for each person."""

import copy

import numpy as np

from npkpose._check import check_array, real_array
from npkpose.metrics.coco.extents import extents
from npkpose.metrics.coco.protocols import BOX_SHARE

MAX_SPAN = 1 << 20  # between the ids of a table that is looked up: val2017's reach 581,929


class GroundTruth:
    """G annotated people of K keypoints, in any number of images.

    Parameters
    ----------
    keypoints : array_like, shape (G, K, 2)
        (x, y) in image pixels.
    visibility : array_like, shape (G, K)
        Above 0: labelled.
    image_id : array_like of int or of str, shape (G,)
    area : array_like, shape (G,)
        Pixels^2. COCO's are of segmentations, about 0.53 times the area of the box.
    bbox : array_like, shape (G, 4), optional
        x, y, width, height; needed only if a person has no labelled keypoint.
    iscrowd : array_like of bool, shape (G,), optional
        A crowd is ignored, and any number of detections can match it. Default: all False.
    num_keypoints : array_like of int, shape (G,), optional
        A person with 0 is ignored. Default: the number of labelled keypoints.
    category_id, id : array_like of int, shape (G,), optional
        Default: all 1; 1 to G.
    images, categories : array_like, optional
        All image ids and category ids, also those without people. Default: those of the people.

    Raises
    ------
    ValueError
        Wrong shape, or ids that are neither integers nor text.
    """

    columns = (
        "keypoints", "visibility", "image_id", "area", "bbox", "iscrowd", "num_keypoints",
        "category_id", "id", "entry",
    )  # fmt: skip

    def __init__(
        self, keypoints, visibility, image_id, area, bbox=None, iscrowd=None, num_keypoints=None,
        category_id=None, id=None, images=None, categories=None,
    ):  # fmt: skip
        # More than six arguments: one for each column.
        self.keypoints = check_array("keypoints", keypoints, ("G", "K", 2), finite=False)
        people, parts = self.keypoints.shape[:2]
        self.visibility = check_array("visibility", visibility, (people, parts), finite=False)
        self.image_id = as_ids("image_id", image_id, people)
        self.area = check_array("area", area, (people,), finite=False)
        self.has_boxes = bbox is not None
        bbox = np.zeros((people, 4)) if bbox is None else bbox
        self.bbox = check_array("bbox", bbox, (people, 4), finite=False)
        crowd = np.zeros(people) if iscrowd is None else iscrowd
        self.iscrowd = check_array("iscrowd", crowd, (people,), np.bool_)
        counts = self.labelled.sum(axis=1) if num_keypoints is None else num_keypoints
        self.num_keypoints = check_array("num_keypoints", counts, (people,))
        category = np.ones(people, dtype=int) if category_id is None else category_id
        self.category_id = as_ids("category_id", category, people)
        self.id = as_ids("id", np.arange(1, people + 1) if id is None else id, people)
        self.images = np.unique(self.image_id if images is None else as_ids("images", images))
        categories = self.category_id if categories is None else as_ids("categories", categories)
        self.categories = np.unique(categories)
        self.entry = np.arange(people)  # position in the list of annotations
        self.name = "ground_truth: annotations"  # in messages
        self.from_json, self.layout = False, ()  # and the fields of keypoints in JSON
        self.left_out = 0  # entries of the list that are not in the table
        self.listed_names = []  # see keypoint_names.names_of_categories
        self.category_names = {}  # by id
        self.crowd_index = None  # CrowdPose's, of each of ``images``

    def at(self, rows):
        """Return the people at these rows, in this order."""
        return _take(self, rows)

    @property
    def labelled(self):
        """Which keypoints are labelled: (G, K) bool."""
        return self.visibility > 0

    def __len__(self):
        return len(self.keypoints)

    def check(self):
        """Raise ValueError if a number that OKS needs is missing or not finite."""
        self.check_boxes()
        unlabelled = ~self.labelled.any(axis=1)
        keypoints = np.where(self.labelled[..., None], self.keypoints, 0.0)
        _finite(self, "keypoints", keypoints)
        _finite(self, "visibility", self.visibility)
        _finite(self, "area", self.area)
        _finite(self, "bbox", np.where(unlabelled[:, None], self.bbox, 0.0))
        if (self.area < 0).any():
            self._refuse(self.area < 0, "area", "at least 0", self.area[self.area < 0][0])

    def check_boxes(self):
        """Raise ValueError if a person has neither a box nor a labelled keypoint."""
        unlabelled = ~self.labelled.any(axis=1)
        if unlabelled.any() and not self.has_boxes:
            self._refuse(unlabelled, "bbox", "a box, since no keypoint is labelled", "nothing")

    def _refuse(self, bad, field, wanted, got):
        entry = self.entry[bad.argmax()]
        raise ValueError(f"{self.name}[{entry}].{field}: expected {wanted}, got {got}")


class Detections:
    """D detected people of K keypoints, in any order.

    Parameters
    ----------
    keypoints : array_like, shape (D, K, 2)
        (x, y) in image pixels.
    score : array_like, shape (D,)
        Of the person. Detections of equal scores keep their order.
    image_id : array_like of int or of str, shape (D,)
    bbox : array_like, shape (D, 4), optional
        x, y, width, height. A detection without a match is ignored if its box's area is out of
        range. Default: the boxes around all K keypoints.
    category_id : array_like of int, shape (D,), optional
        Default: all 1.
    third : array_like, shape (D, K), optional
        The third number of each keypoint. Some protocols leave out detections of which none is
        above 0. Default: all 1.

    Raises
    ------
    ValueError
        Wrong shape, or ids that are neither integers nor text.
    """

    columns = (
        "keypoints", "score", "image_id", "category_id", "area", "entry", "present", "part_scores",
    )  # fmt: skip

    def __init__(self, keypoints, score, image_id, bbox=None, category_id=None, third=None):
        self.keypoints = check_array("keypoints", keypoints, ("D", "K", 2), finite=False)
        people = len(self.keypoints)
        self.score = check_array("score", score, (people,), finite=False)
        self.image_id = as_ids("image_id", image_id, people)
        category = np.ones(people, dtype=int) if category_id is None else category_id
        self.category_id = as_ids("category_id", category, people)
        if bbox is None:
            self.area = extents(self.keypoints)
        else:
            boxes = check_array("bbox", bbox, (people, 4), finite=False)
            with np.errstate(over="ignore", invalid="ignore"):
                self.area = boxes[:, 2:].prod(axis=1)
        self.area_source = "keypoints" if bbox is None else "bbox"
        self.present = np.ones(self.keypoints.shape[:2], dtype=bool)
        if third is not None:
            self.present = check_array("third", third, self.present.shape, finite=False) > 0
        self.part_scores = np.empty((people, 0))  # see protocols.PART_SCORES
        self.entry = np.arange(people)
        self.listed = people  # length of the list of results
        self.name = "results"
        self.from_json, self.layout = False, ()
        self.left_out = 0

    def at(self, rows):
        """Return the people at these rows, in this order."""
        return _take(self, rows)

    def __len__(self):
        return len(self.keypoints)

    def check(self):
        """Raise ValueError if a score, keypoint or area is not finite."""
        _finite(self, "keypoints", self.keypoints)
        _finite(self, "score", self.score)
        _finite(self, self.area_source, self.area, "a finite area")


def box_areas(boxes):
    """Return the areas (N,) of people in boxes (N, 4), as CrowdPose and xtcocotools take them."""
    with np.errstate(over="ignore", invalid="ignore"):
        return boxes[:, 2] * boxes[:, 3] * BOX_SHARE


def _take(table, rows):
    """Return a copy of the table that has only these rows."""
    part = copy.copy(table)
    for column in table.columns:
        setattr(part, column, getattr(table, column)[rows])
    return part


def other_kind(ids, known, owner="the ground truth"):
    """Return in words that ids are text and the owner's known ones numbers, or the reverse."""
    if not len(known) or ids.dtype.kind == known.dtype.kind:
        return ""
    kinds = ("text", "numbers") if ids.dtype.kind == "U" else ("numbers", "text")
    return f"{kinds[0]}, {owner} has {kinds[1]}"


def find(values, among):
    """Return the indices (N,) of values in the sorted ``among``, and which are there at all."""
    if values.dtype.kind != among.dtype.kind or len(among) == 0:
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    index = np.minimum(_places(values, among), len(among) - 1)
    return index, among[index] == values


def _places(values, among):
    """Return ``np.searchsorted(among, values)``; of values that are not there, anything >= 0."""
    if among.dtype.kind != "i" or int(among[-1]) - int(among[0]) > MAX_SPAN:
        return np.searchsorted(among, values)
    table = np.zeros(among[-1] - among[0] + 1, np.int64)  # many times as fast, for usual ids
    table[among - among[0]] = np.arange(len(among))
    return table[np.clip(values, among[0], among[-1]) - among[0]]


def as_ids(name, values, length="N"):
    """Return ids as an array (N,) of int64, or of str if they are text."""
    text = _is_text(values)
    array = np.asarray(values) if text else real_array(name, values)
    if array.ndim != 1 or length not in ("N", len(array)):
        raise ValueError(f"{name}: expected shape ({length}), got {array.shape}")
    if text:
        return array
    if array.dtype.kind == "f":
        exact = (array == np.rint(array)) & (abs(array) < 2.0**53)  # larger ones may be rounded
    else:
        exact = array <= np.iinfo(np.int64).max
    if not exact.all():
        raise ValueError(f"{name}: expected integers or text, got {array[~exact][0]}")
    return array.astype(np.int64)


def _is_text(values):
    try:
        return np.asarray(values).dtype.kind == "U"
    except Exception:  # ragged lists, and whatever a foreign __array__ raises
        return False


def _finite(table, field, array, wanted="a finite number"):
    finite = np.isfinite(array)
    if not finite.all():
        row, *inner = np.unravel_index(int(np.argmin(finite)), array.shape)
        place = _place(field, inner)
        if table.from_json:
            place = _place_in_json(field, inner, table.layout)
        raise ValueError(
            f"{table.name}[{table.entry[row]}].{place}: "
            f"expected {wanted}, got {array[(row, *inner)]}"
        )


def _place(field, inner):
    return field + "".join(f"[{i}]" for i in inner)


def _place_in_json(field, inner, layout):
    """Return the place in the file, where keypoints are flat lists of x, y, visibility."""
    if field not in ("visibility", "keypoints") or not inner:
        return _place(field, inner)
    k, axis = inner[0], 2 if field == "visibility" else inner[1]
    for name, count in layout:
        if k < count:
            return f"{name}[{3 * k + axis}]"
        k -= count
    return f"keypoints[{3 * inner[0] + axis}]"
