"""The gradient of a convolution's weight: rows of dy times rows of pixels.

    dweight[o,k] = sum_{n,h,w} dy[n,o,h,w] x[n, c, s h + d i - p, s w + d j - p],    k = (c, i, j)

A piece of an image is read as in the forward pass (`npkpose.engine.conv_kernels`): as planes in
which tap k's pixels lie at one distance from the windows' for all windows. dy is copied into rows
of the same length, with zeros where a plane has no window. A chunk is some output and some input
channels, and goes over all pieces one after the other: sums do not depend on the number of
threads.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at, record_at
from npkpose.engine.conv_forward import address, fixed_record
from npkpose.engine.conv_kernels import odd_vectors, reach, tile_height
from npkpose.engine.conv_plan import MIN_SHARED, copy_cycles, find_axis, find_places, split_channels
from npkpose.engine.few_windows import sum_few_windows
from npkpose.engine.jobs import job, run_job
from npkpose.engine.planes import clear, copy_planes
from npkpose.engine.product_tile import product_tile
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads
from npkpose.engine.tiling import split_range
from npkpose.engine.vectors import VECTOR_BYTES, VECTORS, copy_numbers

PIECE = 1024  # windows taken at a time
FEW_WINDOWS = 128  # up to which one product of all is quickest
PLANES = 2**17  # numbers of the planes of a chunk's channels

FIELDS = (
    "next lost x x_size x_image x_plane dy dy_size dy_image dy_plane dweight buffer lines "
    "planes row_starts col_starts places placed pieces chunks dweight_size K taps C O H W Ho Wo "
    "rows cols sh sw below width copies piece_count count buffer_size lines_size"
).split()
LOST = FIELDS.index("lost")  # whether a sum is infinite or NaN
RECORD = np.dtype([(name, np.int64) for name in FIELDS])
_record = record_at(RECORD)


def sum_windows(x, dy, taps, dweight):
    """Write to ``dweight`` (O, C, kh, kw) the sums over windows of images (N, C, H, W)."""
    (N, C, H, W), (O, Ho, Wo), dtype = x.shape, dy.shape[1:], x.dtype
    if not dy.size:
        dweight[...] = 0
        return
    if N * Ho * Wo <= FEW_WINDOWS:
        sum_few_windows(x, dy, taps, dweight)
        return
    plan = _plan(N, C, O, (H, W), (Ho, Wo), taps, num_threads(), x.itemsize)
    fixed, _, threads, buffer_size, lines_size = plan
    buffer = scratch((threads, buffer_size), dtype, "planes")
    lines = scratch((threads, lines_size), dtype, "rows")
    first = [0, 0]
    for array in x, dy:
        first += address(array), reach(array), *(n // x.itemsize for n in array.strides[:2])
    first += address(dweight), address(buffer), address(lines)
    record = fixed.copy()
    record[: len(first)] = first
    run_job(_weight_job(dtype).address, record, threads)
    if record[LOST]:
        _sum_exactly(x, dy, taps, dweight)


@lru_cache(maxsize=4096)
def _plan(N, C, O, image, size, taps, threads, itemsize):
    """Return a record of what does not change, arrays that it speaks of, threads and buffers."""
    (Ho, Wo), lanes, K = size, VECTOR_BYTES // itemsize, len(taps.w_taps)
    row, col = _axes(C, O, size, taps)
    width = Wo + col.extra
    pieces = _pieces(N, Ho, row.extra, width)
    longest = max(m * (b - a + row.extra) for _, m, a, b in pieces) * width
    longest = -(-longest // lanes) * lanes + 4 * lanes
    per_channel = len(row.starts) * len(col.starts) * longest
    if N * Ho * Wo * C * O * K < MIN_SHARED:
        threads = 1
    inputs, outputs = _parts(C, O, per_channel, threads)
    chunks = [(*c, *o) for c in inputs for o in outputs]
    planes = [
        (p * len(col.starts) + q, down, right) for p, down in row.taps for q, right in col.taps
    ]
    arrays = {
        "planes": np.array(planes, np.int64), "row_starts": np.array(row.starts),
        "col_starts": np.array(col.starts), "pieces": np.array(pieces, np.int64),
        "chunks": np.array(chunks, np.int64),
        "places": find_places(row, col, taps.stride, image, size),
    }  # fmt: skip
    in_place = (
        taps.stride == (1, 1) and row.starts == col.starts == (0,)
        and (Ho + row.extra, width) == tuple(image)
    )  # fmt: skip
    numbers = {
        "K": C * K, "taps": K, "C": C, "O": O, "H": image[0], "W": image[1], "Ho": Ho, "Wo": Wo,
        "sh": taps.stride[0], "sw": taps.stride[1], "rows": len(row.starts),
        "cols": len(col.starts), "below": row.extra, "width": width, "copies": not in_place,
        "piece_count": len(pieces), "count": len(chunks), "dweight_size": O * C * K,
        "buffer_size": max(b - a for a, b in inputs) * per_channel,
        "lines_size": max(b - a for a, b in outputs) * longest,
        "placed": arrays["places"].size,
    }  # fmt: skip
    record = fixed_record(FIELDS, arrays, numbers)
    threads = min(threads, len(chunks))
    return record, arrays, threads, numbers["buffer_size"], numbers["lines_size"]


def _axes(C, O, size, taps):
    """Return the `Axis` of rows and that of columns: the cheapest of three ways."""
    axes, stride = taps[:2], taps.stride
    ways = [
        _estimate(C, O, size, stride, *(find_axis(*axis) for axis in zip(axes, stride, unfold)))
        for unfold in ((False, False), (False, len(taps.cols) > 1), (len(taps.rows) > 1,) * 2)
    ]
    return min(ways, key=lambda way: way[0])[1:]


def _pieces(N, Ho, below, width):
    """Return pieces (first image, images, first row, end) of about PIECE windows."""
    m = max(1, min(N, PIECE // ((Ho + below) * width)))
    if m > 1:
        return [(n, min(m, N - n), 0, Ho) for n in range(0, N, m)]
    count = -(-Ho * width // PIECE)
    return [(n, 1, a, b) for n in range(N) for a, b in split_range(Ho, count)]


def _parts(C, O, per_channel, threads):
    """Return parts of the input and of the output channels: about two chunks for each thread."""
    wanted = 2 * threads if threads > 1 else 1
    inputs = split_range(C, max(-(-C * per_channel // PLANES), wanted))
    return inputs, split_channels(O, -(-wanted // len(inputs)))


def _sum_exactly(x, dy, taps, dweight):
    """Write to ``dweight`` its sum where pixels are infinite or NaN.

    Chunks multiply the pixels between windows by zeros, which makes such pixels NaN.
    """
    dweight[...] = 0
    for n in range(len(x)):
        part = np.empty_like(dweight)
        sum_few_windows(x[n : n + 1], dy[n : n + 1], taps, part)
        dweight += part


def _estimate(C, O, size, stride, row, col):
    """Return (cycles, row, col): what one way of reading pixels takes for each image."""
    width = size[1] + col.extra
    products = (size[0] + row.extra) * width * C * len(row.taps) * len(col.taps) * O
    return products / 32 + copy_cycles(C, size[0], row, col, width, stride), row, col


def _float32(record, thread):
    _take_chunks(record, thread, np.float32(0))


def _float64(record, thread):
    _take_chunks(record, thread, np.float64(0))


@lru_cache(maxsize=2)
def _weight_job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _take_chunks(record, thread, zero):
    r, taken = _record(record), carray(numbers_at(record, 0), LOST + 1)
    while True:
        i = fetch_add(taken, 0, 1)
        if i >= r.count:
            return
        first, last, o, end = carray(numbers_at(r.chunks, 0), (r.count, 4))[i]
        pieces = carray(numbers_at(r.pieces, 0), (r.piece_count, 4))
        dweight = carray(numbers_at(r.dweight, zero), r.dweight_size)
        for c in range(o, end):
            clear(dweight, c * r.K + first * r.taps, (last - first) * r.taps)
        for j in range(r.piece_count):
            _add_piece(r, pieces[j], first, last, o, end, thread, zero)
        for c in range(o, end):
            if _count_lost(dweight, c * r.K + first * r.taps, (last - first) * r.taps):
                fetch_add(taken, LOST, 1)


@helper
def _count_lost(values, start, count):
    """Return how many numbers from ``start`` on are infinite or NaN."""
    lost, start = 0, np.uintp(start)
    for k in range(np.uintp(count)):
        difference = values[start + k] - values[start + k]
        lost += difference != 0
    return lost


@helper
def _add_piece(r, piece, first, last, o, end, thread, zero):
    """Add what the windows of a piece give for channels first to last, and outputs o to end."""
    x = carray(numbers_at(r.x, zero), r.x_size)
    lanes = VECTOR_BYTES // x.itemsize
    n, m, a, b = piece
    rows, width = b - a + r.below, r.width
    windows = ((m - 1) * rows + b - a - 1) * width + r.Wo
    length = -(-windows // lanes) * lanes
    seen, at, apart = x, n * r.x_image + first * r.x_plane + a * width, r.x_plane
    reach = at + (last - first - 1) * apart + r.below * width + width - r.Wo + length
    if r.copies or m > 1 or reach > r.x_size:
        buffer = r.buffer + thread * r.buffer_size * x.itemsize
        seen, at = carray(numbers_at(buffer, zero), r.buffer_size), 0
        apart = odd_vectors(m * rows * width, lanes)
        copy_planes(r, x, n, m, a, rows, first, last, apart, seen)
    K, planes = (last - first) * r.taps, carray(numbers_at(r.planes, 0), (r.taps, 3))
    offsets = np.empty(K, np.int64)
    for k in range(K):
        c, tap = k // r.taps, k % r.taps
        plane = c * r.rows * r.cols + planes[tap, 0]
        offsets[k] = plane * apart + planes[tap, 1] * width + planes[tap, 2]
    lines = carray(numbers_at(r.lines + thread * r.lines_size * x.itemsize, zero), r.lines_size)
    line = odd_vectors(length - lanes, lanes)
    _lay_lines(r, piece, o, end, length, line, lines, zero)
    dweight = carray(numbers_at(r.dweight, zero), r.dweight_size)
    c = o
    while c < end:
        P = tile_height(end - c)
        for k in range(0, K, VECTORS):
            product_tile(
                P, min(VECTORS, K - k), lines, (c - o) * line, line, seen, at, offsets, k, length,
                dweight, c * r.K + first * r.taps + k, r.K,
            )  # fmt: skip
        c += P


@helper
def _lay_lines(r, piece, o, end, length, line, lines, zero):
    """Copy dy of outputs o to end to lines, with zeros where the planes have no window."""
    dy = carray(numbers_at(r.dy, zero), r.dy_size)
    n, m, a, b = piece
    rows = b - a + r.below
    for c in range(o, end):
        clear(lines, (c - o) * line, length)
        for i in range(m):
            s = (n + i) * r.dy_image + c * r.dy_plane + a * r.Wo
            t = (c - o) * line + i * rows * r.width
            if r.width == r.Wo:
                copy_numbers(dy, s, lines, t, (b - a) * r.Wo)
            else:
                for h in range(b - a):
                    copy_numbers(dy, s + h * r.Wo, lines, t + h * r.width, r.Wo)
