"""A job for convolutions of each channel by a kernel of its own, with an activation; float32.

    y[c,h,w] = act(bias[c] + sum_{i,j} weight[c,i,j] x[c, s h + d i - p, s w + d j - p])

A step of a `npkpose.engine.program.Program`. All windows of a channel are one line of numbers.
Where the image is as large as y, a kernel tap sees the same line, shifted: window l sees pixel
l + W t_i + t_j. With a stride s the image is first copied to s x s planes as large as y, whose
pixels lie s apart in the image; a tap is then a shift of one plane. A mask for each tap and each
vector of windows says which lanes see a pixel inside of the image. Other pixels are not read.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray, cgutils, intrinsic, ir, types
from npkpose.engine.activations import CLIP, NONE, Vector, activate
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import Epilogue
from npkpose.engine.jobs import job
from npkpose.engine.planes import copy_apart
from npkpose.engine.threads import num_threads
from npkpose.engine.vectors import (
    VECTOR_BYTES,
    data_of,
    load_masked,
    mask_below,
    number,
    split_pairs,
    spread,
    store_masked,
    vector_at,
    vector_type,
)

LINE = 2**12  # windows that a thread takes at once, at least
LANES = VECTOR_BYTES // 4
AT_ONCE = 4  # vectors


def add_channels(program, x, weight, bias, y, window, activation=None):
    """Append a depthwise convolution of contiguous images (N, C, H, W) to a program.

    ``window`` is (kernel size, dilation, rows and columns of zeros before the image, stride).
    """
    (N, C, H, W), size = x.shape, y.shape[2:]
    found = _line((H, W), size, window)
    if found is None or LANES < 8:
        epilogue = Epilogue(shift=bias, activation=activation)
        program.add_convolution(x, weight, y, window, C, epilogue)
        return
    offsets, masks, planes = found
    buffers = np.empty((num_threads(), len(planes) * size[0] * size[1] + LANES), np.float32)
    bias = np.zeros(C, np.float32) if bias is None else bias
    kind, *numbers = activation or (NONE, 0.0, 0.0)
    bounds = numbers if kind == CLIP else (-np.inf, np.inf)
    kind, numbers = NONE if kind == CLIP else kind, np.array([*numbers, *bounds], np.float32)
    record = [N * C, C, H, W, *size, window[3][0], window[3][1], len(offsets), len(planes), kind]
    arrays = x, y, np.ascontiguousarray(weight), bias, offsets, masks, planes, buffers, numbers
    program.add_numbers(_job(), record, y.size * len(offsets), *arrays)


@lru_cache(maxsize=256)
def _line(image, size, window):
    """Return offsets of taps, masks (vectors, taps) and planes (n, 2); None where none fit."""
    axes = [_axis(*numbers) for numbers in zip(image, size, *window)]
    if None in axes:
        return None
    (row_phases, rows), (column_phases, columns) = axes
    planes = [(p, q) for p in row_phases for q in column_phases]
    offsets, inside = [], []
    for p, down, seen_rows in rows:
        for q, right, seen_columns in columns:
            offsets.append((planes.index((p, q)) * size[0] + down) * size[1] + right)
            inside.append(np.outer(seen_rows, seen_columns).reshape(-1))
    lanes = np.zeros((len(inside), -(-size[0] * size[1] // LANES), LANES), bool)
    lanes.reshape(len(inside), -1)[:, : size[0] * size[1]] = inside
    masks = (lanes << np.arange(LANES)).sum(axis=2).astype(np.uint16)
    planes = np.array(planes if window[3] != (1, 1) else [], np.int64).reshape(-1, 2)
    return np.array(offsets, np.int64), np.ascontiguousarray(masks.T), planes


def _axis(n, size, k, d, p, s):
    """Return the phases, and (phase, shift, windows that see a pixel) of each tap, or None."""
    taps = []
    for t in (d * i - p for i in range(k)):
        pixels = s * np.arange(size) + t
        inside = (pixels >= 0) & (pixels < n)
        if pixels[inside].max(initial=0) >= s * size or s == 1 and n != size:
            return None  # beyond the planes
        taps.append((t % s, t // s, inside))
    return sorted({phase for phase, *_ in taps}), taps


def _convolve_float32(record, thread):
    r = carray(numbers_at(record, 0), 21)
    zero = np.float32(0)
    images, C, pixels, size, taps = r[10], r[11], r[12] * r[13], r[14] * r[15], r[18]
    planes, room = carray(numbers_at(r[7], 0), (r[19], 2)), r[19] * size + LANES
    x = carray(numbers_at(r[1], zero), images * pixels)
    y = carray(numbers_at(r[2], zero), images * size)
    weight, bias = carray(numbers_at(r[3], zero), C * taps), carray(numbers_at(r[4], zero), C)
    offsets = carray(numbers_at(r[5], 0), taps)
    masks = carray(numbers_at(r[6], np.uint16(0)), taps * ((size + LANES - 1) // LANES))
    memory = carray(numbers_at(r[8] + thread * room * 4, zero), room)
    numbers = carray(numbers_at(r[9], zero), 4)
    at_once = max(1, LINE // size)
    while True:
        first = fetch_add(r, 0, 1) * at_once
        if first >= images:
            return
        for image in range(first, min(first + at_once, images)):
            c, to, seen, at = image % C, image * size, x, image * pixels
            if len(planes):
                _copy_planes(x, at, planes, memory, r)
                seen, at = memory, 0
            _sum_taps(seen, at, offsets, masks, weight, c * taps, bias[c], numbers, y, to, size)
            if r[20] != NONE:
                activate(r[20], y, to, 0, 1, size, numbers[0], numbers[1])


@lru_cache(maxsize=1)
def _job():
    return job(_convolve_float32)


@helper
def _copy_planes(x, at, planes, memory, r):
    """Copy the pixels of planes that are inside of the image."""
    H, W, Ho, Wo, sh, sw = r[12], r[13], r[14], r[15], r[16], r[17]
    k = 0
    while k < len(planes):
        row, column = planes[k]
        pairs = sw == 2 and column == 0 and k + 1 < len(planes) and planes[k + 1, 1] == 1
        width, rows = (W - 1 - column) // sw + 1, min((H - 1 - row) // sh + 1, Ho)
        for h in range(rows):
            s, t = at + (sh * h + row) * W + column, (k * Ho + h) * Wo
            if pairs:
                split_pairs(x, s, min(W, 2 * Wo), memory, t, t + Ho * Wo)
            else:
                copy_apart(x, s, sw, memory, t, min(width, Wo))
        k += 2 if pairs else 1


@intrinsic
def _sum_taps(_, x, x_at, offsets, masks, w, w_at, bias, numbers, y, y_at, count):
    """Write to ``y`` the sums over all taps for ``count`` windows, some vectors at a time.

    They are kept between ``numbers[2]`` and ``numbers[3]``.
    """
    i = types.intp
    signature = types.void(x, i, offsets, masks, w, i, bias, numbers, y, i, i)

    def generate(context, b, signature, arguments):
        taps = context.make_array(offsets)(context, b, arguments[2]).nitems
        x, x_at, *others, limits, y, y_at, count = data_of(context, b, signature.args, arguments)
        vector, _ = vector_type(b, x.type.pointee)
        limits = [spread(b, b.load(b.gep(limits, [number(n)])), vector) for n in (2, 3)]
        limits = [Vector(b, limit) for limit in limits]
        block = number(AT_ONCE * LANES)
        many = b.mul(b.sdiv(count, block), block)
        for first, end, V in ((number(0), many, AT_ONCE), (many, count, 1)):
            with cgutils.for_range_slice(b, first, end, number(V * LANES)) as (l, _):
                totals = _products(b, V, vector, taps, b.gep(x, [b.add(x_at, l)]), l, *others)
                for v, total in enumerate(totals):
                    place = b.add(l, number(v * LANES))
                    mask = mask_below(b, b.sub(count, place), LANES)
                    place = vector_at(b, y, b.add(y_at, place), vector)
                    store_masked(b, Vector(b, b.load(total)).between(*limits).value, place, mask)
        return context.get_dummy_value()

    return signature, generate


def _products(b, V, vector, taps, x, l, offsets, masks, w, w_at, bias):
    """Write the sums of V vectors of windows from l on; return where they are."""
    totals = [cgutils.alloca_once(b, vector) for _ in range(V)]
    for total in totals:
        b.store(spread(b, bias, vector), total)
    bits, lanes = ir.IntType(LANES), ir.VectorType(ir.IntType(1), LANES)
    masks = b.gep(masks, [b.mul(b.sdiv(l, number(LANES)), taps)])
    _, fma = vector_type(b, bias.type)
    with cgutils.for_range_slice(b, number(0), taps, number(1)) as (t, _):
        factor = spread(b, b.load(b.gep(w, [b.add(w_at, t)])), vector)
        seen = b.gep(x, [b.load(b.gep(offsets, [t]))])
        for v, total in enumerate(totals):
            mask = b.load(b.gep(masks, [b.add(t, b.mul(taps, number(v)))]))
            mask = b.bitcast(mask if LANES == 16 else b.trunc(mask, bits), lanes)
            pixels = load_masked(b, vector_at(b, seen, number(v * LANES), vector), vector, mask)
            b.store(b.call(fma, [factor, pixels, b.load(total)]), total)
    return totals
