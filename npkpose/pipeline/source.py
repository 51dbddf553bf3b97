"""What a pipeline accepts as an image: a path or an array, one or several."""

import os

import numpy as np

from npkpose.image.files import check_image, read_image


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
    if len(values) != count:
        raise ValueError(
            f"{name}: expected an item for each of {count} images, got {len(values)}"
        )
    return list(values)
