"""Image files: reading and writing (H, W, 3) RGB in 0..255.

Of samples of 16 bits, the higher 8 are read. A format that does not say which value is white (TIFF
of 32-bit integers or floats) is read by its largest value: white is 1 (floats only), 255 or 65,535.

A few bytes can declare any size, so the pixels of an image have a budget: 10 million, which a black
frame of 4K needs, and 1,000 more for each byte of the file, the most that PNG and JPEG compress.
"""

import io

import numpy as np

from npkpose._check import real_array
from npkpose._extras import require_pillow
from npkpose.weights.identify import what_is

# Photographs, and no format that is a program or calls one, as PostScript does. HEIF: a plugin's.
FORMATS = "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF"
SIXTEEN_BITS = "PNG", "PPM"  # formats whose integers of Pillow's mode "I" have 16 bits
MAX_PIXELS, MAX_PIXELS_PER_BYTE = 10_000_000, 1000
LARGE = 4_000_000  # pixels of an image that is written quickly, though its file is a third larger
BAND = 64  # rows that are scaled to 8 bits at a time


def read_image(path):
    """Return an image file as (H, W, 3) uint8 RGB, rotated upright by its EXIF orientation.

    Raises
    ------
    ValueError
        A file that is not an image of one of the `FORMATS`, is damaged, has more pixels than its
        bytes can hold or Pillow allows (`PIL.Image.MAX_IMAGE_PIXELS`, twice), or has values of no
        known range.
    OSError
        The file cannot be opened.
    ImportError
        Without Pillow (the ``examples`` extra).
    """
    pillow = require_pillow()
    pillow.init()
    formats = [name for name in FORMATS if name in pillow.OPEN]
    with open(path, "rb") as file:
        content = file.read()  # a file on disk would set aside as many bytes as a chunk declares
    try:
        with pillow.open(io.BytesIO(content), formats=formats) as image:
            _check_size(image.size, len(content))
            return _to_rgb(_upright(image))
    except pillow.UnidentifiedImageError:
        known = ", ".join(FORMATS)
        got = what_is(path)
        raise ValueError(f"{path}: expected an image ({known}), got {got}") from None
    except MemoryError:
        raise
    except Exception as error:  # of damaged files, Pillow's readers raise almost anything
        raise ValueError(f"{path}: expected an image, got {error}") from None


def _check_size(size, length):
    """Raise ValueError if an image of this size (W, H) is too large for a file of that length."""
    width, height = size
    if width * height > MAX_PIXELS + MAX_PIXELS_PER_BYTE * length:
        raise ValueError(f"{width} x {height} pixels in {length} bytes")


def _upright(image):
    """Return Pillow's image, loaded and rotated as its EXIF data say, if they can be read."""
    from PIL import ImageOps

    image.load()
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # damaged EXIF data: the pixels are whole
        pass
    return image


def _to_rgb(image):
    """Return Pillow's image as an array (H, W, 3) of uint8."""
    if image.mode.startswith(("I", "F")):
        sixteen_bits = image.mode.startswith("I") and (
            image.mode != "I" or image.format in SIXTEEN_BITS
        )
        return _to_8_bits(np.asarray(image), 65535 if sixteen_bits else None)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _to_8_bits(grey, white):
    """Return grey values as (H, W, 3) uint8; ``white`` is white's value, by default see above."""
    if white is None:
        white = _white_value(grey)
    rgb = np.empty((*grey.shape, 3), np.uint8)
    for rows in (slice(y, y + BAND) for y in range(0, len(grey), BAND)):
        if white == 65535:
            rgb[rows] = (grey[rows] // 256)[..., None]
        else:
            rgb[rows] = np.rint(grey[rows] * (255 / white))[..., None]
    return rgb


def _white_value(grey):
    """Return the value of white that the range of ``grey`` suggests, or raise ValueError."""
    low, high = grey.min(), grey.max()
    whites = [white for white in (1, 255, 65535) if high <= white]
    if not (low >= 0 and whites):  # NaN is neither
        raise ValueError(f"values from {low:g} to {high:g}: expected 0 to 1, 255 or 65535")
    return whites[0] if grey.dtype.kind == "f" else max(whites[0], 255)


def write_image(path, image):
    """Write (H, W, 3) uint8 RGB, or (H, W, 4) RGBA, to an image file.

    The suffix gives the format. Raises OSError for RGBA in a format without transparency.
    """
    has_opacity = np.ndim(image) == 3 and np.shape(image)[2] == 4
    image = check_image("image", image, 4 if has_opacity else 3)
    large = image.shape[0] * image.shape[1] > LARGE
    options = {"compress_level": 1} if large else {}  # of PNG: 3.5 times as fast
    require_pillow().fromarray(image).save(path, **options)


def check_image(name, image, channels=3):
    """Return ``image`` as an array (H, W, channels) of uint8, or raise ValueError.

    Other dtypes are not converted: 0.5 may be grey or almost black.
    """
    array = real_array(name, image)
    fits = array.ndim == 3 and array.shape[2] == channels and array.size > 0
    if not fits or array.dtype != np.uint8:
        got = f"{array.shape} of {array.dtype}"
        raise ValueError(f"{name}: expected shape (H, W, {channels}) of uint8, got {got}")
    return array
