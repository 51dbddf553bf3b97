"""Matrix products by the register tile, one after the other or many at once.

    y[n,o,l] = sum_k w[n,o,k] x[n,k,l]

is a convolution with a kernel of one pixel: w is the weight, and row k of x a channel whose image
has one row of pixels (`npkpose.engine.conv_forward`). Only the pixels of a row must lie side by
side, so that transposed matrices are read where they are.
"""

from functools import lru_cache

import numpy as np

from npkpose.engine.conv_forward import Epilogue, Taps, sum_taps


def multiply(w, x, y, epilogue=Epilogue()):
    """Write to ``y`` (N, O, L) the products of ``w`` (N, O, K) and ``x`` (N, K, L); return it.

    The last axis of ``x`` is contiguous, the others and those of ``w`` and ``y`` have any strides.
    ``w`` may also be (O, K), the same for all. An epilogue has a number for each row o.
    """
    sum_taps(*of_matrices(w, x, y, epilogue))
    return y


def of_matrices(w, x, y, epilogue):
    """Return the arguments of `sum_taps` for what `multiply` does."""
    size = w.itemsize
    image = w.strides[0] // size if w.ndim == 3 else 0
    taps = one_pixel(w.strides[-2] // size, w.strides[-1] // size, image)
    residual = epilogue.residual
    if residual is not None:
        epilogue = epilogue._replace(residual=residual[:, :, None])
    return x[:, :, None], w, taps, y[:, :, None], epilogue


def of_sequences(w, x, y, epilogue):
    """Return the arguments of `sum_taps` that write to ``y`` (O, N, L) products of sequences.

    They are those of ``w`` (O, K) and each sequence of ``x`` (K, N, L). Rows of ``x`` follow each
    other; the last axis of ``y`` is contiguous, whose strides the residual has.
    """
    taps = one_pixel(w.strides[0] // w.itemsize, w.strides[1] // w.itemsize, 0)
    if epilogue.residual is not None:
        epilogue = epilogue._replace(residual=epilogue.residual[None])
    return x[None], w, taps, y[None], epilogue


@lru_cache(maxsize=1024)
def one_pixel(w_row, w_column, w_image):
    return Taps((0,), (0,), (1, 1), w_row, w_column, (0,), w_image)


def matmul(a, b):
    """Return a @ b for matrices (M, K) and (K, N)."""
    dtype = np.result_type(a, b)
    a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
    if b.strides[1] != b.itemsize and (a.strides[0] == a.itemsize or a.size < b.size):
        return matmul(b.T, np.ascontiguousarray(a.T)).T
    if b.strides[1] != b.itemsize:
        b = np.ascontiguousarray(b)
    y = np.empty((len(a), b.shape[1]), dtype)
    if not a.shape[1]:
        y[...] = 0
    elif y.size:
        multiply(a[None], b[None], y[None])
    return y
