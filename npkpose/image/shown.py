"""Arrays as pictures in a notebook: `show` gives an object that the notebook displays."""

import io
import math

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import check_array, real_array
from npkpose._extras import require_pillow
from npkpose.image.files import check_image
from npkpose.image.palettes import map_colours

SMALLEST = 256  # pixels of the longer side of a picture: smaller arrays are enlarged
GAP = 1  # map pixels between two heatmaps


class Shown:
    """A picture (H, W, 3) or (H, W, 4), uint8, that a notebook displays."""

    def __init__(self, image):
        self.image = image

    def __repr__(self):
        return f"Shown({self.image.shape[1]} x {self.image.shape[0]} pixels)"

    def _repr_png_(self):
        """Return the picture as a PNG file; ImportError without Pillow."""
        file = io.BytesIO()
        require_pillow().fromarray(self.image).save(file, "PNG")
        return file.getvalue()


def show(array: ArrayLike) -> Shown:
    """Return a picture of an array that a notebook displays.

    Parameters
    ----------
    array : array_like
        An image (H, W, 3) or (H, W, 4) of uint8. Or heatmaps (h, w) or (K, h, w) of any real type:
        side by side, in the colours of plasma from 0 to the largest value, dark purple where they
        are not finite.

    Returns
    -------
    shown : Shown
        Its ``image`` is the picture. Pixels of small arrays are enlarged to squares, so that the
        picture has about 256 pixels or more.

    Raises
    ------
    ValueError
        Another shape, or an empty array.
    """
    array = real_array("array", array)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] in (3, 4):
        image = check_image("array", array, array.shape[2])
    else:
        image = _coloured(_side_by_side(array))
    times = max(math.ceil(SMALLEST / max(image.shape[:2])), 1)
    return Shown(np.ascontiguousarray(image.repeat(times, axis=0).repeat(times, axis=1)))


def _side_by_side(maps):
    """Return maps (K, h, w) or (h, w) as one, NaN between them."""
    maps = maps[None] if maps.ndim == 2 else maps
    maps = check_array("array", maps, ("K", "h", "w"), finite=False)
    if maps.size == 0:
        raise ValueError(f"array: expected at least one pixel, got shape {maps.shape}")
    count, high, wide = maps.shape
    columns = min(max(round(math.sqrt(count * high / wide)), 1), count)
    rows = math.ceil(count / columns)
    out = np.full((rows * (high + GAP) - GAP, columns * (wide + GAP) - GAP), np.nan)
    for k, each in enumerate(maps):
        y, x = k // columns * (high + GAP), k % columns * (wide + GAP)
        out[y : y + high, x : x + wide] = np.where(np.isfinite(each), each, -np.inf)
    return out


def _coloured(values):
    """Return the colours (H, W, 3) of values; white where they are NaN."""
    highest = max(values[np.isfinite(values)].max(initial=0.0), np.finfo(float).tiny)
    shares = np.where(np.isfinite(values), values, 0.0).clip(0, None) / highest
    colours = map_colours(shares)
    colours[np.isnan(values)] = 255
    return np.rint(colours).astype(np.uint8)
