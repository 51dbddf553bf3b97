"""MoveNet SinglePose, Lightning and Thunder: (y, x, score) of 17 keypoints, as shares of the input.

The network is trained on squares: an image with black beside it, or a square around a person. With
a detector, the square is the longer side of the box times 1.25, in whole pixels, resized as OpenCV
does: a network of 192 pixels answers differently after half a pixel, or one of 255 levels. A
coordinate is a share of the square times its side, as in TensorFlow's examples.
"""

import numpy as np

from npkpose.image.opencv import crop_opencv
from npkpose.models.exported.network import INPUT, Exported
from npkpose.models.exported.recipe import Recipe
from npkpose.skeletons import COCO_17


class MoveNet(Exported):
    """Coordinates of one person in a square."""

    finds = "keypoints"
    uses = "skeleton", *INPUT, "padding"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        return "one output (1, 1, 17, 3)" if about.shapes == [(1, 1, 17, 3)] else None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: pixels from 0 to 255."""
        return Recipe(COCO_17, about.size, about.layout)

    def matrices(self, boxes, points, padding):
        """Return the matrices (P, 2, 3) from crops to the image of boxes (P, 4).

        ``points`` of a detector are not used.
        """
        sides = padding * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        matrices = np.zeros((len(boxes), 2, 3))
        matrices[:, :, 2] = np.trunc((boxes[:, :2] + boxes[:, 2:] - sides[:, None]) / 2)
        steps = np.maximum(np.trunc(sides), 1)[:, None] / self.recipe.size[::-1]
        matrices[:, [0, 1], [0, 1]] = steps
        return matrices

    def crop(self, image, matrix):
        """Return the crop of an image; outside of it is black."""
        return crop_opencv(image, matrix, self.recipe.size)

    def locate(self, crops):
        """Return keypoints (P, 17, 2) in pixels of crops (P, H, W, 3), uint8 RGB, and scores."""
        (answers,) = self.run(crops)
        points = answers[:, 0, :, 1::-1] * np.array(self.recipe.size[::-1])
        return points.astype(np.float64), answers[:, 0, :, 2].astype(np.float64)
