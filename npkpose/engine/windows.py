"""Jobs that slide over images: the largest number under a window, and linear interpolation.

They are steps of a `npkpose.engine.program.Program`; float32, images (N, C, H, W) contiguous.
Both go along one axis first and then along the other, so that a window of k x k costs 2 k.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray, intrinsic, types
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.threads import num_threads
from npkpose.engine.vectors import (
    copy_numbers,
    data_of,
    each_vector,
    load_masked,
    spread,
    store_masked,
    vector_at,
    vector_type,
)


def add_max_pool(program, x, y, kernel_size, strides, before):
    """Append the maxima of windows to a program; ``before`` are pixels of padding above and left.

    Padding is -infinity; the size of ``y`` says how many windows there are.
    """
    N, C, H, W = x.shape
    numbers = [N * C, H, W, *y.shape[2:], *kernel_size, *strides, *before]
    if tuple(strides) == (1, 1):
        room = (H + kernel_size[0] - 1) * (W + kernel_size[1] - 1) + 16
        buffer = np.empty((num_threads(), 2, room), np.float32)
        program.add_numbers(_slide_job(), [*numbers, room], x.size, x, y, buffer)
    else:
        buffer = np.empty((num_threads(), W), np.float32)
        program.add_numbers(_pool_job(), numbers, x.size, x, y, buffer)


def add_interpolated(program, x, y, rows, columns):
    """Append y[h, w] = sum of two pixels' products along each axis to a program.

    ``rows`` and ``columns`` are (places (2, Ho), weights (2, Ho)) and the same of Wo.
    """
    (N, C, H, W), (Ho, Wo) = x.shape, y.shape[2:]
    places = [np.ascontiguousarray(p, np.int64) for p, _ in (rows, columns)]
    weights = [np.ascontiguousarray(w, np.float32) for _, w in (rows, columns)]
    buffer = np.empty((num_threads(), max(W, H * Wo)), np.float32)
    numbers = [N * C, H, W, Ho, Wo, buffer.shape[1]]
    program.add_numbers(_interpolation_job(), numbers, y.size, x, y, buffer, *places, *weights)


def _pool_float32(record, thread):
    r = carray(numbers_at(record, 0), 15)
    zero, images, H, W, Ho, Wo = np.float32(0), r[4], r[5], r[6], r[7], r[8]
    kh, kw, sh, sw, top, left = r[9], r[10], r[11], r[12], r[13], r[14]
    x = carray(numbers_at(r[1], zero), images * H * W)
    y = carray(numbers_at(r[2], zero), images * Ho * Wo)
    buffer = carray(numbers_at(r[3] + thread * W * 4, zero), W)
    while True:
        n = fetch_add(r, 0, 1)
        if n >= images:
            return
        for h in range(Ho):
            first, last = max(0, sh * h - top), min(H, sh * h - top + kh)
            copy_numbers(x, (n * H + first) * W, buffer, 0, W)
            for i in range(first + 1, last):
                _raise(buffer, x[(n * H + i) * W : (n * H + i) * W + W])
            start = (n * Ho + h) * Wo
            _slide(buffer, y[start : start + Wo], kw, sw, left)


@lru_cache(maxsize=1)
def _pool_job():
    return job(_pool_float32)


def _pool_by_one_float32(record, thread):
    """Windows a pixel apart: the whole image, with -infinity around it, as one line."""
    r = carray(numbers_at(record, 0), 16)
    zero, images, H, W, Ho, Wo = np.float32(0), r[4], r[5], r[6], r[7], r[8]
    kh, kw, top, left, room = r[9], r[10], r[13], r[14], r[15]
    x = carray(numbers_at(r[1], zero), images * H * W)
    y = carray(numbers_at(r[2], zero), images * Ho * Wo)
    buffer = carray(numbers_at(r[3] + thread * room * 8, zero), (2, room))
    width, size = W + kw - 1, (H + kh - 1) * (W + kw - 1)
    while True:
        n = fetch_add(r, 0, 1)
        if n >= images:
            return
        a, b = buffer[0, :size], buffer[1, :size]
        a[:] = -np.inf
        b[:] = -np.inf
        for h in range(H):
            copy_numbers(x, (n * H + h) * W, a, (h + top) * width + left, W)
        swapped = _widen(a, b, kw, 1)
        if swapped:
            a, b = b, a
        if _widen(a, b, kh, width):
            a, b = b, a
        for h in range(Ho):
            copy_numbers(a, h * width, y, (n * Ho + h) * Wo, Wo)


@lru_cache(maxsize=1)
def _slide_job():
    return job(_pool_by_one_float32)


@helper
def _widen(a, b, k, step):
    """Take maxima of k neighbours ``step`` apart, doubling; return whether ``b`` has them."""
    swapped, reach = False, 1
    while reach < k:
        more = min(reach, k - reach) * step
        source, target = (b, a) if swapped else (a, b)
        last = len(a) - more
        _larger(source[:last], source[more:], target[:last])
        swapped, reach = not swapped, reach + min(reach, k - reach)
    return swapped


@helper
def _larger(x, z, y):
    for l in range(np.uintp(y.size)):
        y[l] = x[l] if x[l] > z[l] else z[l]


@helper
def _slide(x, y, k, s, left):
    """Fill y[w] with the largest of x[s w - left : s w - left + k]."""
    y[:] = -np.inf
    for j in range(k):
        first = max(0, -((j - left) // s))
        last = min(y.size, (x.size - 1 - j + left) // s + 1)
        if last > first:
            source = s * first + j - left
            if s == 1:
                _raise(y[first:last], x[source : source + last - first])
            elif s == 2:  # a number that the compiler knows
                _raise_by_two(y[first:last], x[source:])
            else:
                for w in range(last - first):
                    y[first + w] = max(y[first + w], x[source + s * w])


@helper
def _raise(y, x):
    for w in range(np.uintp(y.size)):
        y[w] = x[w] if x[w] > y[w] else y[w]


@helper
def _raise_by_two(y, x):
    for w in range(np.uintp(y.size)):
        v = x[np.uintp(2) * w]
        y[w] = v if v > y[w] else y[w]


def _interpolate_float32(record, thread):
    r = carray(numbers_at(record, 0), 14)
    zero, images, H, W, Ho, Wo, room = np.float32(0), r[8], r[9], r[10], r[11], r[12], r[13]
    x = carray(numbers_at(r[1], zero), images * H * W)
    y = carray(numbers_at(r[2], zero), images * Ho * Wo)
    buffer = carray(numbers_at(r[3] + thread * room * 4, zero), room)
    row_at = carray(numbers_at(r[4], 0), (2, Ho))
    column_at = carray(numbers_at(r[5], 0), (2, Wo))
    row_weight = carray(numbers_at(r[6], zero), (2, Ho))
    column_weight = carray(numbers_at(r[7], zero), (2, Wo))
    while True:
        n = fetch_add(r, 0, 1)
        if n >= images:
            return
        if H <= Ho:  # columns first: fewer pixels
            for h in range(H):
                row = buffer[h * Wo : h * Wo + Wo]
                _mix_columns(x[(n * H + h) * W :], column_at, column_weight, row)
        for h in range(Ho):
            a, b, at = row_at[0, h], row_at[1, h], (n * Ho + h) * Wo
            if H <= Ho:
                _mix(buffer, a * Wo, b * Wo, row_weight[0, h], row_weight[1, h], y, at, Wo)
            else:
                a, b = (n * H + a) * W, (n * H + b) * W
                _mix(x, a, b, row_weight[0, h], row_weight[1, h], buffer, 0, W)
                _mix_columns(buffer, column_at, column_weight, y[at : at + Wo])


@lru_cache(maxsize=1)
def _interpolation_job():
    return job(_interpolate_float32)


@helper
def _mix_columns(x, places, weights, y):
    for w in range(np.uintp(y.size)):
        y[w] = x[places[0, w]] * weights[0, w] + x[places[1, w]] * weights[1, w]


@intrinsic
def _mix(_, x, s, t, a, b, y, to, count):
    """Fill ``count`` numbers of ``y[to:]`` with a x[s:] + b x[t:]."""
    i, real = types.intp, types.float32
    signature = types.void(x, i, i, real, real, y, i, i)

    def generate(context, builder, signature, arguments):
        x, *places, a, b, y, to, count = data_of(context, builder, signature.args, arguments)
        vector, fma = vector_type(builder, x.type.pointee)
        a, b = (spread(builder, weight, vector) for weight in (a, b))
        with each_vector(builder, count, vector.count) as (l, mask):
            at = [vector_at(builder, x, builder.add(place, l), vector) for place in places]
            v, w = (load_masked(builder, place, vector, mask) for place in at)
            mixed = builder.call(fma, [a, v, builder.fmul(b, w)])
            store_masked(builder, mixed, vector_at(builder, y, builder.add(to, l), vector), mask)
        return context.get_dummy_value()

    return signature, generate
