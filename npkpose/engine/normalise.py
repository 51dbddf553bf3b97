"""Batch normalisation and its gradient, compiled: sums over channels, and one pass over pixels.

Each would take NumPy several passes over memory. `npkpose.nn.batchnorm` is the plain version.
Rows are images (N, C, L), L pixels.

A float32 mean of large numbers would lose the digits that a difference needs. So it is split into
m, what fits into the dtype of ``x``, and the rest, which goes into the offset:

    a (x - mean) + b = a (x - m) + (b + a (m - mean))
"""

import numpy as np

from npkpose._jit import kernel, summing_kernel

_NOTHING = {dtype: np.empty((0, 0, 0), dtype) for dtype in (np.dtype("f4"), np.dtype("f8"))}


def channel_sums(images):
    """Return the sums (C,) of images (N, C, H, W), added in float64."""
    N, C, H, W = images.shape
    total = np.empty(C)
    _channel_sums(images.reshape(N, C, H * W), total)
    return total.astype(images.dtype)


def moments(rows):
    """Return the mean (C,) of rows (N, C, L), and the sums (C,) of squares about it; float64."""
    mean, squares = np.empty((2, rows.shape[1]))
    _moments(rows, mean, squares)
    return mean, squares


# More arguments than six: two of them belong to the layers that follow.
def normalise(rows, mean, scale, weight, bias, residual=None, relu=False):
    """Return relu(weight (rows - mean) scale + bias + residual), without the ReLU unless asked."""
    _check_channels(rows, mean, scale, weight, bias)
    if residual is not None and residual.shape != rows.shape:
        raise ValueError(f"residual: expected shape {rows.shape}, got {residual.shape}")
    m, a, b = _split_mean(mean, rows.dtype, weight * scale, bias)
    y = np.empty(rows.shape, rows.dtype)
    _normalise(rows, m, a, b, _NOTHING[rows.dtype] if residual is None else residual, relu, y)
    return y


def gradient_sums(dy, rows, mean, scale):
    """Return the sums (C,) of dy and of dy z, z = (rows - mean) scale, in float64."""
    _check_channels(rows, mean, scale)
    total, moment = np.empty((2, len(mean)))
    m = mean.astype(rows.dtype)
    _gradient_moments(dy, rows, m, total, moment)
    return total, scale * (moment + (m - mean) * total)


def normalise_backward(dy, rows, mean, scale, weight, mean_dy, mean_dy_z):
    """Return weight scale (dy - mean_dy - z mean_dy_z), z = (rows - mean) scale."""
    _check_channels(rows, mean, scale, weight, mean_dy, mean_dy_z)
    slope = weight * scale
    m, b, c = _split_mean(mean, rows.dtype, -slope * scale * mean_dy_z, -slope * mean_dy)
    dx = np.empty(rows.shape, rows.dtype)
    _normalise_backward(dy, rows, m, slope.astype(rows.dtype), b, c, dx)
    return dx


def _check_channels(rows, *arrays):
    """Raise ValueError unless there is a number for each channel: kernels would read outside."""
    for array in arrays:
        if array.shape != rows.shape[1:2]:
            raise ValueError(
                f"statistics, weight, bias: expected shape {rows.shape[1:2]}, got {array.shape}"
            )


def _split_mean(mean, dtype, a, b):
    """Return m, a and b' of that dtype with a (x - m) + b' = a (x - mean) + b."""
    m = mean.astype(dtype)
    return m, a.astype(dtype), (b + a * (m - mean)).astype(dtype)


@summing_kernel
def _channel_sums(x, total):
    for c in range(x.shape[1]):
        total[c] = _channel_sum(x, c)


@summing_kernel
def _moments(x, mean, squares):
    N, C, L = x.shape
    for c in range(C):
        mean[c] = _channel_sum(x, c) / (N * L)
        middle, total = x.dtype.type(mean[c]), 0.0
        for n in range(N):
            for l in range(L):
                total += (x[n, c, l] - middle) ** 2
        squares[c] = total - N * L * (mean[c] - middle) ** 2


@kernel
def _normalise(x, mean, slope, offset, residual, relu, y):
    """Write y = relu(slope (x - mean) + offset + residual); an empty residual is left out."""
    N, C, L = x.shape
    for n in range(N):
        for c in range(C):
            pixels, row = x[n, c], y[n, c]
            for l in range(L):
                row[l] = slope[c] * (pixels[l] - mean[c]) + offset[c]
            if residual.size:
                for l in range(L):
                    row[l] += residual[n, c, l]
            if relu:
                for l in range(L):
                    if row[l] < 0:
                        row[l] = 0


@summing_kernel
def _gradient_moments(dy, x, mean, total, moment):
    """Write the sums (C,) of dy and of dy (x - mean)."""
    N, C, L = x.shape
    for c in range(C):
        sum_dy = sum_product = 0.0
        for n in range(N):
            for l in range(L):
                sum_dy += dy[n, c, l]
                sum_product += dy[n, c, l] * (x[n, c, l] - mean[c])
        total[c], moment[c] = sum_dy, sum_product


@kernel
def _normalise_backward(dy, x, mean, slope, x_coefficient, offset, dx):
    """Write dx = slope dy + x_coefficient (x - mean) + offset."""
    N, C, L = x.shape
    for n in range(N):
        for c in range(C):
            gradients, pixels, row = dy[n, c], x[n, c], dx[n, c]
            for l in range(L):
                row[l] = (
                    slope[c] * gradients[l] + x_coefficient[c] * (pixels[l] - mean[c]) + offset[c]
                )


@summing_kernel
def _channel_sum(x, c):
    total = 0.0
    for n in range(x.shape[0]):
        for l in range(x.shape[2]):
            total += x[n, c, l]
    return total
