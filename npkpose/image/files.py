"""Image files: reading and writing (H, W, 3) RGB in 0..255."""

import numpy as np

from npkpose._check import real_array
from npkpose._extras import require_pillow


def read_image(path):
    """Return an image file as (H, W, 3) uint8 RGB, rotated upright by its EXIF orientation.

    Raises ImportError without Pillow (the ``examples`` extra), FileNotFoundError, or
    ValueError for a file that is not an image.
    """
    pillow = require_pillow()
    from PIL import ImageOps

    try:
        with pillow.open(path) as image:
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError:
        raise
    except OSError as error:  # Pillow's "cannot identify image file" and truncated data
        raise ValueError(f"path: expected an image, got {path}: {error}") from None


def write_image(path, image):
    """Write (H, W, 3) uint8 RGB to an image file; the suffix gives the format."""
    require_pillow().fromarray(check_image("image", image)).save(path)


def check_image(name, image):
    """Return ``image`` as an array (H, W, 3) of uint8, or raise ValueError.

    Other dtypes are not converted: 0.5 may be grey or almost black.
    """
    array = real_array(name, image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or array.size == 0:
        raise ValueError(
            f"{name}: expected shape (H, W, 3) of uint8, got {array.shape} of {array.dtype}"
        )
    return array
