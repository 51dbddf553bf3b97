"""A convolution's chunks, compiled: from pixels to sums to the epilogue, a tile at a time.

A chunk is some rows of windows of one image, or some small images, for some output channels. Its
pixels are read where they lie, or are first copied with zeros around them, as planes

    plane[c, p, q][r, w] = x[c, sh r + row_starts[p], sw w + col_starts[q]]

whose rows have ``width`` pixels. Window (h, w) sees kernel tap (i, j) at one place of one plane
for all windows (`npkpose.engine.conv_plan`), so windows are counted through the rows of planes,
over their ends: l = width h + w. Those between the ends of rows are computed and left out of
``y``; ``by_rows``, tiles begin anew in each row instead.
"""

from functools import lru_cache

import numpy as np
from numba import carray

from npkpose._jit import kernel
from npkpose.engine.atomics import fetch_add, numbers_at, record_at
from npkpose.engine.jobs import job
from npkpose.engine.register_tile import tile
from npkpose.engine.vectors import ROWS, VECTOR_BYTES, VECTORS, copy_every_second, copy_numbers

DEPTH = 512  # terms of a sum taken at once: their pixels stay in the second cache
GROUPS = 4  # tiles side by side that share the weights they read

# What a job is told, addresses and numbers; those before "planes" are new in each call. Image n,
# channel c, term k and window (h, w) have
#     weight[n w_image + c w_row + w_offsets[k]],  y[n y_image + c y_plane + h y_row + w y_col]
FIELDS = (
    "next x x_size x_image x_plane weight w_size y y_size y_image y_plane y_row y_col "
    "buffer sums scale shift residual residual_size relu "
    "planes w_offsets row_starts col_starts places placed chunks count K C O H W Ho Wo rows cols "
    "sh sw below width w_row w_image own copies by_rows buffer_size"
).split()
RECORD = np.dtype([(name, np.int64) for name in FIELDS])
_record = record_at(RECORD)


@kernel
def fill_record(
    record, fixed, x, weight, y, buffers, sums, scale, shift, residual, has_residual, relu
):  # fmt: skip
    """Write to ``record`` what is fixed, and the arrays of a call; see `FIELDS` for the order."""
    record[:] = fixed
    size = x.itemsize
    record[1], record[2] = x.ctypes.data, _reach(x)
    record[3], record[4] = x.strides[0] // size, x.strides[1] // size
    record[5], record[6] = weight.ctypes.data, _reach(weight)
    record[7], record[8] = y.ctypes.data, _reach(y)
    for axis in range(4):
        record[9 + axis] = y.strides[axis] // size
    record[13], record[14] = buffers.ctypes.data, sums.ctypes.data
    record[15], record[16] = scale.ctypes.data, shift.ctypes.data
    record[17], record[18] = residual.ctypes.data, record[8] if has_residual else 0
    record[19] = relu


@kernel
def _reach(array):
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


@kernel
def _next_chunk(record):
    """Take the next chunk of a convolution; return its number, or -1 if none is left."""
    i = fetch_add(carray(numbers_at(record, 0), 1), 0, 1)
    return i if i < _record(record).count else -1


@kernel
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
    reach = at + (r.C - 1) * apart + r.below * width + width - r.Wo + windows + -each % lanes
    if r.copies or reach > r.x_size:
        buffer = r.buffer + thread * r.buffer_size * x.itemsize
        seen, at = carray(numbers_at(buffer, zero), r.buffer_size), 0
        apart = odd_vectors(m * rows * width, lanes)
        copy_planes(r, x, n, m, a, rows, 0, r.C, apart, seen)
    planes, offsets = carray(numbers_at(r.planes, 0), (r.K, 3)), np.empty(r.K, np.int64)
    for k in range(r.K):
        offsets[k] = planes[k, 0] * apart + planes[k, 1] * width + planes[k, 2]
    for h in range(lines):  # one call for both ways: it would be compiled for each
        _line(r, chunk, thread, seen, at, offsets, h, each, zero)


@kernel
def _line(r, chunk, thread, seen, at, offsets, h, windows, zero):
    """Sum ``windows`` windows from row h of a chunk on; some tiles of them at a time."""
    n, m, a, _, first_channel, end_channel = chunk
    y = carray(numbers_at(r.y, zero), r.y_size)
    weight = carray(numbers_at(r.weight, zero), r.w_size)
    own = n * r.own * y.itemsize
    scale = carray(numbers_at(r.scale + own, zero), r.O)
    shift = carray(numbers_at(r.shift + own, zero), r.O)
    residual = carray(numbers_at(r.residual, zero), r.residual_size)
    w_offsets, lanes = carray(numbers_at(r.w_offsets, 0), r.K), VECTOR_BYTES // y.itemsize
    group = VECTORS * lanes
    block = GROUPS * group
    sums = carray(numbers_at(r.sums + thread * r.O * block * y.itemsize, zero), r.O * block)
    lowest = zero if r.relu else zero - np.inf
    contiguous = m == 1 and r.width == r.Wo and (r.y_row == r.Wo or r.Ho == 1)
    direct = r.y_col == 1 and (r.by_rows or contiguous)
    y_line = n * r.y_image + (a + h) * r.y_row
    for start in range(0, windows, block):
        length = min(block, windows - start)
        for k in range(0, r.K, DEPTH):
            stop = min(r.K, k + DEPTH)
            c = first_channel
            while c < end_channel:
                P = tile_height(end_channel - c)
                for l in range(start, start + length, group):
                    count = min(group, start + length - l)
                    V = (count + lanes - 1) // lanes
                    at_sums = (c - first_channel) * block + l - start
                    tile(
                        P, V, seen, at + h * r.width + l, offsets, k, stop,
                        weight, n * r.w_image + c * r.w_row, r.w_row, w_offsets,
                        sums, at_sums, block, k > 0, y, y_line + c * r.y_plane + l, r.y_plane,
                        count if direct and stop == r.K else 0, scale, shift, c, residual, lowest,
                    )  # fmt: skip
                    if stop == r.K and not direct:
                        _spread_out(
                            r, chunk, c, P, h * r.width + l, count, sums, at_sums, block,
                            scale, shift, residual, lowest, y,
                        )  # fmt: skip
                c += P


@kernel
def odd_vectors(size, lanes):
    """Return a distance of rows, at least ``size`` and a vector: an odd number of vectors.

    Rows that are a power of two apart would compete for the same lines of the cache.
    """
    vectors = -(-size // lanes) + 1
    return lanes * (vectors + 1 - vectors % 2)


@kernel
def tile_height(rows):
    """Return the height of the highest tile that fits into some rows."""
    if rows >= ROWS:
        return ROWS
    return ROWS // 2 if rows >= ROWS // 2 else 1


@kernel
def copy_planes(r, x, n, m, a, rows, first_channel, end_channel, apart, planes):
    """Copy rows ``a`` to ``a + rows`` of images n to n + m to planes ``apart`` numbers apart."""
    if r.placed and a == 0 and rows == r.Ho + r.below:
        _copy_places(r, x, n, m, rows, first_channel, end_channel, apart, planes)
        return
    row_starts = carray(numbers_at(r.row_starts, 0), r.rows)
    col_starts = carray(numbers_at(r.col_starts, 0), r.cols)
    sh, sw, width = r.sh, r.sw, r.width
    for c in range(first_channel, end_channel):
        for p in range(r.rows):
            first, last = -(row_starts[p] // sh), (r.H - 1 - row_starts[p]) // sh + 1
            top = min(max(first, a), a + rows)
            bottom = max(min(last, a + rows), top)
            for q in range(r.cols):
                left = col_starts[q]
                low = min(max(-(left // sw), 0), width)
                high = max(min((r.W - 1 - left) // sw + 1, width), low)
                t = (((c - first_channel) * r.rows + p) * r.cols + q) * apart
                source = n * r.x_image + c * r.x_plane + row_starts[p] * r.W + left + sw * low
                for i in range(m):
                    clear(planes, t, (top - a) * width)
                    s, at = source + sh * top * r.W, t + (top - a) * width
                    _copy_rows(r, x, s, planes, at, bottom - top, low, high)
                    clear(planes, t + (bottom - a) * width, (a + rows - bottom) * width)
                    t += rows * width
                    source += r.x_image
                clear(planes, t, VECTOR_BYTES // x.itemsize)  # tiles read whole vectors


@kernel
def _copy_places(r, x, n, m, rows, first_channel, end_channel, apart, planes):
    """Copy the pixels of whole images with short rows, one by one."""
    pixels, size = r.H * r.W, np.uintp(rows * r.width)
    places = carray(numbers_at(r.places, 0), r.placed)
    channel = np.empty(pixels + 1, x.dtype)
    channel[pixels] = 0
    t = 0
    for c in range(first_channel, end_channel):
        for i in range(m):
            copy_numbers(x, (n + i) * r.x_image + c * r.x_plane, channel, 0, pixels)
            for p in range(r.rows * r.cols):
                start, first = np.uintp(t + p * apart + i * rows * r.width), np.uintp(p) * size
                for l in range(size):
                    planes[start + l] = channel[np.uintp(places[first + l])]
        for _ in range(r.rows * r.cols):
            clear(planes, t + m * rows * r.width, VECTOR_BYTES // x.itemsize)
            t += apart


@kernel
def _copy_rows(r, x, s, planes, t, rows, low, high):
    """Copy pixels for columns ``low`` to ``high`` of some rows; the others are zeros."""
    width = r.width
    if r.sh == r.sw == 1 and width == r.W and rows > 0:  # they follow each other
        copy_numbers(x, s, planes, t + low, (rows - 1) * width + high - low)
        for l in range(low + width - high):
            column = np.uintp(t + (l if l < low else high + l - low))
            for h in range(np.uintp(rows)):
                planes[column + h * np.uintp(width)] = 0
        return
    for _ in range(rows):
        clear(planes, t, low)
        _copy_apart(x, s, r.sw, planes, t + low, high - low)
        clear(planes, t + high, width - high)
        s, t = s + r.sh * r.W, t + width


@kernel
def clear(target, t, count):
    """Set ``count`` numbers from t on to zero."""
    t = np.uintp(t)
    for l in range(np.uintp(count)):
        target[t + l] = 0


@kernel
def _copy_apart(source, s, step, target, t, count):
    """Copy ``count`` numbers, ``step`` apart, from s on to t; unsigned indices vectorise."""
    if step == 1:
        copy_numbers(source, s, target, t, count)
    elif step == 2 and count > 0:
        copy_every_second(source, s, target, t, count)
    else:
        s, t, step = np.uintp(s), np.uintp(t), np.uintp(step)
        for l in range(np.uintp(count)):
            target[t + l] = source[s + step * l]


@kernel
def _spread_out(
    r, chunk, channel, P, start, count, sums, s, apart, scale, shift, residual, lowest, y
):  # fmt: skip
    """Write sums of P channels for windows from ``start`` on where ``y`` has gaps between them."""
    n, _, a, b, _, _ = chunk
    rows, step, l = b - a + r.below, np.uintp(r.y_col), 0
    while l < count:
        row, w = (start + l) // r.width, (start + l) % r.width
        i, h = row // rows, row % rows
        some = min(r.Wo - w, count - l)
        if h < b - a and some > 0:
            at = (n + i) * r.y_image + channel * r.y_plane + (a + h) * r.y_row + w * r.y_col
            for p in range(P):
                t, f = np.uintp(at + p * r.y_plane), np.uintp(s + p * apart + l)
                factor, offset = scale[channel + p], shift[channel + p]
                for j in range(np.uintp(some)):
                    v = factor * sums[f + j] + offset
                    if residual.size:
                        v += residual[t + j * step]
                    y[t + j * step] = lowest if v < lowest else v
        l += r.width - w
