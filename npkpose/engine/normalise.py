"""Batch normalisation and its gradient, on all threads: a channel at a time, from sums to pixels.

Each would take NumPy several passes over memory. `npkpose.nn.batchnorm` is the plain version.
Rows are images (N, C, L), L pixels.

A float32 mean of large numbers would lose the digits that a difference needs. So it is split into
m, what fits into the dtype of ``x``, and the rest, which goes into the offset:

    a (x - mean) + b = a (x - m) + (b + a (m - mean))
"""

import math
from functools import lru_cache

import numpy as np

from npkpose._jit import helper, kernel, summing_kernel
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job, run_job
from npkpose.engine.threads import num_threads

MIN_SHARED = 2**15  # numbers below which one thread is quickest
AT_ONCE = 2**12  # numbers that a thread takes, at least

SUM, MOMENTS, NORMALISE, GRADIENT_SUMS, BACKWARD, RELU_BACKWARD = range(6)
_NOTHING = np.empty((0, 0))


def channel_sums(images):
    """Return the sums (C,) of images (N, C, H, W), added in float64."""
    N, C, H, W = images.shape
    rows, total = np.ascontiguousarray(images).reshape(N, C, H * W), np.empty((1, C))
    _run(SUM, rows, rows, rows, total)
    return total[0].astype(images.dtype)


def moments(rows):
    """Return the mean (C,) of rows (N, C, L), and the sums (C,) of squares about it; float64."""
    numbers = np.empty((2, rows.shape[1]))
    _run(MOMENTS, rows, rows, rows, numbers)
    return numbers[0], numbers[1]


# More arguments than six: two of them belong to the layers that follow.
def normalise(rows, mean, scale, weight, bias, residual=None, relu=False):
    """Return relu(weight (rows - mean) scale + bias + residual), without the ReLU unless asked."""
    numbers, y = _by_channel(rows, mean, scale, weight, bias), np.empty(rows.shape, rows.dtype)
    added = rows if residual is None else np.ascontiguousarray(residual, rows.dtype)
    _run(NORMALISE, rows, added, y, numbers, residual is not None, relu)
    return y


# More arguments than six: an affine function of four statistics, rounded once.
def fold_statistics(mean, var, weight, bias, eps, dtype):
    """Return (slope, offset) with weight (x - mean) / sqrt(var + eps) + bias = slope x + offset."""
    if not mean.shape == var.shape == weight.shape == bias.shape:
        raise ValueError(f"weight, bias: expected shape {mean.shape}, got {weight.shape}")
    slope, offset = np.empty((2, len(mean)), dtype)
    _fold_statistics(mean, var, weight, bias, eps, slope, offset)
    return slope, offset


def gradient_sums(dy, rows, mean, scale):
    """Return the sums (C,) of dy and of dy z, z = (rows - mean) scale, in float64."""
    numbers = _by_channel(rows, mean, scale, mean, mean)
    _run(GRADIENT_SUMS, rows, dy, rows, numbers)
    return numbers[2], numbers[3]


def normalise_backward(dy, rows, mean, scale, weight, mean_dy, mean_dy_z):
    """Return weight scale (dy - mean_dy - z mean_dy_z), z = (rows - mean) scale."""
    dx = np.empty(rows.shape, rows.dtype)
    _run(BACKWARD, rows, dy, dx, _by_channel(rows, mean, scale, weight, mean_dy, mean_dy_z))
    return dx


def relu_backward(dy, y):
    """Return dy where y is above zero, else 0."""
    dx = np.empty(y.shape, y.dtype)
    if y.size:
        shape = 1, math.prod(y.shape[:-2]), math.prod(y.shape[-2:])
        dy, y = (np.ascontiguousarray(a).reshape(shape) for a in (dy, y))
        _run(RELU_BACKWARD, y, dy, dx.reshape(shape), _NOTHING)
    return dx


def _by_channel(rows, *arrays):
    """Return arrays (C,) as one of float64; ValueError if kernels would read outside of one."""
    numbers = np.empty((len(arrays), rows.shape[1]))
    for row, array in zip(numbers, arrays):
        if array.shape != row.shape:
            raise ValueError(
                f"statistics, weight, bias: expected shape {row.shape}, got {array.shape}"
            )
        row[:] = array
    return numbers


# More arguments than six: they are the record of a job.
def _run(kind, x, other, y, numbers, has_residual=False, relu=False):
    """Do a job over channels of ``x``, ``other`` and ``y`` (N, C, L)."""
    if other.shape != x.shape or other.dtype != x.dtype:
        raise ValueError(
            f"expected images {x.shape} of {x.dtype}, got {other.shape} of {other.dtype}"
        )
    record, threads = np.empty(12, np.int64), num_threads() if x.size >= MIN_SHARED else 1
    x, other = np.ascontiguousarray(x), np.ascontiguousarray(other)
    _fill_record(record, kind, has_residual + 2 * relu, x, other, y, numbers)
    run_job(_job(x.dtype).address, record, threads)


@kernel
def _fill_record(record, kind, flags, x, other, y, numbers):
    N, C, L = x.shape
    record[0], record[1], record[2] = 0, kind, flags
    record[3], record[4], record[5] = N, C, L
    record[6] = max(1, AT_ONCE // max(N * L, 1))
    record[7], record[8], record[9] = x.ctypes.data, other.ctypes.data, y.ctypes.data
    record[10], record[11] = numbers.ctypes.data, len(numbers)


def _float32(record, thread):
    _take_channels(record, np.float32(0))


def _float64(record, thread):
    _take_channels(record, np.float64(0))


@lru_cache(maxsize=2)
def _job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@kernel
def _take_channels(record, zero):
    r = carray(numbers_at(record, 0), 12)
    shape = r[3], r[4], r[5]
    x, other = carray(numbers_at(r[7], zero), shape), carray(numbers_at(r[8], zero), shape)
    y = carray(numbers_at(r[9], zero), shape)
    numbers = carray(numbers_at(r[10], 0.0), (r[11], r[4]))
    while True:
        first = r[6] * fetch_add(r, 0, 1)
        if first >= r[4]:
            return
        for c in range(first, min(first + r[6], r[4])):
            if r[1] == SUM:
                numbers[0, c] = _channel_sum(x, c)
            elif r[1] == MOMENTS:
                _moments(x, c, numbers)
            elif r[1] == NORMALISE:
                _normalise(x, other, y, c, numbers, r[2])
            elif r[1] == GRADIENT_SUMS:
                _gradient_sums(other, x, c, numbers)
            elif r[1] == BACKWARD:
                _backward(other, x, y, c, numbers)
            else:
                _relu_backward(other, x, y, c)


@summing_kernel
def _channel_sum(x, c):
    total = 0.0
    for n in range(x.shape[0]):
        for l in range(x.shape[2]):
            total += x[n, c, l]
    return total


@summing_kernel
def _moments(x, c, numbers):
    """Write the mean, and the sum of squares about it."""
    N, _, L = x.shape
    mean = _channel_sum(x, c) / (N * L)
    middle, total = x.dtype.type(mean), 0.0
    for n in range(N):
        for l in range(L):
            total += (x[n, c, l] - middle) ** 2
    numbers[0, c], numbers[1, c] = mean, total - N * L * (mean - middle) ** 2


@helper
def _normalise(x, residual, y, c, numbers, flags):
    """Write weight (x - mean) scale + bias + residual; flags: 1 for a residual, 2 for a ReLU."""
    real, zero = x.dtype.type, x.dtype.type(0)
    mean, scale, weight, bias = numbers[0, c], numbers[1, c], numbers[2, c], numbers[3, c]
    slope, middle = weight * scale, real(mean)
    a, b = real(slope), real(bias + slope * (middle - mean))
    for n in range(x.shape[0]):
        pixels, added, row = x[n, c], residual[n, c], y[n, c]
        if flags & 1:
            for l in range(row.size):
                row[l] = a * (pixels[l] - middle) + b + added[l]
        else:
            for l in range(row.size):
                row[l] = a * (pixels[l] - middle) + b
        if flags & 2:
            for l in range(row.size):
                row[l] = zero if row[l] < zero else row[l]


@summing_kernel
def _gradient_sums(dy, x, c, numbers):
    """Write the sums of dy and dy z; the mean and scale are known."""
    mean, scale = numbers[0, c], numbers[1, c]
    middle, total, moment = x.dtype.type(mean), 0.0, 0.0
    for n in range(x.shape[0]):
        for l in range(x.shape[2]):
            total += dy[n, c, l]
            moment += dy[n, c, l] * (x[n, c, l] - middle)
    numbers[2, c], numbers[3, c] = total, scale * (moment + (middle - mean) * total)


@helper
def _backward(dy, x, dx, c, numbers):
    """Write weight scale (dy - mean_dy - z mean_dy_z)."""
    real, mean, scale = x.dtype.type, numbers[0, c], numbers[1, c]
    slope, middle = numbers[2, c] * scale, real(mean)
    factor = -slope * scale * numbers[4, c]
    a, f = real(slope), real(factor)
    b = real(-slope * numbers[3, c] + factor * (middle - mean))
    for n in range(x.shape[0]):
        gradients, pixels, row = dy[n, c], x[n, c], dx[n, c]
        for l in range(row.size):
            row[l] = a * gradients[l] + f * (pixels[l] - middle) + b


@helper
def _relu_backward(dy, y, dx, c):
    zero = y.dtype.type(0)
    gradients, above, row = dy[0, c], y[0, c], dx[0, c]
    for l in range(row.size):
        row[l] = gradients[l] if above[l] > zero else zero


@kernel
def _fold_statistics(mean, var, weight, bias, eps, slope, offset):
    for c in range(mean.size):
        factor = 1.0 / np.sqrt(var[c] + eps) * weight[c]
        slope[c], offset[c] = factor, bias[c] - factor * mean[c]
