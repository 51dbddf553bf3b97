"""Twin of `npkpose.image.resize`: weights as the overlap of pixels, in a matrix for each axis."""

import numpy as np


def resize(image, size, shrink="auto"):
    """Return the image at the size (H, W); ``shrink`` is the method "auto" or "area"."""
    resized = image.astype(float)
    for axis in (0, 1):
        n_in, n_out = image.shape[axis], size[axis]
        shrinks = shrink == "area" or n_out < n_in
        weights = _area(n_in, n_out) if shrinks else _bilinear(n_in, n_out)
        resized = np.moveaxis(np.tensordot(weights, resized, (1, axis)), 0, axis)
    return np.floor(resized + 0.5).astype(np.uint8) if image.dtype == np.uint8 else resized


def _area(n_in, n_out):
    """Return how much of each output pixel's area is in each input pixel: (n_out, n_in)."""
    start = np.arange(n_out)[:, None] * n_in / n_out
    pixel = np.arange(n_in)
    overlap = np.minimum(start + n_in / n_out, pixel + 1) - np.maximum(start, pixel)
    return overlap.clip(0) * n_out / n_in


def _bilinear(n_in, n_out):
    """Return linear weights of the input pixels around each output pixel's centre."""
    source = ((np.arange(n_out) + 0.5) * n_in / n_out - 0.5).clip(0, n_in - 1)
    return np.maximum(0, 1 - abs(source[:, None] - np.arange(n_in)))
