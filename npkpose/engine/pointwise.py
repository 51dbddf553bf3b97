"""Jobs on single numbers: activations, and pairs of arrays that are broadcast; float32.

They are steps of a `npkpose.engine.program.Program`. SLOPE, of two arrays, is x, or x z below zero.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray, cgutils, intrinsic, types
from npkpose.engine.activations import Vector, activate
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.vectors import (
    copy_numbers,
    data_of,
    each_vector,
    load_masked,
    number,
    spread,
    store_masked,
    vector_at,
    vector_type,
)

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
        row, l = first // blocks, first % blocks * CHUNK
        i, j, k = row // (r[5] * r[6]), row // r[6] % r[5], row % r[6]
        for _ in range(first, min(first + at_once, rows * blocks)):
            _combine_row(
                r[16], x, i * r[8] + j * r[9] + k * r[10] + l * r[11], r[11],
                z, i * r[12] + j * r[13] + k * r[14] + l * r[15], r[15],
                y, row * width + l, min(CHUNK, width - l),
            )  # fmt: skip
            l += CHUNK
            if l >= width:
                l, row, k = 0, row + 1, k + 1
                if k == r[6]:
                    j, k = j + 1, 0
                    if j == r[5]:
                        i, j = i + 1, 0


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


@intrinsic
def _combine_row(_, kind, x, at, step, z, at_z, step_z, y, to, count):
    """Fill ``count`` numbers of ``y[to:]`` from x and z, whose numbers lie some steps apart."""
    i = types.intp
    signature = types.void(i, x, i, i, z, i, i, y, i, i)

    def generate(context, b, signature, arguments):
        kind, x, at, step, z, at_z, step_z, y, to, count = data_of(
            context, b, signature.args, arguments
        )
        operands = (b.gep(x, [at]), step), (b.gep(z, [at_z]), step_z)
        for k, function in enumerate(_PAIRS):
            with b.if_then(b.icmp_signed("==", kind, number(k))):
                _fill_row(b, function, operands, b.gep(y, [to]), count)
        return context.get_dummy_value()

    return signature, generate


def _fill_row(b, function, operands, y, count):
    """Write the loop over the vectors of a row; ``operands`` are pairs of array and step."""
    vector, _ = vector_type(b, y.type.pointee)
    with each_vector(b, count, vector.count) as (l, mask):
        left = b.sub(count, l)
        v, w = (Vector(b, _take(b, x, step, l, left, mask, vector)) for x, step in operands)
        store_masked(b, function(v, w).value, vector_at(b, y, l, vector), mask)


def _take(b, x, step, l, left, mask, vector):
    """Return the vector of the ``left`` numbers from l on, ``step`` apart; a mask says which."""
    found, lanes = cgutils.alloca_once(b, vector), number(vector.count)
    first = b.gep(x, [b.mul(l, step)])
    with b.if_else(b.icmp_signed("==", step, number(1))) as (row, others):
        with row:
            b.store(load_masked(b, vector_at(b, first, number(0), vector), vector, mask), found)
        with others, b.if_else(b.icmp_signed("==", step, number(0))) as (same, apart):
            with same:
                b.store(spread(b, b.load(first), vector), found)
            with apart:
                buffer = cgutils.alloca_once(b, vector)
                target = b.bitcast(buffer, first.type)
                count = b.select(b.icmp_signed("<", left, lanes), left, lanes)
                with cgutils.for_range_slice(b, number(0), count, number(1)) as (lane, _):
                    b.store(b.load(b.gep(first, [b.mul(lane, step)])), b.gep(target, [lane]))
                b.store(b.load(buffer), found)
    return b.load(found)


_PAIRS = (  # ADD, MULTIPLY, SUBTRACT, DIVIDE, SLOPE
    lambda x, z: x + z, lambda x, z: x * z, lambda x, z: x - z, lambda x, z: x / z,
    lambda x, z: x.where("<", 0, x * z, x),
)  # fmt: skip
