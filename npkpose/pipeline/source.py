"""What a pipeline accepts: a network, and images as paths or arrays, one or several."""

import os

import numpy as np

from npkpose._check import shown
from npkpose.image.files import check_image, read_image


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
