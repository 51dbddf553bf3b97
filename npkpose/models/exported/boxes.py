"""Detectors of people: YOLOX and RTMDet.

    YoloX        (1, A, 5 + C)                      offsets, logs of sizes, objectness, C classes
    BoxesAndLabels    dets (1, N, 5), labels (1, N)      suppression is in the file

YOLOX's cell (i, j) of stride s holds the centre ((i + dx) s, (j + dy) s) and the size
(exp(w) s, exp(h) s); a score is objectness times class. Ge et al., "YOLOX", 2021, arXiv:2107.08430;
Lyu et al., "RTMDet", 2022, arXiv:2212.07784.
"""

import numpy as np

from npkpose.codec.nms import box_nms
from npkpose.models.exported.letterbox import letterbox
from npkpose.models.exported.network import INPUT, LETTERBOX, Exported, Found
from npkpose.models.exported.recipe import Recipe

STRIDES = 8, 16, 32
RTMDET_STATISTICS = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # blue, green, red


def best_boxes(found, recipe, size):
    """Return what remains of a `Found` after thresholds and suppression, cut to the image.

    ``size`` is the image's (H, W).
    """
    good = (found.scores >= recipe.score_threshold) & np.isfinite(found.boxes).all(axis=1)
    if recipe.classes is not None and found.labels is not None:
        good &= np.isin(found.labels, recipe.classes)
    height, width = size
    boxes = np.clip(np.where(good[:, None], found.boxes, 0), 0, [width, height, width, height])
    good &= (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    rows = np.flatnonzero(good)
    rows = rows[box_nms(boxes[rows], found.scores[rows], recipe.nms_threshold)]
    points = None if found.points is None else found.points[rows]
    labels = None if found.labels is None else found.labels[rows]
    return Found(boxes[rows], found.scores[rows], points, labels)


def cells(size, strides):
    """Return the column, row and stride (A, 3) of each cell, row by row, stride by stride."""
    H, W = size
    grids = []
    for stride in strides:
        rows, columns = np.mgrid[: H // stride, : W // stride]
        grids.append(np.stack([columns, rows, np.full_like(rows, stride)], -1).reshape(-1, 3))
    return np.concatenate(grids)


class YoloX(Exported):
    """Boxes of COCO's classes, of which people are class 0."""

    finds = "boxes"
    uses = *INPUT, *LETTERBOX, "classes"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        if len(about.shapes) != 1 or len(about.shapes[0]) != 3:
            return None
        _, A, columns = about.shapes[0]
        H, W = about.size
        if columns > 5 and A == sum((H // s) * (W // s) for s in STRIDES):
            return f"one output of {A} cells, strides 8, 16 and 32, with {columns - 5} classes"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: BGR from 0 to 255, 114 beside the image."""
        return Recipe(None, about.size, channels="BGR")

    def __call__(self, image):
        """Return the people `Found` in an image (H, W, 3), uint8 RGB."""
        canvas, to_image = letterbox(image, self.recipe)
        (answers,) = self.run(canvas[None])
        rows, cell = answers[0].astype(np.float64), cells(self.recipe.size, STRIDES)
        centres = (rows[:, :2] + cell[:, :2]) * cell[:, 2:]
        with np.errstate(over="ignore"):  # infinite boxes are dropped
            halves = np.exp(rows[:, 2:4]) * cell[:, 2:] / 2
        corners = np.stack([centres - halves, centres + halves], axis=1)
        classes = rows[:, 4:5] * rows[:, 5:]
        found = Found(
            to_image(corners).reshape(-1, 4), classes.max(axis=1), labels=classes.argmax(axis=1)
        )
        return best_boxes(found, self.recipe, image.shape[:2])


class BoxesAndLabels(Exported):
    """Boxes of a detector that does its own suppression, as mmdeploy exports RTMDet and YOLOX.

    Nothing in the file says which of the two it is: its name must, or ``mean`` and ``std``.
    """

    finds = "boxes"
    uses = *INPUT, *LETTERBOX, "classes"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        shapes = sorted(about.shapes, key=len)
        if [len(shape) for shape in shapes] == [2, 3] and shapes[1][2] == 5:
            return "outputs of boxes (1, N, 5) and labels (1, N)"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: RTMDet's, or YOLOX's if the name says so."""
        mean, std = ((0.0,) * 3, (1.0,) * 3) if "yolox" in about.name else RTMDET_STATISTICS
        return Recipe(None, about.size, channels="BGR", mean=mean, std=std)

    def __call__(self, image):
        """Return the people `Found` in an image (H, W, 3), uint8 RGB."""
        canvas, to_image = letterbox(image, self.recipe)
        outputs = {each.ndim: each[0] for each in self.run(canvas[None])}
        rows = outputs[3].astype(np.float64)
        boxes = to_image(rows[:, :4].reshape(-1, 2, 2)).reshape(-1, 4)
        found = Found(boxes, rows[:, 4], labels=outputs[2])
        return best_boxes(found, self.recipe, image.shape[:2])
