"""An image through an affine map, with bilinear interpolation.

    out[y, x] = image at (x', y'),    (x', y') = matrix (x, y, 1)

The matrix maps output pixels to input pixels, so each output pixel is computed once. A point
between four pixels gets their mean, weighted linearly by distance; outside the image is black. This
is cv2.warpAffine with WARP_INVERSE_MAP as OpenCV 5 computes it, to 1 in 255. OpenCV before version
5 rounds x' and y' to 1/32 pixel, and 1/64 pixel of a hard edge is 4 in 255. ``opencv4`` does the
same roundings in the same order.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_flag, check_memory, check_size, real_array
from npkpose._jit import helper, kernel


def warp_affine(
    image: ArrayLike, matrix: ArrayLike, size: int | tuple[int, int], *, opencv4: bool = False,
) -> NDArray:  # fmt: skip
    """Return the image seen through ``matrix``.

    Parameters
    ----------
    image : array_like, shape (H, W, C), dtype uint8
    matrix : array_like, shape (2, 3)
        From output pixels (x, y, 1) to input pixels (x, y).
    size : int or (height, width)
        Of the output.
    opencv4 : bool
        Round coordinates as OpenCV did before version 5.

    Returns
    -------
    out : ndarray, shape (height, width, C), dtype uint8

    Raises
    ------
    ValueError
        Wrong shape, another dtype, a size below 1, or a matrix that is not finite.
    """
    image = real_array("image", image)
    if image.ndim != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image: expected shape (H, W, C) of uint8, got {image.shape} of {image.dtype}"
        )
    matrix = check_array("matrix", matrix, (2, 3))
    height, width = check_size("size", size)
    check_flag("opencv4", opencv4)
    with check_memory("size"):
        out = np.empty((height, width, image.shape[2]), np.uint8)
    warp_pixels(np.require(image, requirements=["C", "W"]), matrix, bool(opencv4), out)
    return out


@kernel
def warp_pixels(image, matrix, opencv4, out):
    """Fill ``out`` (h, w, C) from ``image`` (H, W, C)."""
    for y in range(out.shape[0]):
        left_x = matrix[0, 1] * y + matrix[0, 2]
        left_y = matrix[1, 1] * y + matrix[1, 2]
        for x in range(out.shape[1]):
            if opencv4:
                source_x = _round_to_32nds(matrix[0, 0] * x, left_x)
                source_y = _round_to_32nds(matrix[1, 0] * x, left_y)
            else:
                source_x, source_y = matrix[0, 0] * x + left_x, matrix[1, 0] * x + left_y
            _interpolate(image, source_x, source_y, out[y, x])


@helper
def _round_to_32nds(a, b):
    """Return a + b, each rounded to 1/1024 and the sum to 1/32, halves upwards."""
    return np.floor((np.rint(1024 * a) + np.rint(1024 * b) + 16) / 32) / 32


@helper
def _interpolate(image, x, y, out):
    """Fill ``out`` (C,) with the image's colour at (x, y)."""
    H, W, C = image.shape
    out[:] = 0
    if not (-1 < x < W and -1 < y < H):
        return
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    right, below = x - x0, y - y0
    for c in range(C):
        value = 0.0
        for j in range(2):
            for i in range(2):
                if 0 <= y0 + j < H and 0 <= x0 + i < W:
                    weight_x = right if i else 1 - right
                    weight_y = below if j else 1 - below
                    value += weight_x * weight_y * image[y0 + j, x0 + i, c]
        out[c] = int(value + 0.5)
