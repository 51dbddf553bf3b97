"""Jobs on single numbers: activations, and pairs of arrays that are broadcast; float32.

They are steps of a `npkpose.engine.program.Program`. SLOPE, of two arrays, is x, or x z below zero.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.activations import activate
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.vectors import copy_numbers

CHUNK = 2**12
(ADD, MULTIPLY, SUBTRACT, DIVIDE, SLOPE) = range(5)


def add_activation(program, kind, x, y, a=0.0, b=0.0):
    """Append y = activation(x) to a program; contiguous arrays, perhaps the same."""
    numbers = np.array([a, b], np.float32)
    program.add_numbers(_activation_job(), (x.size, kind), x.size, x, y, numbers)


def add_binary(program, kind, x, z, y):
    """Append y = x op z to a program; x and z are broadcast to the contiguous y."""
    x, z = (np.broadcast_to(a, y.shape) for a in (x, z))
    shape, strides = _joined(y.shape, [[s // 4 for s in a.strides] for a in (x, z)])
    if len(shape) > 4:
        raise ValueError(f"x: expected a shape of at most four parts, got {shape}")
    numbers = [*shape, *strides[0], *strides[1], kind]
    program.add_numbers(_binary_job(), numbers, y.size, x, z, y)


def _joined(shape, strides):
    """Return the shape and the strides of arrays with neighbouring axes made one; four or more."""
    axes = [(n, *steps) for n, *steps in zip(shape, *strides) if n != 1]
    joined = []
    for n, *steps in axes:
        if joined and all(a == b * n for a, b in zip(joined[-1][1:], steps)):
            joined[-1] = joined[-1][0] * n, *steps
        else:
            joined.append((n, *steps))
    joined = [(1, *[0] * len(strides))] * (4 - len(joined)) + joined
    shape, *strides = zip(*joined)
    return shape, strides


def _activate_float32(record, thread):
    r = carray(numbers_at(record, 0), 6)
    zero, size = np.float32(0), r[4]
    x, y = carray(numbers_at(r[1], zero), size), carray(numbers_at(r[2], zero), size)
    numbers = carray(numbers_at(r[3], zero), 2)
    while True:
        first = fetch_add(r, 0, 1) * CHUNK
        if first >= size:
            return
        count = min(CHUNK, size - first)
        if r[1] != r[2]:
            copy_numbers(x, first, y, first, count)
        activate(r[5], y, first, 0, 1, count, numbers[0], numbers[1])


@lru_cache(maxsize=1)
def _activation_job():
    return job(_activate_float32)


def _combine_float32(record, thread):
    r = carray(numbers_at(record, 0), 17)
    zero = np.float32(0)
    rows, width = r[4] * r[5] * r[6], r[7]
    x = carray(numbers_at(r[1], zero), 1 + _last(r, 8))
    z = carray(numbers_at(r[2], zero), 1 + _last(r, 12))
    y = carray(numbers_at(r[3], zero), rows * width)
    blocks = (width + CHUNK - 1) // CHUNK  # of a long row; of short rows several are taken at once
    at_once = max(1, CHUNK // width)
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= rows * blocks:
            return
        for part in range(first, min(first + at_once, rows * blocks)):
            row, l = part // blocks, part % blocks * CHUNK
            i, j, k = row // (r[5] * r[6]), row // r[6] % r[5], row % r[6]
            end = min(l + CHUNK, width)
            _combine_row(
                x, i * r[8] + j * r[9] + k * r[10] + l * r[11], r[11],
                z, i * r[12] + j * r[13] + k * r[14] + l * r[15], r[15],
                y[row * width + l : row * width + end], r[16],
            )  # fmt: skip


@lru_cache(maxsize=1)
def _binary_job():
    return job(_combine_float32)


@helper
def _last(r, first):
    """Return the place of the last number of an array whose strides are r[first:]."""
    last = 0
    for axis in range(4):
        last += (r[4 + axis] - 1) * r[first + axis]
    return last


@helper
def _combine_row(x, at, step, z, at_z, step_z, y, kind):
    """Fill a row: with x, then by z in place, so that each loop takes whole vectors."""
    n = np.uintp(y.size)
    if step_z == 0 and step != 0 or step_z == 1 or kind == SUBTRACT or kind >= DIVIDE:
        _gather(x, at, step, y)
        if step_z == 0:
            _by_number(y, z[at_z], kind)
        elif step_z == 1:
            _by_row(y, z[at_z : at_z + y.size], kind)
        else:
            for l in range(n):
                place = at_z + l * np.uintp(step_z)
                _by_row(y[l : l + 1], z[place : place + 1], kind)
    else:  # the order does not matter
        _gather(z, at_z, step_z, y)
        if step == 1:
            _by_row(y, x[at : at + y.size], kind)
        elif step == 0:
            _by_number(y, x[at], kind)
        else:
            for l in range(n):
                place = at + l * np.uintp(step)
                _by_row(y[l : l + 1], x[place : place + 1], kind)


@helper
def _gather(x, at, step, y):
    """Fill ``y`` with numbers that lie ``step`` apart."""
    if step == 1:
        copy_numbers(x, at, y, 0, y.size)
    elif step == 0:
        y[:] = x[at]
    else:
        at, step = np.uintp(at), np.uintp(step)
        for l in range(np.uintp(y.size)):
            y[l] = x[at + l * step]


@helper
def _by_row(y, z, kind):
    n = np.uintp(y.size)
    if kind == ADD:
        for l in range(n):
            y[l] += z[l]
    elif kind == SUBTRACT:
        for l in range(n):
            y[l] -= z[l]
    elif kind == MULTIPLY:
        for l in range(n):
            y[l] *= z[l]
    elif kind == DIVIDE:
        for l in range(n):
            y[l] /= z[l]
    else:
        for l in range(n):
            y[l] = y[l] * z[l] if y[l] < 0 else y[l]


@helper
def _by_number(y, z, kind):
    n = np.uintp(y.size)
    if kind == ADD:
        for l in range(n):
            y[l] += z
    elif kind == SUBTRACT:
        for l in range(n):
            y[l] -= z
    elif kind == MULTIPLY:
        for l in range(n):
            y[l] *= z
    elif kind == DIVIDE:
        for l in range(n):
            y[l] /= z
    else:
        for l in range(n):
            y[l] = y[l] * z if y[l] < 0 else y[l]
