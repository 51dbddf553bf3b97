"""An image at another size.

Resizing treats an image as pixel areas (the "centre" convention of `npkpose.grid`): output
pixel i covers the input from s i to s (i + 1), s = n_in / n_out. Enlarging interpolates
linearly between pixel centres; shrinking takes the mean over each output pixel's area, so there
is no aliasing.
"""

import numpy as np

from npkpose._check import check_choice, check_size, real_array
from npkpose.image.resample import resize_matrix


def resize(image, size, method="auto"):
    """Return the image at another size.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        uint8 gives uint8, rounded and clipped; other real numbers give float32.
    size : int or (H, W)
    method : "auto", "bilinear", "area" or "nearest"
        "auto" is "area" along an axis that shrinks and "bilinear" along one that grows.

    Raises
    ------
    ValueError
        Wrong shape, an empty image, a size below 1 or an unknown method.
    """
    image = real_array("image", image)
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"image: expected shape (H, W) or (H, W, C), got {image.shape}")
    check_choice("method", method, ("auto", "bilinear", "area", "nearest"))
    resized = image.astype(np.float32).reshape(*image.shape[:2], -1)  # (H, W, C)
    for axis, n_out in enumerate(check_size("size", size)):
        n_in = image.shape[axis]
        auto = "area" if n_out < n_in else "bilinear"
        weights = resize_matrix(n_in, n_out, auto if method == "auto" else method)
        resized = np.tensordot(weights.astype(np.float32), resized, (1, axis))
        resized = np.moveaxis(resized, 0, axis)
    if image.dtype == np.uint8:
        resized = np.clip(np.rint(resized), 0, 255).astype(np.uint8)
    return resized.reshape(*resized.shape[:2], *image.shape[2:])
