"""Image files: reading and writing (H, W, 3) RGB in 0..255."""

import numpy as np

from npkpose._check import check_array
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
    image = check_array("image", image, ("H", "W", 3), np.uint8)
    require_pillow().fromarray(image).save(path)
