"""The class `Labels`: what a file of keypoints says, in one form for all formats.

N instances (people, hands, animals) of K keypoints each lie in some images. Points are (x, y) in
image pixels, with pixel centres at integers; every format's module states its own convention.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import (
    LARGEST,
    check_array,
    check_integer,
    check_kind,
    check_weight,
    real_array,
    shown,
)
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton
from npkpose.skeletons import conversion_table

PERSON = {1: "person"}  # COCO's category of people


class ImageEntry(NamedTuple):
    """An image that a file names; ``width`` and ``height`` are None if the file has none."""

    id: object  # int or str
    file_name: str = ""
    width: int | None = None
    height: int | None = None


class Labels:
    """N instances of a skeleton's K keypoints in any number of images.

    Parameters
    ----------
    skeleton : Skeleton of K keypoints
    images : sequence of ImageEntry
        Also images without instances; ids are all int or all str, and differ.
    image_index : array_like of int, shape (N,)
        Which of ``images`` each instance lies in.
    keypoints : array_like, shape (N, K, 2)
        (x, y) in image pixels; NaN where a keypoint is missing.
    visibility : array_like of int, shape (N, K), optional
        0 missing, 1 labelled but hidden, 2 visible. Default: 2 where a keypoint is present.
    scores, instance_scores : array_like, shape (N, K) and (N,), optional
        Of results. Default, as in ground truth: 1 where a keypoint is present; NaN.
    boxes, areas : array_like, shape (N, 4) and (N,), optional
        x, y, width, height; pixels^2. NaN where the file has none. Default: all NaN.
    ignored : array_like of bool, shape (N,), optional
        COCO's iscrowd, or the format's own flag. Default: all False.
    categories : dict of {id: name}, optional
        The categories that were read. If there are several, ``fields["category_ids"]`` says which
        an instance is of. Default: {1: "person"}.
    fields, image_fields : dict of {name: array_like}, optional
        What else the file says: one row for each instance; one for each image.

    Raises
    ------
    ValueError
        Wrong shape, an image_index out of range, images with one id, a keypoint that is infinite
        or half NaN, or a missing one that is labelled.
    """

    def __init__(
        self, skeleton, images, image_index, keypoints, visibility=None, scores=None,
        instance_scores=None, boxes=None, areas=None, ignored=None, categories=None, fields=None,
        image_fields=None,
    ):  # fmt: skip
        # More than six arguments: one for each column.
        self.skeleton = check_kind("skeleton", skeleton, Skeleton)
        self.images = check_images(images)
        K = skeleton.num_keypoints
        keypoints = check_array("keypoints", keypoints, ("N", K, 2), finite=False, largest=LARGEST)
        self.keypoints, N = keypoints.copy(), len(keypoints)
        self._check_points()
        index = check_array("image_index", image_index, (N,), np.int64).copy()
        self.image_index = _in_range("image_index", index, 0, len(self.images) - 1)
        present = ~np.isnan(self.keypoints[..., 0])
        visibility = 2 * present if visibility is None else visibility
        visibility = check_array("visibility", visibility, (N, K), np.int64)
        self.visibility = _in_range("visibility", visibility, 0, 2).astype(np.int8)
        self._check_visibility(present)
        scores = check_array("scores", 1.0 if scores is None else scores, (...,))
        self.scores = np.where(present, check_weight("scores", scores, (N, K)), 0.0)
        self.instance_scores = _column("instance_scores", instance_scores, (N,))
        self.boxes = _column("boxes", boxes, (N, 4))
        self.areas = _column("areas", areas, (N,))
        ignored = np.zeros(N, bool) if ignored is None else ignored
        self.ignored = check_array("ignored", ignored, (N,), np.bool_).copy()
        self.categories = dict(check_kind("categories", categories or PERSON, dict))
        self.fields = _check_fields("fields", fields, N)
        self.image_fields = _check_fields("image_fields", image_fields, len(self.images))

    def _check_points(self):
        missing = np.isnan(self.keypoints)
        bad = np.isinf(self.keypoints).any(2) | (missing[..., 0] != missing[..., 1])
        if bad.any():
            n, k = (int(i) for i in np.argwhere(bad)[0])
            got = self.keypoints[n, k].tolist()
            raise ValueError(f"keypoints[{n}, {k}]: expected (x, y) finite or both NaN, got {got}")

    def _check_visibility(self, present):
        bad = (self.visibility > 0) != present
        if bad.any():
            n, k = (int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"visibility[{n}, {k}]: expected 0 where a keypoint is missing, and only there, "
                f"got {self.visibility[n, k]} at {self.keypoints[n, k].tolist()}"
            )

    def __len__(self):
        return len(self.keypoints)

    def __repr__(self):
        return f"Labels({len(self)} x {self.skeleton.name} in {len(self.images)} images)"

    def __eq__(self, other):
        """Return whether all columns are equal; NaN equals NaN."""
        if not isinstance(other, Labels):
            return NotImplemented
        if (self.images, self.categories) != (other.images, other.categories):
            return False
        first, second = (
            {**each._columns(), **_columns_of(each.skeleton)} for each in (self, other)
        )
        return _same(first, second)

    __hash__ = None

    @property
    def category(self):
        """The names of the categories, separated by commas."""
        return ", ".join(str(name) for name in self.categories.values())

    @property
    def present(self):
        """Which keypoints are not missing: bool (N, K)."""
        return self.visibility > 0

    @property
    def is_results(self):
        """Whether every instance has a score, as in a file of results, and there is one."""
        return len(self) > 0 and bool(np.isfinite(self.instance_scores).all())

    def of_image(self, index):
        """Return the instances of image number ``index`` as `Poses`; ids are track ids, if any."""
        check_integer("index", index, at_most=len(self.images) - 1)
        rows = np.flatnonzero(self.image_index == index)
        scores = self.instance_scores[rows]
        scores = scores if np.isfinite(scores).all() else None
        ids = self.fields.get("track_ids")
        return Poses(
            self.keypoints[rows], self.scores[rows], scores, None if ids is None else ids[rows]
        )

    def at(self, rows):
        """Return the instances at these rows (N indices or a mask), in this order; all images."""
        rows = real_array("rows", rows)
        if rows.dtype.kind == "b":
            rows = np.flatnonzero(check_array("rows", rows, (len(self),), np.bool_))
        rows = check_array("rows", rows, ("N",), np.int64)
        _in_range("rows", rows, 0, len(self) - 1)
        columns = {name: column[rows] for name, column in self._rows().items()}
        fields = {name: column[rows] for name, column in self.fields.items()}
        return Labels(
            self.skeleton, self.images, categories=self.categories, fields=fields,
            image_fields=self.image_fields, **columns,
        )  # fmt: skip

    def with_images(self, images):
        """Return the same instances with other image entries, as many, in the same order."""
        changed = self.at(np.arange(len(self)))
        changed.images = check_images(images)
        if len(changed.images) != len(self.images):
            got = len(changed.images)
            raise ValueError(f"images: expected {len(self.images)} entries, got {got}")
        return changed

    def to_skeleton(self, target, derive=True):
        """Return the same instances with the keypoints of the skeleton ``target``.

        As `Poses.convert`: see `npkpose.skeletons.conversion_table` for which keypoints are exact,
        derived or missing. A derived keypoint has the least visibility of its parts.
        """
        table = conversion_table(self.skeleton, target, derive)
        columns = {
            "keypoints": table.points(self.keypoints), "scores": table.scores(self.scores),
            "visibility": table.scores(self.visibility),
        }  # fmt: skip
        fields = {name: each for name, each in self.fields.items() if name != "num_keypoints"}
        return Labels(
            target, self.images, categories=self.categories, fields=fields,
            image_fields=self.image_fields, **{**self._rows(), **columns},
        )  # fmt: skip

    def _rows(self):
        """Return the columns by argument name."""
        names = (
            "image_index", "keypoints", "visibility", "scores", "instance_scores", "boxes",
            "areas", "ignored",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def _columns(self):
        """Return all arrays by name."""
        fields = {f"fields.{name}": each for name, each in self.fields.items()}
        images = {f"image_fields.{name}": each for name, each in self.image_fields.items()}
        return {**self._rows(), **fields, **images}


def _columns_of(skeleton):
    """Return what two equal skeletons have in common, as arrays."""
    names = np.array([skeleton.name, *skeleton.keypoints], dtype=object)
    limbs, pairs = np.array(skeleton.limbs), np.array(sorted(skeleton.pairs))
    sigmas = np.array(skeleton.sigmas)
    return {" names": names, " limbs": limbs, " pairs": pairs, " sigmas": sigmas}


def check_images(images):
    """Return a tuple of `ImageEntry` with ids that differ, or raise ValueError."""
    try:
        images = tuple(images)
    except Exception:  # no iterator, or one that fails
        raise ValueError(f"images: expected a sequence, got {shown(images)}") from None
    for i, image in enumerate(images):
        check_kind(f"images[{i}]", image, ImageEntry)
        if type(image.id) is not type(images[0].id) or type(image.id) not in (int, str):
            got = f"{shown(image.id)} and {shown(images[0].id)}"
            raise ValueError(f"images[{i}].id: expected all int or all str, got {got}")
    if len({image.id for image in images}) < len(images):
        seen = set()
        twice = next(i for i in (image.id for image in images) if i in seen or seen.add(i))
        raise ValueError(f"images: expected ids that differ, got {shown(twice)} twice")
    return images


def _in_range(name, array, low, high):
    bad = (array < low) | (array > high)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        where = ", ".join(map(str, index))
        raise ValueError(f"{name}[{where}]: expected {low} to {high}, got {array[index]}")
    return array


def _column(name, values, shape):
    """Return numbers of that shape, NaN by default."""
    values = np.full(shape, np.nan) if values is None else values
    return check_array(name, values, shape, finite=False).copy()


def _check_fields(name, fields, length):
    """Return {name: array with that many rows}, or raise ValueError."""
    arrays = {}
    for key, value in check_kind(name, {} if fields is None else fields, dict).items():
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        if not isinstance(key, str) or array.ndim == 0 or len(array) != length:
            got = f"{shown(key)}: shape {array.shape}"
            raise ValueError(f"{name}: expected names and arrays of {length} rows, got {got}")
        arrays[key] = array.copy()
    return arrays


def _same(first, second):
    """Return whether two dictionaries of arrays are equal."""
    if set(first) != set(second):
        return False
    for name, one in first.items():
        other = second[name]
        if one.shape != other.shape or (one.dtype.kind == "O") != (other.dtype.kind == "O"):
            return False
        if one.dtype.kind == "O":
            if one.tolist() != other.tolist():
                return False
        elif not np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f"):
            return False
    return True
