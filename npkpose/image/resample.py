"""Resizing a signal as a matrix product: y = A x. A resized image is A_h X A_w^T.

Row i of A holds the weights that make output pixel i from the input pixels. With
s = n_in / n_out input pixels per output pixel and [.] clamping to [0, n_in - 1]:

    nearest         pixel [floor(s i)], PyTorch's rule
    bilinear        linear interpolation at [s (i + 1/2) - 1/2]: half-pixel centres
    align_corners   linear interpolation at i (n_in - 1) / (n_out - 1): ends meet ends
    tf1             linear interpolation at [s i]: TensorFlow 1's ResizeBilinear
    bicubic         cubic convolution at s (i + 1/2) - 1/2; a pixel j outside is pixel [j]
    area            the mean over [s i, s (i + 1)], where pixel j extends from j to j + 1

Cubic convolution weights the four nearest pixels by their distances t,

    k(t) = (a + 2) t^3 - (a + 3) t^2 + 1         t <= 1
           a t^3 - 5 a t^2 + 8 a t - 4 a         1 < t < 2

with a = -3/4, as in OpenCV and PyTorch (Keys, "Cubic Convolution Interpolation for Digital Image
Processing", IEEE TASSP 1981, has -1/2). It overshoots at edges: a weight may be negative.

Every row sums to 1. A resize is linear, so its gradient is A^T.
"""

import numpy as np

from npkpose._check import check_choice, check_integer, check_number

METHODS = ("nearest", "bilinear", "align_corners", "tf1", "bicubic", "area")

_CUBIC = -0.75  # a


def resize_matrix(n_in, n_out, method="bilinear", scale=None):
    """Return the weights (n_out, n_in) that resize a signal of ``n_in`` pixels.

    Parameters
    ----------
    n_in, n_out : int, at least 1
    method : one of METHODS
    scale : float, optional
        Input pixels per output pixel; default n_in / n_out. ``"align_corners"`` and
        ``"area"`` do not use it.

    Returns
    -------
    weights : ndarray, shape (n_out, n_in)

    Raises
    ------
    ValueError
        A length below 1, an unknown method, or a scale that is not positive.
    """
    n_in = check_integer("n_in", n_in, 1)
    n_out = check_integer("n_out", n_out, 1)
    check_choice("method", method, METHODS)
    scale = n_in / n_out if scale is None else check_number("scale", scale, above=0.0)
    i = np.arange(n_out)
    if method == "nearest":  # in float32, as PyTorch rounds it
        source = np.floor(i.astype(np.float32) * np.float32(scale))
    elif method == "bicubic":
        return _cubic(scale * (i + 0.5) - 0.5, n_in)
    elif method == "bilinear":
        source = scale * (i + 0.5) - 0.5
    elif method == "align_corners":
        source = i * ((n_in - 1) / max(n_out - 1, 1))
    elif method == "tf1":
        source = scale * i
    else:
        return _area(n_in, n_out)
    return _tent(source.clip(0, n_in - 1), n_in)


def _tent(source, n_in):
    """Return the weights of linear interpolation at ``source``: tents of half-width 1."""
    distance = abs(source[:, None] - np.arange(n_in))  # (n_out, n_in)
    return np.maximum(0.0, 1.0 - distance)


def _cubic(source, n_in):
    """Return the weights of cubic convolution at ``source``; pixels outside repeat the last one."""
    a, first = _CUBIC, np.floor(source).astype(int) - 1
    weights = np.zeros((len(source), n_in))
    for j in range(4):
        t = abs(source - (first + j))
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        pixel = np.clip(first + j, 0, n_in - 1)
        weights[np.arange(len(source)), pixel] += np.where(t <= 1, near, far)
    return weights


def _area(n_in, n_out):
    """Return the share of output pixel i that lies on input pixel j."""
    edges = np.arange(n_out + 1)[:, None] * (n_in / n_out)
    j = np.arange(n_in)
    overlap = np.minimum(edges[1:], j + 1) - np.maximum(edges[:-1], j)  # (n_out, n_in)
    return np.maximum(overlap, 0.0) * (n_out / n_in)
