"""The weights that resize a signal: y_i = sum_t w[i, t] x[first[i] + t]. An image: each axis so.

Output pixel i has T weights w[i, t], for input pixel first[i] and those after it. With
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

T is 2, 4 for "bicubic", and at most s + 2 for "area": time and memory are linear in n_in + n_out.
The weights of i add up to 1. A resize is linear, y = A x, so its gradient is A^T.
"""

import numpy as np

from npkpose._check import MAX_SIDE, check_choice, check_integer, check_memory, check_number

METHODS = ("nearest", "bilinear", "align_corners", "tf1", "bicubic", "area")

_CUBIC = -0.75  # a


def resize_weights(n_in, n_out, method="bilinear", scale=None):
    """Return (first, weights) that resize a signal of ``n_in`` pixels.

    Parameters
    ----------
    n_in, n_out : int, from 1 to a million
    method : one of METHODS
    scale : float, optional
        Input pixels per output pixel; default n_in / n_out. ``"align_corners"`` and
        ``"area"`` do not use it.

    Returns
    -------
    first : ndarray of int, shape (n_out,)
        The first input pixel of each output pixel; ``first[i] + T`` is at most ``n_in``.
    weights : ndarray, shape (n_out, T)

    Raises
    ------
    ValueError
        A length outside 1 to a million, an unknown method, or a scale that is not positive or above
        a million.
    """
    n_in = check_integer("n_in", n_in, 1, MAX_SIDE)
    n_out = check_integer("n_out", n_out, 1, MAX_SIDE)
    check_choice("method", method, METHODS)
    scale = n_in / n_out if scale is None else scale
    scale = check_number("scale", scale, above=0.0, at_most=MAX_SIDE)
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


def resize_matrix(n_in, n_out, method="bilinear", scale=None):
    """Return the matrix A (n_out, n_in) of a resize, for short signals: see `resize_weights`."""
    first, weights = resize_weights(n_in, n_out, method, scale)
    with check_memory("n_out"):
        matrix = np.zeros((n_out, n_in))
    columns = first[:, None] + np.arange(weights.shape[1])
    np.put_along_axis(matrix, columns, weights, axis=1)
    return matrix


def _first(pixels, count, n_in):
    """Return ``pixels`` as ints, moved so that ``count`` pixels from each are inside."""
    return pixels.clip(0, n_in - count).astype(np.intp)


def _tent(source, n_in):
    """Return the weights of linear interpolation at ``source``: tents of half-width 1."""
    count = min(2, n_in)
    first = _first(np.floor(source), count, n_in)
    distance = abs(source[:, None] - (first[:, None] + np.arange(count)))  # (n_out, 2)
    return first, np.maximum(0.0, 1.0 - distance)


def _cubic(source, n_in):
    """Return the weights of cubic convolution at ``source``; pixels outside repeat the last one."""
    a, nearest, count = _CUBIC, np.floor(source).astype(np.intp) - 1, min(4, n_in)
    first = _first(nearest, count, n_in)
    weights = np.zeros((len(source), count))
    for j in range(4):
        t = abs(source - (nearest + j))
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        pixel = np.clip(nearest + j, 0, n_in - 1)
        weights[np.arange(len(source)), pixel - first] += np.where(t <= 1, near, far)
    return first, weights


def _area(n_in, n_out):
    """Return the share of output pixel i that lies on each input pixel."""
    edges = np.arange(n_out + 1) * (n_in / n_out)
    first = np.floor(edges[:-1])
    count = min(int((np.ceil(edges[1:]) - first).max()), n_in)
    first = _first(first, count, n_in)
    j = first[:, None] + np.arange(count)  # (n_out, T)
    overlap = np.minimum(edges[1:, None], j + 1) - np.maximum(edges[:-1, None], j)
    return first, np.maximum(overlap, 0.0) * (n_out / n_in)
