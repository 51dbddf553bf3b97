"""An image at another size.

Resizing treats an image as pixel areas (the "centre" convention of `npkpose.grid`): output
pixel i covers the input from s i to s (i + 1), s = n_in / n_out. Enlarging interpolates
linearly between pixel centres; shrinking takes the mean over each output pixel's area, so there
is no aliasing.

Each axis is resized alone, the one that shrinks most first. Time and memory are linear in the
pixels of the larger of both images.
"""

import numpy as np

from npkpose._check import check_array, check_choice, check_memory, check_size, real_array
from npkpose._jit import kernel
from npkpose._numba import COMPILES
from npkpose.image.resample import resize_weights

BAND = 1 << 18  # numbers of a band of rows: it stays in the processor's cache


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
    size = check_size("size", size)
    resized = image
    if image.dtype != np.uint8:
        resized = check_array("image", image, image.shape, np.float32, finite=False)
    with check_memory("size"):
        for axis in sorted((0, 1), key=lambda axis: size[axis] / image.shape[axis]):
            resized = _resize_axis(resized, axis, size[axis], method)
    if image.dtype == np.uint8 and resized.dtype != np.uint8:
        np.rint(resized, out=resized)
        return resized.astype(np.uint8)  # weights are not negative, so within 0 to 255
    return resized.copy() if resized is image else resized


def _resize_axis(image, axis, n_out, method):
    """Return the image with ``n_out`` pixels along an axis, as float32 if that is a change."""
    n_in = image.shape[axis]
    if n_in == n_out:  # every method has the identity
        return image
    auto = "area" if n_out < n_in else "bilinear"
    first, weights = resize_weights(n_in, n_out, auto if method == "auto" else method)
    weights = weights.astype(np.float32)
    resized = np.empty((*image.shape[:axis], n_out, *image.shape[axis + 1 :]), np.float32)
    band = max(BAND // max(resized[0].size, 1), 1)
    for rows in (slice(y, y + band) for y in range(0, len(resized), band)):
        if axis == 0:
            _weigh(image, first[rows], weights[rows], 0, resized[rows])
        else:
            _weigh(image[rows], first, weights, 1, resized[rows])
    return resized


def _weigh(image, first, weights, axis, out):
    """Fill ``out``: y_i = sum_t w[i, t] x[first[i] + t] along an axis."""
    if not COMPILES:
        return _add_weighted(image, first, weights, axis, out)
    if axis == 0:
        low, high = int(first.min()), int(first.max()) + weights.shape[1]
        image = image[low:high].reshape(1, high - low, -1)
        first, out, weigh = first - low, out.reshape(1, len(out), -1), _weigh_rows
    else:
        image, out = (each.reshape(*each.shape[:2], -1) for each in (image, out))
        weigh = _weigh_pixels
    weigh(np.require(image, requirements=["C", "W"]), first, weights, out)


@kernel
def _weigh_rows(image, first, weights, out):
    """Fill ``out`` (1, i, B) from ``image`` (1, n, B), whose rows are long; uint8 or float32.

    Here and below terms are added in the order of t, each rounded to float32, as NumPy does.
    """
    for i in range(out.shape[1]):
        total = out[0, i]
        total[:] = 0
        for t in range(weights.shape[1]):
            row, weight = image[0, first[i] + t], weights[i, t]
            for b in range(len(row)):
                total[b] += weight * np.float32(row[b])


@kernel
def _weigh_pixels(image, first, weights, out):
    """Fill ``out`` (A, i, B) from ``image`` (A, n, B) of few colours B; uint8 or float32."""
    for a in range(out.shape[0]):
        for i in range(out.shape[1]):
            for b in range(out.shape[2]):
                total = np.float32(0)
                for t in range(weights.shape[1]):
                    total += weights[i, t] * np.float32(image[a, first[i] + t, b])
                out[a, i, b] = total


def _add_weighted(image, first, weights, axis, out):
    """Fill ``out``: y_i = sum_t w[i, t] x[first[i] + t] along an axis."""
    trailing = (1,) * (image.ndim - 1 - axis)
    out[:] = 0
    with np.errstate(invalid="ignore"):  # infinity times 0 is NaN
        for t in range(weights.shape[1]):
            out += weights[:, t].reshape(-1, *trailing) * np.take(image, first + t, axis)
