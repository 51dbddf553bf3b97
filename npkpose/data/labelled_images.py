"""Labels of any format, and the images they belong to, as scenes to train on.

    instance used    if it is not ignored, its image is there, and a keypoint is labelled
    box              that of the file; without one, the box around its labelled keypoints, with a
                     margin of `MARGIN` of its longer side on each side
    area             that of the file; without one, the box's
    keypoint used    if it is labelled, visible or hidden; a missing one has no target and no loss
"""

import numpy as np

from npkpose._check import check_integer, check_number, check_rng
from npkpose.data.coco_writer import check_folder
from npkpose.data.fingerprint import digest
from npkpose.data.image_files import find_images
from npkpose.data.scene import Scene
from npkpose.image.files import read_image

MARGIN = 0.125  # of the longer side: a box 1.25 times as long
NAMED = 5  # missing images that a message names


class LabelledImages:
    """The images of `npkpose.io.Labels` that have usable instances: a sequence of `Scene`.

    Parameters
    ----------
    labels : npkpose.io.Labels
        Of one skeleton, as `npkpose.io.read` returns them.
    images : path_like
        The folder of images; `find_images` says how a name is looked for.
    name : str
        Of the file of labels, for messages.

    Attributes
    ----------
    skeleton : Skeleton
    missing : list of str
        Names of images with instances that are not in the folder; these instances are left out.

    Raises
    ------
    ValueError
        No usable instance, or a skeleton without keypoints; the message counts the reasons.
    FileNotFoundError
        No such folder. Images are opened only when they are used.
    """

    def __init__(self, labels, images, name="labels"):
        self.folder = check_folder("images", images)
        if not self.folder.is_dir():
            raise FileNotFoundError(f"images: expected a folder, got {images}")
        self.labels, self.skeleton = labels, labels.skeleton
        if not self.skeleton.num_keypoints:
            raise ValueError(f"{name}: expected keypoints, got {self.skeleton.name} without any")
        labelled = (labels.visibility > 0).any(axis=1)
        wanted = ~labels.ignored & labelled
        self._paths = self._find(np.unique(labels.image_index[wanted]))
        lost = [labels.images[i] for i, path in self._paths.items() if path is None]
        self.missing = [image.file_name or f"no name of image {image.id}" for image in lost]
        there = [self._paths.get(int(i)) is not None for i in labels.image_index]
        usable = wanted & np.array(there, bool)
        self._boxes, self._areas = boxes_and_areas(labels)
        usable &= (self._boxes[:, 2:] > self._boxes[:, :2]).all(axis=1)
        if not usable.any():
            raise ValueError(f"{name}: expected instances to train on, {self._why(labelled)}")
        self._rows = rows_by_image(labels.image_index, usable)
        self._indices = sorted(self._rows)

    def _find(self, indices):
        """Return {image index: path or None} of these images."""
        names = [self.labels.images[i].file_name for i in indices]
        return dict(zip(map(int, indices), find_images(self.folder, names)))

    def _why(self, labelled):
        """Return why no instance can be used."""
        labels = self.labels
        if not len(labels):
            return "got none"
        reasons = {
            "are ignored": labels.ignored.sum(),
            "have no labelled keypoint": (~labelled & ~labels.ignored).sum(),
            f"have images that are not in {self.folder}{named(self.missing)}":
                sum(i in self._paths and self._paths[i] is None for i in labels.image_index),
        }  # fmt: skip
        texts = [f"{count} {reason}" for reason, count in reasons.items() if count]
        return f"got {len(labels)}, of which {', '.join(texts) or 'none has a box'}"

    @property
    def fingerprint(self):
        """Which data set this is; see `npkpose.data.fingerprint`."""
        rows = np.concatenate([self._rows[i] for i in self._indices])
        labels = self.labels
        names = np.array([labels.images[i].file_name for i in self._indices], str)
        arrays = names, labels.image_index[rows], labels.keypoints[rows], labels.visibility[rows]
        return f"{type(self).__name__} of {len(self)} images, {digest(arrays)}"

    @property
    def num_instances(self):
        """The number of instances that are used."""
        return sum(len(self._rows[i]) for i in self._indices)

    @property
    def boxes(self):
        """The boxes (x0, y0, x1, y1) of all instances that are used: (N, 4)."""
        return self._boxes[np.concatenate([self._rows[i] for i in self._indices])]

    def __len__(self):
        return len(self._indices)

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last.

        Raises ValueError for an image that is damaged or of another size than the labels say.
        """
        if not 0 <= check_integer("i", i, -len(self)) < len(self):
            raise IndexError(f"i: expected 0 to {len(self) - 1}, got {i}")
        index = self._indices[i]
        image, rows, labels = read_image(self._paths[index]), self._rows[index], self.labels
        self._check_size(index, image)
        visibility = labels.visibility[rows].astype(np.int64)
        return Scene(
            image, labels.keypoints[rows].copy(), visibility, self._boxes[rows],
            self._areas[rows], np.zeros(len(rows), bool),
        )  # fmt: skip

    def _check_size(self, index, image):
        """Raise ValueError if an image's size is not the one that the labels are for."""
        entry, size = self.labels.images[index], (image.shape[1], image.shape[0])
        if entry.width and entry.height and size != (entry.width, entry.height):
            raise ValueError(
                f"{self._paths[index]}: expected {entry.width} x {entry.height} pixels, as the "
                f"labels say, got {size[0]} x {size[1]}; keypoints would lie elsewhere"
            )

    def image_name(self, i):
        """Return the file name of image ``i`` in the labels."""
        return self.labels.images[self._indices[i]].file_name

    def split(self, fraction, rng):
        """Return two data sets: the rest, and a random ``fraction`` of the images, at least one.

        Raises ValueError for a fraction that is not above 0 and below 1, or a single image.
        """
        fraction = check_number("fraction", fraction, above=0, at_most=1)
        check_rng(rng)
        count = max(round(fraction * len(self)), 1)
        if count >= len(self):
            raise ValueError(f"fraction: expected images on both sides of {len(self)}, got all")
        chosen = rng.permutation(len(self))
        return self._part(np.sort(chosen[count:])), self._part(np.sort(chosen[:count]))

    def _part(self, chosen):
        part = type(self).__new__(type(self))
        vars(part).update(vars(self))
        part._indices = [self._indices[i] for i in chosen]
        return part

    def num_pixels(self):
        """Return the number of pixels of all images, or None if the labels do not say it."""
        entries = [self.labels.images[i] for i in self._indices]
        if not all(entry.width and entry.height for entry in entries):
            return None
        return sum(entry.width * entry.height for entry in entries)


def boxes_and_areas(labels):
    """Return boxes (N, 4), x0, y0, x1, y1, and areas (N,) of labels: see above for those without.

    A box that is NaN or has no area counts as none.
    """
    boxes = labels.boxes.copy()
    boxes[:, 2:] += boxes[:, :2]
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    around = keypoint_boxes(labels.keypoints, MARGIN)
    boxes = np.where(bad[:, None], around, boxes)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    with np.errstate(invalid="ignore"):
        return boxes, np.where(labels.areas > 0, labels.areas, areas)


def keypoint_boxes(keypoints, margin):
    """Return boxes (N, 4) around labelled keypoints (N, K, 2), with a margin; NaN without any."""
    labelled = ~np.isnan(keypoints[..., :1])
    low = np.where(labelled, keypoints, np.inf).min(axis=1, initial=np.inf) - 0.5
    high = np.where(labelled, keypoints, -np.inf).max(axis=1, initial=-np.inf) + 0.5
    some = labelled.any(axis=(1, 2))
    low[~some], high[~some] = np.nan, np.nan
    wide = margin * (high - low).max(axis=1, keepdims=True, initial=0.0)
    return np.concatenate([low - wide, high + wide], axis=1) + 0.5  # a box is an area


def rows_by_image(image_index, usable):
    """Return {image index: rows of its usable instances}."""
    rows = np.flatnonzero(usable)
    order = rows[np.argsort(image_index[rows], kind="stable")]
    indices, starts = np.unique(image_index[order], return_index=True)
    return dict(zip(indices.tolist(), np.split(order, starts[1:])))


def named(names):
    """Return the first of these names in brackets, with how many more there are."""
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f" ({', '.join(names[:NAMED])}{more})"
