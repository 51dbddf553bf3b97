"""What a pipeline accepts: a network, images as paths or arrays, one or several; and their size."""

import math
import os

import numpy as np

from npkpose._check import shown
from npkpose.image.files import check_image, read_image

MAX_PIXELS = 32_000_000  # of an input: a network needs some hundred bytes for each
MAX_ASPECT = 16  # of an image that is enlarged to the whole height


def check_network(model, names):
    """Return ``model`` in evaluation mode; ValueError if it lacks one of the attributes."""
    for name in ("eval", *names):
        if isinstance(model, type) or not hasattr(model, name):
            raise ValueError(f"model: expected a network with {name}, got {shown(model)}")
    return model.eval()


def is_batch(image):
    """Return whether ``image`` is several images: a list, a tuple, or an array (N, H, W, 3)."""
    return isinstance(image, (list, tuple)) or isinstance(image, np.ndarray) and image.ndim == 4


def load_image(image):
    """Return the image of a path or an array as (H, W, 3) uint8 RGB, or raise ValueError."""
    if isinstance(image, (str, os.PathLike)):
        return read_image(image)
    return check_image("image", image)


def per_image(name, values, count):
    """Return ``values`` as a list with one item for each of ``count`` images; None gives Nones."""
    if values is None:
        return [None] * count
    length = len(values) if hasattr(values, "__len__") else shown(values)
    if length != count:
        raise ValueError(f"{name}: expected an item for each of {count} images, got {length}")
    return list(values)


def input_size(model, shape, height):
    """Return (H, W) of a network's input for an image of ``shape``, multiples of its
    ``size_multiple``.

    The input has about this ``height``, or with the network's ``short_side`` a shorter side of
    that length, and the image's aspect ratio.
    """
    multiple = model.size_multiple
    given = min(shape[:2]) if getattr(model, "short_side", False) else shape[0]
    factor = height / given
    most = MAX_ASPECT * height**2  # pixels: 3000 x 20 are enlarged less
    if factor > 1 and shape[0] * shape[1] * factor**2 > most:
        factor = max(math.sqrt(most / (shape[0] * shape[1])), 1.0)
    sides = (factor * side for side in shape[:2])
    size = tuple(max(round(side / multiple), 1) * multiple for side in sides)
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(
            f"image: expected sides that give an input of at most {MAX_PIXELS:,} pixels, "
            f"got {shape[1]} x {shape[0]} and thus {size[1]} x {size[0]}"
        )
    return size
