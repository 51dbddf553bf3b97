"""A convolution's chunks, compiled: from pixels to sums to the epilogue, a tile at a time.

A chunk is some rows of windows of one image, or some small images, for some output channels. Its
pixels are read where they lie, or are first copied to planes (`npkpose.engine.planes`), whose rows
have ``width`` pixels. Window (h, w) sees kernel tap (i, j) at one place of one plane
for all windows (`npkpose.engine.conv_plan`), so windows are counted through the rows of planes,
over their ends: l = width h + w. Those between the ends of rows are computed and left out of
``y``; ``by_rows``, tiles begin anew in each row instead.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper, kernel
from npkpose._numba import carray
from npkpose.engine.activations import NONE, activate
from npkpose.engine.atomics import fetch_add, numbers_at, record_at
from npkpose.engine.jobs import job
from npkpose.engine.planes import copy_planes
from npkpose.engine.register_tile import tile
from npkpose.engine.vectors import (
    ROWS,
    VECTOR_BYTES,
    VECTORS,
    copy_numbers,
    copy_to_every_second,
)

# Terms of a sum taken at once, and tiles side by side that share the weights they read: pixels stay
# in the first cache if the weights stay in the second, else in the second.
NEAR_DEPTH, DEPTH, GROUPS = 320, 512, 4
FEW_WEIGHTS = 5 * 2**16
FAR_ROWS, MANY_SUMS = 1024, 64  # numbers between rows, and sums, from which on rows are packed
SHORT_SUM = 64  # terms up to which lines of y are written in one go
SUMS = GROUPS * VECTORS * VECTOR_BYTES  # bytes for each output channel

# What a job is told, addresses and numbers; those before "planes" are new in each call. Image n,
# channel c, term k and window (h, w) have
#     weight[n w_image + c w_row + w_offsets[k]],  y[n y_image + c y_plane + h y_row + w y_col]
FIELDS = (
    "next x x_size x_image x_plane weight w_size y y_size y_image y_plane y_row y_col "
    "buffer sums scale shift residual residual_size kind numbers "
    "planes w_offsets row_starts col_starts places placed chunks count K C O H W Ho Wo rows cols "
    "sh sw below width w_row w_image own copies by_rows buffer_size"
).split()
RECORD = np.dtype([(name, np.int64) for name in FIELDS])
_record = record_at(RECORD)


@kernel
def fill_record(
    record, fixed, x, weight, y, buffers, sums, scale, shift, residual, has_residual, kind, numbers
):  # fmt: skip
    """Write to ``record`` what is fixed, and the arrays of a call; see `FIELDS` for the order."""
    for field in range(fixed.size):
        record[field] = fixed[field]
    size = x.itemsize
    record[1], record[2] = x.ctypes.data, reach(x)
    record[3], record[4] = x.strides[0] // size, x.strides[1] // size
    record[5], record[6] = weight.ctypes.data, reach(weight)
    record[7], record[8] = y.ctypes.data, reach(y)
    for axis in range(4):
        record[9 + axis] = y.strides[axis] // size
    record[13], record[14] = buffers.ctypes.data, sums.ctypes.data
    record[15], record[16] = scale.ctypes.data, shift.ctypes.data
    record[17], record[18] = residual.ctypes.data, record[8] if has_residual else 0
    record[19], record[20] = kind, numbers.ctypes.data


@helper
def reach(array):
    """Return how many numbers lie from the first one of an array to the last."""
    last = 0
    for n, stride in zip(array.shape, array.strides):
        last += (n - 1) * stride
    return 1 + last // array.itemsize


def _convolve_float32(record, thread):
    i = _next_chunk(record)
    while i >= 0:
        _chunk(_record(record), i, thread, np.float32(0))
        i = _next_chunk(record)


def _convolve_float64(record, thread):
    i = _next_chunk(record)
    while i >= 0:
        _chunk(_record(record), i, thread, np.float64(0))
        i = _next_chunk(record)


@lru_cache(maxsize=2)
def convolution_job(dtype):
    """Return the compiled job for one dtype of numbers."""
    return job(_convolve_float32 if dtype == np.float32 else _convolve_float64)


@helper
def _next_chunk(record):
    """Take the next chunk of a convolution; return its number, or -1 if none is left."""
    i = fetch_add(carray(numbers_at(record, 0), 1), 0, 1)
    return i if i < _record(record).count else -1


@helper
def _chunk(r, i, thread, zero):
    """Do chunk i: find its pixels, then sum line by line of windows, or all of them as one line."""
    x = carray(numbers_at(r.x, zero), r.x_size)
    lanes = VECTOR_BYTES // x.itemsize
    chunk = carray(numbers_at(r.chunks, 0), (r.count, 6))[i]
    n, m, a, b, _, _ = chunk
    rows, width = b - a + r.below, r.width
    windows = ((m - 1) * rows + b - a - 1) * width + r.Wo
    lines, each = (b - a, r.Wo) if r.by_rows else (1, windows)
    seen, at, apart = x, n * r.x_image + a * width, r.x_plane
    own = carray(numbers_at(r.buffer + thread * r.buffer_size * x.itemsize, zero), r.buffer_size)
    reach = at + (r.C - 1) * apart + r.below * width + width - r.Wo + windows + -each % lanes
    if r.copies or reach > r.x_size:
        seen, at, own = own, 0, own[:0]
        apart = odd_vectors(m * rows * width, lanes)
        copy_planes(r, x, n, m, a, rows, 0, r.C, apart, seen)
    planes, offsets = carray(numbers_at(r.planes, 0), (r.K, 3)), np.empty(r.K, np.int64)
    for k in range(r.K):
        offsets[k] = planes[k, 0] * apart + planes[k, 1] * width + planes[k, 2]
    if r.K > r.C or r.by_rows or apart < FAR_ROWS or r.O < MANY_SUMS:
        own = own[:0]
    _sum_lines(r, chunk, thread, seen, at, offsets, own, lines, each, zero)


@helper
def _sum_lines(r, chunk, thread, seen, at, offsets, packed, lines, windows, zero):
    """Sum ``windows`` windows of each of some lines of a chunk; some tiles of them at a time.

    Pixels that the tiles need next are copied to ``packed`` first, unless it is empty.
    """
    n, m, a, _, first_channel, end_channel = chunk
    y, weight, w_offsets, scale, shift, residual, numbers = _operands(r, n, zero)
    lanes = VECTOR_BYTES // y.itemsize
    depth, groups = _terms_and_tiles(r.K, end_channel - first_channel, windows > VECTORS * lanes)
    group, block = VECTORS * lanes, groups * VECTORS * lanes
    sums = carray(numbers_at(r.sums + thread * r.O * SUMS, zero), r.O * block)
    direct = r.y_col == 1 and (r.by_rows or m == 1 and _is_contiguous(r))
    added = residual if direct else residual[:0]  # later, where it lies apart like y
    complete = added.size == residual.size
    lowest, highest = (numbers[0], numbers[1]) if complete else (zero - np.inf, zero + np.inf)
    target, target_row = (y, r.y_plane) if direct else (sums, block)
    span = min(r.K, depth) * group if packed.size else 0
    source, places = (packed, np.arange(r.K) % depth * group) if span else (seen, offsets)
    y_first, tiles = n * r.y_image + a * r.y_row, -(-windows // group)  # of a line
    for first in range(0, lines * tiles, groups):
        end = min(first + groups, lines * tiles)
        for k in range(0, r.K, depth):
            stop = min(r.K, k + depth)
            _pack(seen, at, offsets[k:stop], packed, span, group, first, min(end * group, windows))
            c = first_channel
            while c < end_channel:
                P = tile_height(end_channel - c)
                for t in range(first, end):
                    h, l = t // tiles, t % tiles * group
                    count = min(group, windows - l)
                    at_sums = (c - first_channel) * block + (t - first) * group
                    to = y_first + c * r.y_plane + h * r.y_row + l if direct else at_sums
                    tile(
                        P, -(-count // lanes), source,
                        (t - first) * span if span else at + h * r.width + l, places, k, stop,
                        weight, n * r.w_image + c * r.w_row, r.w_row, w_offsets,
                        sums, at_sums, block, k > 0, target, to, target_row,
                        count if stop == r.K else 0, scale, shift, c, added, lowest, highest,
                    )  # fmt: skip
                    if stop == r.K and complete and r.kind != NONE:
                        activate(r.kind, target, to, target_row, P, count, numbers[2], numbers[3])
                    if stop == r.K and not direct:
                        place = c, P, h * r.width + l, count
                        _spread_out(r, chunk, place, sums, at_sums, block, residual, numbers, y)
                c += P


@helper
def _is_contiguous(r):
    """Return whether windows of an image's sums follow each other, there and in ``y``."""
    return r.width == r.Wo and (r.y_row == r.Wo or r.Ho == 1)


@helper
def _pack(seen, at, offsets, packed, span, group, first, end):
    """Copy numbers of all rows from tile ``first`` on, so that each tile's lie together."""
    if span == 0:
        return
    lanes = VECTOR_BYTES // seen.itemsize
    for l in range(first * group, end, group):
        count = min(group, -(-(end - l) // lanes) * lanes)  # whole vectors: a tile reads them
        for k in range(offsets.size):
            to = (l // group - first) * span + k * group
            copy_numbers(seen, at + offsets[k] + l, packed, to, count)


@helper
def _operands(r, n, zero):
    """Return the arrays that all chunks of image n have: y, weight, its offsets, the epilogue's."""
    y = carray(numbers_at(r.y, zero), r.y_size)
    own = n * r.own * y.itemsize
    return (
        y,
        carray(numbers_at(r.weight, zero), r.w_size),
        carray(numbers_at(r.w_offsets, 0), r.K),
        carray(numbers_at(r.scale + own, zero), r.O),
        carray(numbers_at(r.shift + own, zero), r.O),
        carray(numbers_at(r.residual, zero), r.residual_size),
        carray(numbers_at(r.numbers, zero), 4),
    )


@helper
def _terms_and_tiles(K, channels, long_lines):
    """Return how many terms of a sum are taken at once, and how many tiles side by side."""
    near = SHORT_SUM < K <= FEW_WEIGHTS // channels and long_lines
    return (NEAR_DEPTH, 1) if near else (DEPTH, GROUPS)


@helper
def odd_vectors(size, lanes):
    """Return a distance of rows, at least ``size`` and a vector: an odd number of vectors.

    Rows that are a power of two apart would compete for the same lines of the cache.
    """
    vectors = -(-size // lanes) + 1
    return lanes * (vectors + 1 - vectors % 2)


@helper
def tile_height(rows):
    """Return the height of the highest tile that fits into some rows."""
    if rows >= ROWS:
        return ROWS
    return ROWS // 2 if rows >= ROWS // 2 else 1


@helper
def _spread_out(r, chunk, place, sums, s, apart, residual, numbers, y):
    """Write sums of P channels for windows from ``start`` on where ``y`` has gaps between them."""
    (n, _, a, b, _, _), (channel, P, start, count) = chunk, place
    rows, width, Wo, l = b - a + r.below, r.width, r.Wo, 0
    if r.below == 0 and width == Wo and r.y_row == Wo * r.y_col:  # rows follow each other
        rows, width, Wo = 1, rows * width, rows * width
    while l < count:
        row, w = (start + l) // width, (start + l) % width
        i, h = row // rows, row % rows
        some = min(Wo - w, count - l)
        if h < rows - r.below and some > 0:
            at = (n + i) * r.y_image + channel * r.y_plane + (a + h) * r.y_row + w * r.y_col
            for p in range(P):
                t, f = at + p * r.y_plane, s + p * apart + l
                if residual.size:
                    _add_residual(sums, f, some, residual, t, r.y_col, numbers)
                    if r.kind != NONE:
                        activate(r.kind, sums, f, 0, 1, some, numbers[2], numbers[3])
                copy_to_apart(sums, f, y, t, r.y_col, some)
        l += width - w


@helper
def _add_residual(sums, s, count, residual, t, step, bounds):
    """Add the residual to ``count`` sums, and keep them between two bounds."""
    lowest, highest = bounds[0], bounds[1]
    s, t, step = np.uintp(s), np.uintp(t), np.uintp(step)
    for j in range(np.uintp(count)):
        v = sums[s + j] + residual[t + j * step]
        v = lowest if v < lowest else v
        sums[s + j] = highest if v > highest else v


@helper
def copy_to_apart(source, s, target, t, step, count):
    """Copy ``count`` numbers to ``target``, where they are ``step`` apart."""
    if step == 1:
        copy_numbers(source, s, target, t, count)
    elif step == 2:
        copy_to_every_second(source, s, target, t, count)
    else:
        s, t, step = np.uintp(s), np.uintp(t), np.uintp(step)
        for j in range(np.uintp(count)):
            target[t + j * step] = source[s + j]
