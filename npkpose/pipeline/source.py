"""What a pipeline takes for a picture: a path or an array, one or several."""

import os

import numpy as np

from npkpose.image.files import read_image


def is_batch(image):
    """Return whether ``image`` is several pictures: a list, a tuple, or an array (N, H, W, 3)."""
    return isinstance(image, (list, tuple)) or isinstance(image, np.ndarray) and image.ndim == 4


def read_picture(image):
    """Return a path's or an array's picture as (H, W, 3) uint8 RGB, or raise ValueError."""
    image = read_image(image) if isinstance(image, (str, os.PathLike)) else np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            f"image: expected shape (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
        )
    return image


def per_picture(name, values, count):
    """Return ``values`` as a list, an item for each of ``count`` pictures; None is for all."""
    if values is None:
        return [None] * count
    got = len(values)
    if got != count:
        raise ValueError(f"{name}: expected an item for each of {count} pictures, got {got}")
    return list(values)
