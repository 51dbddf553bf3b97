"""Jobs on the rows of a matrix, the last axis of an array: means, softmax, layer normalisation.

They are steps of a `npkpose.engine.program.Program`; float32. Each lane of a vector has a sum, or
a maximum, of its own; those are combined at the end of the row.
"""

from functools import lru_cache

import numpy as np

from npkpose._numba import carray, cgutils, intrinsic, ir, types
from npkpose.engine.activations import Vector, exp
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.vectors import (
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
MEAN, SOFTMAX, NORMALISE, LENGTH = range(4)


def add_rows(program, kind, x, y, weight=None, bias=None, eps=0.0):
    """Append a function of the rows of a contiguous x (..., n) to a program.

    MEAN and LENGTH, the root of the sum of squares, write one number for each row. NORMALISE is
    (x - mean) / deviation, by weight and bias.
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
    y = carray(numbers_at(r[2], zero), rows * n if kind in (SOFTMAX, NORMALISE) else rows)
    weight, bias = carray(numbers_at(r[3], zero), n), carray(numbers_at(r[4], zero), n)
    eps = carray(numbers_at(r[5], zero), 1)[0]
    at_once = max(1, CHUNK // n)
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= rows:
            return
        for row in range(first, min(first + at_once, rows)):
            if kind == SOFTMAX:
                _softmax(x, y, row * n, n)
            elif kind == NORMALISE:
                _normalise(x, y, row * n, n, weight, bias, eps)
            else:
                _reduce(x, row * n, n, y, row, kind)


@lru_cache(maxsize=1)
def _job():
    return job(_rows_float32)


@intrinsic
def _reduce(_, x, at, count, y, to, kind):
    i = types.intp
    signature = types.void(x, i, i, y, i, i)

    def generate(context, b, signature, arguments):
        x, at, count, y, to, kind = data_of(context, b, signature.args, arguments)
        x, place = b.gep(x, [at]), b.gep(y, [to])
        with b.if_else(b.icmp_signed("==", kind, number(MEAN))) as (mean, length):
            with mean:
                total = _fold(b, x, count, 0, lambda v, *_: v, Vector.__add__)
                b.store(b.extract_element((total / _size(b, count)).value, number(0)), place)
            with length:
                total = _fold(b, x, count, 0, lambda v, *_: v * v, Vector.__add__)
                b.store(b.extract_element(total.call("sqrt").value, number(0)), place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _softmax(_, x, y, at, count):
    i = types.intp
    signature = types.void(x, y, i, i)

    def generate(context, b, signature, arguments):
        x, y, at, count = data_of(context, b, signature.args, arguments)
        x, y = b.gep(x, [at]), b.gep(y, [at])
        highest = _fold(b, x, count, -np.inf, lambda v, *_: v, Vector.maximum)

        def power(v, place, mask):
            found = exp(v - highest)
            store_masked(b, found.value, vector_at(b, y, place, found.value.type), mask)
            return found

        share = 1 / _fold(b, x, count, 0, power, Vector.__add__)
        _fill(b, y, count, y, lambda v, *_: v * share)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _normalise(_, x, y, at, count, weight, bias, eps):
    i = types.intp
    signature = types.void(x, y, i, i, weight, bias, types.float32)

    def generate(context, b, signature, arguments):
        x, y, at, count, weight, bias, eps = data_of(context, b, signature.args, arguments)
        x, y = b.gep(x, [at]), b.gep(y, [at])
        size = _size(b, count)
        mean = _fold(b, x, count, 0, lambda v, *_: v, Vector.__add__) / size
        squares = _fold(b, x, count, 0, lambda v, *_: (v - mean) * (v - mean), Vector.__add__)
        eps = Vector(b, spread(b, eps, size.value.type))
        scale = 1 / (squares / size + eps).call("sqrt")

        def finish(v, place, mask):
            factor, shift = (_load(b, a, place, mask) for a in (weight, bias))
            return (v - mean) * scale * factor + shift

        _fill(b, x, count, y, finish)
        return context.get_dummy_value()

    return signature, generate


def _fold(b, x, count, neutral, value, combine):
    """Write the loop that combines value(x, place, mask) of all vectors, and then all lanes."""
    vector, _ = vector_type(b, x.type.pointee)
    neutral = ir.Constant(vector, [float(neutral)] * vector.count)
    total = cgutils.alloca_once(b, vector)
    b.store(neutral, total)
    with each_vector(b, count, vector.count) as (l, mask):
        found = b.select(mask, value(_load(b, x, l, mask), l, mask).value, neutral)
        b.store(combine(Vector(b, b.load(total)), Vector(b, found)).value, total)
    return Vector(b, b.load(total)).across(combine)


def _fill(b, x, count, y, value):
    """Write the loop that fills a row of ``y`` with value(x, place, mask)."""
    vector, _ = vector_type(b, x.type.pointee)
    with each_vector(b, count, vector.count) as (l, mask):
        found = value(_load(b, x, l, mask), l, mask)
        store_masked(b, found.value, vector_at(b, y, l, vector), mask)


def _load(b, x, place, mask):
    vector, _ = vector_type(b, x.type.pointee)
    return Vector(b, load_masked(b, vector_at(b, x, place, vector), vector, mask))


def _size(b, count):
    """Return how many numbers a row has, as a vector."""
    vector, _ = vector_type(b, ir.FloatType())
    return Vector(b, spread(b, b.sitofp(count, ir.FloatType()), vector))
