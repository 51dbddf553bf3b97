"""OpenSeeFace: 66 points of a face from one map each, and two maps of offsets.

    point = (n - 1) (cell / (m - 1) + ln(p / (1 - p)) / 16)

n is the side of the input (224), m that of the maps (28), cell the column or row of a keypoint's
highest value, and p the offset there: first 66 maps of values, then 66 for y, then 66 for x. A
score is the highest value.

The decoding, and the margins around a face's box, are those of OpenSeeFace's tracker.py
(github.com/emilianavt/OpenSeeFace, BSD-2-Clause). Departure: what of the crop lies outside the
image is black; there the crop is cut to the image.
"""

import numpy as np

from npkpose.image.opencv import crop_opencv
from npkpose.models.exported.network import INPUT, Exported
from npkpose.models.exported.recipe import IMAGENET, Recipe
from npkpose.skeletons import find

POINTS, STRIDE, FACTOR = 66, 8, 16.0
SMALLEST = 1e-7  # of an offset: beyond, the logarithm has no end
MARGINS = np.array([0.1, 0.125])  # on each side, as shares of the box's width and height
PADDING = 1.25  # of the recipe, which stands for these margins; 1 is none


class OpenSeeFace(Exported):
    """66 points of a face in its box."""

    finds = "keypoints"
    uses = "skeleton", *INPUT, "padding"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        H, W = about.size
        shape = (3 * POINTS, H // STRIDE, W // STRIDE)
        if [each[1:] for each in about.shapes] == [shape]:
            return f"one output of 3 x {POINTS} maps, 1/{STRIDE} of the input"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing."""
        plan = find("OPENSEEFACE_66")
        return Recipe(plan, about.size, mean=IMAGENET[0], std=IMAGENET[1], padding=PADDING)

    def matrices(self, boxes, points, padding):
        """Return the matrices (P, 2, 3) from crops to the image of boxes (P, 4).

        ``points`` of a detector are not used.
        """
        start, sides = np.trunc(boxes[:, :2]), np.trunc(boxes[:, 2:] - boxes[:, :2])
        grow = np.trunc(MARGINS * (padding - 1) / (PADDING - 1) * sides)
        matrices = np.zeros((len(boxes), 2, 3))
        matrices[:, :, 2] = start - grow
        matrices[:, [0, 1], [0, 1]] = np.maximum(sides + 2 * grow, 1) / self.recipe.size[::-1]
        return matrices

    def crop(self, image, matrix):
        """Return the crop of an image; outside of it is black."""
        return crop_opencv(image, matrix, self.recipe.size)

    def locate(self, crops):
        """Return keypoints (P, 66, 2) in pixels of crops (P, H, W, 3), uint8 RGB, and scores."""
        (answers,) = self.run(crops)
        h, w = answers.shape[2:]
        maps = answers.astype(np.float64).reshape(len(answers), 3, POINTS, h * w)
        best = maps[:, 0].argmax(axis=2)
        values = np.take_along_axis(maps, best[:, None, :, None], axis=3)[..., 0]  # (P, 3, 66)
        shares = values[:, 2:0:-1].clip(SMALLEST, 1 - SMALLEST)  # x, then y
        offsets = np.log(shares / (1 - shares)) / FACTOR
        cells = np.stack([best % w / (w - 1), best // w / (h - 1)], axis=1)
        sides = np.array(self.recipe.size[::-1])[:, None] - 1
        return (sides * (cells + offsets)).swapaxes(1, 2), values[:, 0]
