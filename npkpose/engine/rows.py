"""Jobs on the rows of a matrix, the last axis of an array: means, softmax, layer normalisation.

They are steps of a `npkpose.engine.program.Program`; float32. Sums and maxima go over a block of
columns at a time, so that the loop takes whole vectors.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import contracting_kernel, kernel
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.elementary import exp
from npkpose.engine.jobs import job

CHUNK = 2**12
LANES, QUARTER = 64, 16
MEAN, SOFTMAX, NORMALISE = range(3)


def add_rows(program, kind, x, y, weight=None, bias=None, eps=0.0):
    """Append MEAN, SOFTMAX or NORMALISE of the rows of a contiguous x (..., n) to a program.

    MEAN writes one number for each row; NORMALISE is (x - mean) / deviation, by weight and bias.
    """
    n = x.shape[-1]
    weight = np.ones(n, np.float32) if weight is None else weight
    bias = np.zeros(n, np.float32) if bias is None else bias
    eps = np.array([eps], np.float32)
    program.add_numbers(_job(), (x.size // n, n, kind), x.size, x, y, weight, bias, eps)


def _rows_float32(record, thread):
    r = carray(numbers_at(record, 0), 9)
    zero, rows, n, kind = np.float32(0), r[6], r[7], r[8]
    x = carray(numbers_at(r[1], zero), rows * n)
    y = carray(numbers_at(r[2], zero), rows if kind == MEAN else rows * n)
    weight, bias = carray(numbers_at(r[3], zero), n), carray(numbers_at(r[4], zero), n)
    eps = carray(numbers_at(r[5], zero), 1)[0]
    lanes = np.empty(LANES, np.float32)
    at_once = max(1, CHUNK // n)
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= rows:
            return
        for row in range(first, min(first + at_once, rows)):
            part = x[row * n : row * n + n]
            if kind == MEAN:
                y[row] = _sum(part, lanes) / np.float32(n)
            elif kind == SOFTMAX:
                _softmax(part, y[row * n : row * n + n], lanes)
            else:
                _normalise(part, y[row * n : row * n + n], weight, bias, eps, lanes)


@lru_cache(maxsize=1)
def _job():
    return job(_rows_float32)


@kernel
def _sum(x, lanes):
    lanes[:] = 0
    for l in range(0, x.size, LANES):
        part = x[l : l + LANES]
        for i in range(np.uintp(part.size)):
            lanes[i] += part[i]
    some = lanes[:QUARTER]
    for k in range(1, 4):
        for i in range(QUARTER):
            some[i] += lanes[k * QUARTER + i]
    total = np.float32(0)
    for i in range(QUARTER):
        total += some[i]
    return total


@kernel
def _max(x, lanes):
    lanes[:] = -np.inf
    for l in range(0, x.size, LANES):
        part = x[l : l + LANES]
        for i in range(np.uintp(part.size)):
            lanes[i] = part[i] if part[i] > lanes[i] else lanes[i]
    some = lanes[:QUARTER]
    for k in range(1, 4):
        for i in range(QUARTER):
            other = lanes[k * QUARTER + i]
            some[i] = other if other > some[i] else some[i]
    highest = some[0]
    for i in range(QUARTER):
        highest = max(highest, some[i])
    return highest


@contracting_kernel
def _softmax(x, y, lanes):
    highest = _max(x, lanes)
    for l in range(np.uintp(x.size)):
        y[l] = exp(x[l] - highest)
    share = np.float32(1) / _sum(y, lanes)
    for l in range(np.uintp(x.size)):
        y[l] *= share


@contracting_kernel
def _normalise(x, y, weight, bias, eps, lanes):
    mean = _sum(x, lanes) / np.float32(x.size)
    for l in range(np.uintp(x.size)):
        y[l] = (x[l] - mean) * (x[l] - mean)
    scale = np.float32(1) / np.sqrt(_sum(y, lanes) / np.float32(x.size) + eps)
    for l in range(np.uintp(x.size)):
        y[l] = (x[l] - mean) * scale * weight[l] + bias[l]
