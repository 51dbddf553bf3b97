"""Jobs that move numbers: copies between arrays of any strides, and enlarging images; float32.

They are steps of a `npkpose.engine.program.Program`.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.vectors import copy_every_second, copy_numbers

CHUNK = 2**12
AXES = 6


def add_copy(program, x, y):
    """Append y[...] = x to a program; both have any strides of 0 or more, and up to six axes."""
    x = np.broadcast_to(x, y.shape)
    axes = [(n, s // 4, t // 4) for n, s, t in zip(y.shape, x.strides, y.strides) if n != 1]
    joined = []
    for n, s, t in axes:
        if joined and joined[-1][1:] == (s * n, t * n):
            joined[-1] = joined[-1][0] * n, s, t
        else:
            joined.append((n, s, t))
    if len(joined) > AXES:
        raise ValueError(f"x: expected at most {AXES} parts, got shape {x.shape}")
    joined = [(1, 0, 0)] * (AXES - len(joined)) + joined
    numbers = [number for column in zip(*joined) for number in column]
    program.add_numbers(_copy_job(), numbers, y.size, x, y)


def add_enlarged(program, x, y, factor):
    """Append y[..., h, w] = x[..., h // factor[0], w // factor[1]] to a program; contiguous."""
    H, W = x.shape[-2:]
    numbers = [x.size // W, W, *factor]
    program.add_numbers(_enlarge_job(), numbers, y.size, x, y)


def _copy_float32(record, thread):
    r = carray(numbers_at(record, 0), 3 + 3 * AXES)
    zero, n = np.float32(0), r[3 : 3 + AXES]
    s, t = r[3 + AXES : 3 + 2 * AXES], r[3 + 2 * AXES : 3 + 3 * AXES]
    rows, width = n[0] * n[1] * n[2] * n[3] * n[4], n[5]
    x, y = carray(numbers_at(r[1], zero), 1 + _last(n, s)), carray(
        numbers_at(r[2], zero), 1 + _last(n, t)
    )
    at_once = max(1, CHUNK // max(1, width))
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= rows:
            return
        for row in range(first, min(first + at_once, rows)):
            left, source, target = row, 0, 0
            for axis in range(AXES - 2, -1, -1):
                i, left = left % n[axis], left // n[axis]
                source += i * s[axis]
                target += i * t[axis]
            _copy_row(x, source, s[AXES - 1], y, target, t[AXES - 1], width)


@lru_cache(maxsize=1)
def _copy_job():
    return job(_copy_float32)


@helper
def _last(n, steps):
    last = 0
    for axis in range(AXES):
        last += (n[axis] - 1) * steps[axis]
    return last


@helper
def _copy_row(x, source, s, y, target, t, width):
    if s == 1 and t == 1:
        copy_numbers(x, source, y, target, width)
    elif s == 2 and t == 1 and width > 0:
        copy_every_second(x, source, y, target, width)
    else:
        source, target, s, t = np.uintp(source), np.uintp(target), np.uintp(s), np.uintp(t)
        for l in range(np.uintp(width)):
            y[target + l * t] = x[source + l * s]


def _enlarge_float32(record, thread):
    r = carray(numbers_at(record, 0), 7)
    zero, rows, W, down, across = np.float32(0), r[3], r[4], r[5], r[6]
    x = carray(numbers_at(r[1], zero), rows * W)
    y = carray(numbers_at(r[2], zero), rows * W * down * across)
    width = W * across
    at_once = max(1, CHUNK // (width * down))
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= rows:
            return
        for row in range(first, min(first + at_once, rows)):
            top = y[row * down * width : row * down * width + width]
            for j in range(across):
                for w in range(np.uintp(W)):
                    top[w * np.uintp(across) + np.uintp(j)] = x[np.uintp(row * W) + w]
            for i in range(1, down):
                copy_numbers(top, 0, y, (row * down + i) * width, width)


@lru_cache(maxsize=1)
def _enlarge_job():
    return job(_enlarge_float32)
