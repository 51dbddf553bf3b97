"""An image at another size.

Resizing treats an image as pixel areas (the "centre" convention of `npkpose.grid`): output
pixel i covers the input from s i to s (i + 1), s = n_in / n_out. Enlarging interpolates
linearly between pixel centres; shrinking takes the mean over each output pixel's area, so no
detail aliases.
"""

import numpy as np

from npkpose._check import check_choice, check_size, real_array
from npkpose.image.resample import resize_matrix


def resize(image, size, method="auto"):
    """Return the picture at another size.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        uint8, whose result is rounded and clipped to uint8, or other real numbers, which
        give float32.
    size : int or (H, W)
    method : "auto", "bilinear", "area" or "nearest"
        "auto" is "area" along an axis that shrinks and "bilinear" along one that grows.

    Raises
    ------
    ValueError
        Wrong shape, an empty picture, a size below 1 or an unknown method.
    """
    image = real_array("image", image)
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"image: expected shape (H, W) or (H, W, C), got {image.shape}")
    check_choice("method", method, ("auto", "bilinear", "area", "nearest"))
    resized = image.astype(np.float32).reshape(*image.shape[:2], -1)  # (H, W, C)
    for axis, length in enumerate(check_size("size", size)):
        before = image.shape[axis]
        how = method if method != "auto" else "area" if length < before else "bilinear"
        weights = resize_matrix(before, length, how).astype(np.float32)
        resized = np.moveaxis(np.tensordot(weights, resized, (1, axis)), 0, axis)
    if image.dtype == np.uint8:
        resized = np.clip(np.rint(resized), 0, 255).astype(np.uint8)
    return resized.reshape(*resized.shape[:2], *image.shape[2:])
