"""MediaPipe's detectors of faces, palms and people: boxes and points relative to fixed anchors.

An anchor is the centre of a cell. A row (x, y, w, h, x_0, y_0, ...) holds pixels of the input, from
the anchor; a score is a logit:

    centre = anchor + (x, y) / n,   size = (w, h) / n,   point_k = anchor + (x_k, y_k) / n

Overlapping boxes are not suppressed but averaged, weighted by their scores, points too. The input
is the square around the whole image, black outside. Bazarevsky et al., "BlazeFace", 2019,
arXiv:1907.05047; the cells and numbers are those of MediaPipe's graphs.
"""

import numpy as np

from npkpose.image.warp import warp_affine
from npkpose.models.exported.boxes import cells
from npkpose.models.exported.network import INPUT, Exported, Found
from npkpose.models.exported.recipe import Recipe
from npkpose.skeletons import find

# {(side of the input, anchors): (stride, anchors of a cell) of each level}
LEVELS = {
    (128, 896): ((8, 2), (16, 6)),  # faces near the camera
    (192, 2304): ((4, 1),),  # faces
    (192, 2016): ((8, 2), (16, 6)),  # palms
    (224, 2254): ((8, 2), (16, 2), (32, 6)),  # people
}
POINTS = {12: 4, 16: 6, 18: 7}  # {columns of a row: points}
PALM = 18
LARGEST_LOGIT = 100.0


class Anchors(Exported):
    """Boxes with points: six of a face, seven of a palm, or four of a person."""

    finds = "boxes"
    uses = "skeleton", *INPUT, "score_threshold", "nms_threshold"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        shapes = [shape for shape in about.shapes if len(shape) == 3]
        columns = {shape[2] for shape in shapes} - {1}
        if len(shapes) != len(about.shapes) or len(columns) != 1 or columns - POINTS.keys():
            return None
        count = sum(shape[1] for shape in shapes if shape[2] == 1)
        if (about.size[0], count) not in LEVELS or about.size[0] != about.size[1]:
            return None
        (columns,) = columns
        return f"outputs of {count} anchors with {POINTS[columns]} points"

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: from 0 to 1 for palms, else from -1 to 1."""
        columns = max(shape[2] for shape in about.shapes)
        half = 0.0 if columns == PALM else 127.5
        return Recipe(
            find("BLAZEFACE_6") if columns == 16 else None, about.size, about.layout,
            mean=(half,) * 3, std=(255.0 - half,) * 3, fit="centre", fill=0, score_threshold=0.5,
            nms_threshold=0.3, classes=None,
        )  # fmt: skip

    def __call__(self, image):
        """Return the `Found` of an image (H, W, 3), uint8 RGB; coordinates are MediaPipe's."""
        (height, width), n = image.shape[:2], self.recipe.size[0]
        side = max(height, width)
        corner = np.array([width - side, height - side]) / 2
        matrix = np.array([[side / n, 0, corner[0]], [0, side / n, corner[1]]])
        boxes, scores, points = self._decode(warp_affine(image, matrix, (n, n), opencv4=True))
        best = _average(boxes, scores, points, self.recipe.nms_threshold)
        boxes, scores, points = best
        boxes = (boxes.reshape(-1, 2, 2) * side + corner).reshape(-1, 4)
        return Found(boxes, scores, points * side + corner)

    def _decode(self, canvas):
        """Return the boxes (P, 4), scores (P,) and points (P, k, 2) above the threshold."""
        n = self.recipe.size[0]
        outputs = sorted(self.run(canvas[None]), key=lambda each: -each.shape[1])  # as the levels
        rows = np.concatenate([each[0] for each in outputs if each.shape[2] > 1]).astype(float)
        logits = np.concatenate([each[0, :, 0] for each in outputs if each.shape[2] == 1])
        logits = np.clip(logits.astype(float), -LARGEST_LOGIT, LARGEST_LOGIT)
        scores = 1 / (1 + np.exp(-logits))
        good = (scores >= self.recipe.score_threshold) & (rows[:, 2:4] > 0).all(axis=1)
        anchors = _anchors(n, len(scores))[good]
        pairs = rows.reshape(len(rows), -1, 2)[good] / n
        centres, halves, points = pairs[:, 0] + anchors, pairs[:, 1] / 2, pairs[:, 2:]
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        return boxes, scores[good], points + anchors[:, None]


def _anchors(n, count):
    """Return the anchors (A, 2) of an input of side n, as shares of it."""
    levels = []
    for stride, per_cell in LEVELS[n, count]:
        centres = (cells((n, n), (stride,))[:, :2] + 0.5) * stride / n
        levels.append(np.repeat(centres, per_cell, axis=0))
    return np.concatenate(levels)


def _average(boxes, scores, points, threshold):
    """Return weighted means of boxes, best scores, and weighted means of points."""
    left, means = np.argsort(-scores, kind="stable"), []
    while len(left):
        near = left[_overlaps(boxes[left[0]], boxes[left]) > threshold]
        near = near if len(near) else left[:1]  # a box without area does not overlap itself
        weights = scores[near] / scores[near].sum()
        mean_points = np.tensordot(weights, points[near], 1)
        means.append((weights @ boxes[near], scores[left[0]], mean_points))
        left = left[~np.isin(left, near)]
    if not means:
        return boxes, scores, points
    return tuple(np.stack(each) for each in zip(*means))


def _overlaps(box, boxes):
    """Return intersection over union of a box (4,) with boxes (N, 4)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    areas = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    union = max((box[2] - box[0]) * (box[3] - box[1]), 0) + areas - shared
    return shared / np.maximum(union, 1e-12)
