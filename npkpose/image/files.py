"""Image files: reading and writing (H, W, 3) RGB in 0..255."""

import numpy as np

from npkpose._check import check_array
from npkpose._extras import require_pillow


def read_image(path):
    """Return a picture file as (H, W, 3) uint8 RGB, turned upright by its EXIF orientation.

    Raises ImportError without Pillow (the ``examples`` extra), FileNotFoundError, or
    ValueError for a file that is not a picture.
    """
    pillow = require_pillow()
    from PIL import ImageOps

    try:
        with pillow.open(path) as picture:
            return np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileNotFoundError:
        raise
    except OSError as error:  # Pillow's "cannot identify image file" and truncated data
        raise ValueError(f"path: expected a picture, got {path}: {error}") from None


def write_image(path, image):
    """Write (H, W, 3) uint8 RGB to a picture file of the suffix's format."""
    image = check_array("image", image, ("H", "W", 3), np.uint8)
    require_pillow().fromarray(image).save(path)
