"""How an image lies in the input of a bottom-up network.

    stretched    each side is scaled by itself, to the nearest multiple that the network accepts
    padded       one factor f scales both sides; they are centred in sides that are rounded up:
                 image = (input - (N - 1) / 2) / f + (n - 1) / 2

n and N are the lengths of an axis in the image and in the input. Padded is how HigherHRNet's scores
were measured. f is height / short side or, if the corners' pixel centres coincide ("corner", UDP),
(height - 1) / (short side - 1).
"""

from typing import NamedTuple

import numpy as np

from npkpose.grid import Grid
from npkpose.image.resize import resize
from npkpose.image.warp import warp_affine

MAX_ASPECT = 16  # an image that is longer is stretched, since padding it would be costly


class Stretched(NamedTuple):
    """An image of ``shape`` (height, width) in an input of ``size``."""

    shape: tuple
    size: tuple

    def to_input(self, image):
        """Return the image (H, W, 3) at the input's size."""
        return resize(image, self.size)

    def to_image(self, points):
        """Return points (..., 2) of the input in image pixels."""
        (h, w), (H, W) = self.shape, self.size
        return Grid((w / W, h / H), "centre").to_image(points)


class Padded(NamedTuple):
    """The same, with one ``factor`` for both axes, and black beside the image."""

    shape: tuple
    size: tuple
    factor: float

    def to_input(self, image):
        """Return the image (H, W, 3) in the middle of the input."""
        scale = 1 / self.factor
        x, y = self.to_image(np.zeros(2))
        return warp_affine(image, [[scale, 0, x], [0, scale, y]], self.size)

    def to_image(self, points):
        """Return points (..., 2) of the input in image pixels."""
        middle_input, middle_image = (
            (np.array(sides[::-1]) - 1) / 2 for sides in (self.size, self.shape)
        )
        return (points - middle_input) / self.factor + middle_image


def pad(shape, height, multiple, convention):
    """Return the `Padded` of an image, ``height`` being its shorter side's in the input.

    A part of a pixel at the end of a side is cut off, as published.
    """
    short = min(shape)
    factor = (height - 1) / (short - 1) if convention == "corner" else height / short
    sides = (int(side * height / short + 1e-6) for side in shape)
    return Padded(tuple(shape), tuple(-(-side // multiple) * multiple for side in sides), factor)


def can_pad(shape):
    """Return whether an image has a shape that `pad` accepts."""
    return min(shape) >= 2 and max(shape) <= MAX_ASPECT * min(shape)

