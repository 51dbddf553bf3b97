"""What a pipeline accepts as an image: a path or an array, one or several."""

import os

import numpy as np

from npkpose.image.files import read_image


def is_batch(image):
    """Return whether ``image`` is several images: a list, a tuple, or an array (N, H, W, 3)."""
    return isinstance(image, (list, tuple)) or isinstance(image, np.ndarray) and image.ndim == 4


def load_image(image):
    """Return the image of a path or an array as (H, W, 3) uint8 RGB, or raise ValueError."""
    image = read_image(image) if isinstance(image, (str, os.PathLike)) else np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            f"image: expected shape (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
        )
    return image


def per_image(name, values, count):
    """Return ``values`` as a list with one item for each of ``count`` images; None gives Nones."""
    if values is None:
        return [None] * count
    if len(values) != count:
        raise ValueError(
            f"{name}: expected an item for each of {count} images, got {len(values)}"
        )
    return list(values)
