"""MediaPipe's landmark networks: a hand, a face or a person in a square that is turned upright.

The square follows from a detection with points (anchors.py), as in MediaPipe's graphs:

    Hand        wrist to middle finger points up; side 2.6 times the palm's, moved towards the
                fingers by half the palm's height
    FaceMesh    the line of the eyes is level; side 1.5 times the face's
    BlazePose   hips to head points up; side 2.5 times that distance, about the hips

A square that goes beyond the image repeats the pixels of its border. A box without points gives an
upright square, the longer side times ``padding``. Coordinates are MediaPipe's: a share of the
square times its side. Depths are left out. Bazarevsky et al., "BlazePose", 2020, arXiv:2006.10204;
Zhang et al., "MediaPipe Hands", 2020, arXiv:2006.10214.
"""

import math

import numpy as np

from npkpose.models.exported.network import INPUT, Exported
from npkpose.models.exported.recipe import Recipe
from npkpose.skeletons import find

WINDOW = 3  # pixels on each side, of the maps that refine a body's landmarks
MIN_CONFIDENCE = 0.5  # MediaPipe's min_confidence_to_refine


class Landmarks(Exported):
    """What the three have in common."""

    finds = "keypoints"
    uses = "skeleton", *INPUT, "padding", "score_threshold"
    start, end, upright = 0, 0, math.pi / 2
    num_points = ()  # of detections that show how the square is turned
    plan = ""  # the name of the skeleton

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: RGB from 0 to 1."""
        skeleton, to_one = find(cls.plan), (255.0,) * 3
        return Recipe(skeleton, about.size, about.layout, std=to_one, score_threshold=0.5)

    def matrices(self, boxes, points, padding):
        """Return the matrices (P, 2, 3) from crops to the image of boxes (P, 4).

        ``points`` (P, k, 2) are the detector's, or None.
        """
        if points is None or points.shape[1] not in self.num_points:
            centres = (boxes[:, :2] + boxes[:, 2:]) / 2
            sides = padding * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
            return self._squares(centres, sides, np.zeros(len(boxes)))
        x, y = (points[:, self.end] - points[:, self.start]).T
        angles = self.upright - np.arctan2(-y, x)
        return self._squares(*self.square(boxes, points, angles), angles)

    def _squares(self, centres, sides, angles):
        """Return the matrices of squares about ``centres``, turned clockwise by ``angles``."""
        H, W = self.recipe.size
        cos, sin = np.cos(angles) * sides, np.sin(angles) * sides
        turn = np.stack([cos / W, -sin / H, sin / W, cos / H], axis=1).reshape(-1, 2, 2)
        starts = centres - turn @ np.array([W / 2, H / 2])
        return np.concatenate([turn, starts[:, :, None]], axis=2)

    def crop(self, image, matrix):
        """Return the crop of an image; outside of it the pixels of its border are repeated."""
        H, W = self.recipe.size
        columns, rows = np.meshgrid(np.arange(W), np.arange(H))
        x, y = np.tensordot(matrix[:, :2], [columns, rows], 1) + matrix[:, 2, None, None]
        x, y = (np.floor(32 * each + 0.5) / 32 for each in (x, y))  # as OpenCV 3 and 4 round
        furthest, lowest = image.shape[1] - 1, len(image) - 1
        x, y = x.clip(0, furthest), y.clip(0, lowest)
        left, top = x.astype(int), y.astype(int)
        right, bottom = np.minimum(left + 1, furthest), np.minimum(top + 1, lowest)
        a, b = (x - left)[:, :, None], (y - top)[:, :, None]
        above = (1 - a) * image[top, left] + a * image[top, right]
        below = (1 - a) * image[bottom, left] + a * image[bottom, right]
        return np.rint((1 - b) * above + b * below).astype(np.uint8)

    def locate(self, crops):
        """Return keypoints (P, K, 2) in pixels of crops (P, H, W, 3), uint8 RGB, and scores.

        A crop in which there is none has NaN and 0.
        """
        outputs = dict(zip(self.about.outputs, self.run(crops)))
        outputs = [outputs[name] for name in sorted(outputs)]  # Identity, Identity_1, ...
        points, scores, presence = self.decode(outputs)
        missing = presence < self.recipe.score_threshold
        points[missing], scores[missing] = np.nan, 0
        return points, scores


class Hand(Landmarks):
    """21 points of a hand."""

    plan = "HAND_21"
    start, end, num_points = 0, 2, (7,)

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        sizes = sorted(math.prod(shape[1:]) for shape in about.shapes)
        return "outputs of 63, 63, 1 and 1 numbers" if sizes == [1, 1, 63, 63] else None

    def square(self, boxes, points, angles):
        """Return the centres (P, 2) and sides (P,) of the squares of palms."""
        sides = boxes[:, 2:] - boxes[:, :2]
        up = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + 0.5 * sides[:, 1:] * up
        return centres, 2.6 * sides.max(axis=1)

    def decode(self, outputs):
        """Return points, scores and the presence (P,) of a hand."""
        points, presence = outputs[0], outputs[1].reshape(-1).astype(float)
        points = points.reshape(-1, 21, 3)[:, :, :2].astype(float)
        return points, np.repeat(presence[:, None], 21, axis=1), presence


class FaceMesh(Landmarks):
    """468 points of a face."""

    plan = "MEDIAPIPE_468"
    start, end, num_points, upright = 0, 1, (5, 6), 0.0

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        sizes = [math.prod(shape[1:]) for shape in about.shapes]
        return "outputs of 1404 numbers and a logit" if {1, 1404} <= set(sizes) else None

    def square(self, boxes, points, angles):
        """Return the centres (P, 2) and sides (P,) of the squares of faces."""
        sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        return (boxes[:, :2] + boxes[:, 2:]) / 2, 1.5 * sides

    def decode(self, outputs):
        """Return points, scores and the presence (P,) of a face."""
        by_size = {each[0].size: each for each in outputs}
        presence = by_size[1].reshape(-1).astype(float)
        if not any("flag" in name for name in self.about.outputs):  # there it is no logit
            presence = _sigmoid(presence)
        points = by_size[1404].reshape(-1, 468, 3)[:, :, :2].astype(float)
        return points, np.repeat(presence[:, None], 468, axis=1), presence


class BlazePose(Landmarks):
    """33 points of a person."""

    plan = "MEDIAPIPE_33"
    start, end, num_points = 0, 1, (4,)

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        sizes = [math.prod(shape[1:]) for shape in about.shapes]
        return "outputs of 195 and 117 numbers" if {195, 117, 1} <= set(sizes) else None

    def square(self, boxes, points, angles):
        """Return the centres (P, 2) and sides (P,) of the squares of people."""
        lengths = np.hypot(*(points[:, 1] - points[:, 0]).T)
        return points[:, 0], 2 * 1.25 * lengths

    def decode(self, outputs):
        """Return points, scores and the presence (P,) of a person; a score is the visibility."""
        by_size = {each[0].size: each for each in outputs}
        presence = by_size[1].reshape(-1).astype(float)
        rows = by_size[195].reshape(-1, 39, 5)[:, :33].astype(float)
        maps = [each for each in outputs if each.ndim == 4 and 39 in each.shape[1:]]
        points = rows[:, :, :2]
        if maps:
            maps = np.moveaxis(maps[0], 1, 3) if maps[0].shape[1] == 39 else maps[0]
            points = refined(points, maps[..., :33], self.recipe.size)
        return points, _sigmoid(rows[:, :, 3]), presence


def refined(points, maps, size):
    """Return points (P, K, 2) moved to the mean of their maps (P, h, w, K) near them.

    The mean is over a window of seven pixels, weighted by the sigmoid; a point in whose window the
    maximum is below `MIN_CONFIDENCE` stays.
    """
    points, (h, w) = points.copy(), maps.shape[1:3]
    pixels = points * np.array([w, h]) / np.array(size[::-1])
    for p, k in np.ndindex(points.shape[:2]):
        column, row = (int(each) for each in np.clip(pixels[p, k], -1e6, 1e6))
        if not (0 <= column < w and 0 <= row < h):
            continue
        rows = np.arange(max(row - WINDOW, 0), min(row + WINDOW + 1, h))
        columns = np.arange(max(column - WINDOW, 0), min(column + WINDOW + 1, w))
        weights = _sigmoid(maps[p, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, k])
        if weights.max() >= MIN_CONFIDENCE:
            mean = np.array([weights.sum(0) @ columns, weights.sum(1) @ rows]) / weights.sum()
            points[p, k] = mean * np.array(size[::-1]) / np.array([w, h])
    return points


def _sigmoid(logits):
    return 1 / (1 + np.exp(-np.clip(np.asarray(logits, float), -100, 100)))
