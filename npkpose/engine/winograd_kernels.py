"""The jobs of a Winograd convolution, compiled: its weights, then its chunks; float32.

A thread takes a chunk through all three stages, so that transformed pixels and products stay in
its cache: it transforms the pixels of all input channels; then, for some output channels at a
time, has 36 matrices multiplied by the job of a convolution (`npkpose.engine.conv_kernels`), and
transforms the products. `npkpose.engine.winograd_plan` says what a line and a chunk are.

A thread's buffer has a row of zeros, then two times six rows of pixels or windows, then the
transformed pixels [36, C, patches], the products [36, channels, patches] and their partial sums.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.activations import NONE, activate
from npkpose.engine.atomics import call, fetch_add, numbers_at, record_at
from npkpose.engine.conv_kernels import FIELDS as PRODUCT_FIELDS
from npkpose.engine.conv_kernels import RECORD, copy_to_apart
from npkpose.engine.jobs import job
from npkpose.engine.planes import clear, copy_apart
from npkpose.engine.winograd_transforms import (
    finish_row,
    join_windows,
    spread_patches,
    spread_taps,
    transform_columns,
)

# What the job is told: the fields that `fill_record` writes, where "weight" are the transformed
# weights, "buffer" and "sums" the threads' numbers and integers; then what does not change.
FIELDS = PRODUCT_FIELDS[:21] + (
    "product_record record_size job chunks count C O H W Ho Wo top left dilation down across "
    "block w_row row rows others pixels pixels_plane products products_plane partial apart own "
    "buffer_size"
).split()
_record = record_at(np.dtype([(name, np.int64) for name in FIELDS]))
_product_record = record_at(RECORD)
INTEGERS = len(PRODUCT_FIELDS) + 36 * 6  # of a thread: the record of its products, their chunks


def _transform_weight(record, thread):
    """Transform weights (O, C, 3, 3) to (36, O, C); a row has ``w_row`` numbers."""
    r, zero = carray(numbers_at(record, 0), 7), np.float32(0)
    C, O, w_row, w_plane = r[3], r[4], r[5], r[6]
    weight, new = carray(numbers_at(r[1], zero), 9 * C * O), carray(numbers_at(r[2], zero), 1)
    o = fetch_add(r, 0, 1)
    while o < O:
        spread_taps(weight, 9 * C * o, C, new, o * w_row, w_plane)
        o = fetch_add(r, 0, 1)


@lru_cache(maxsize=1)
def weight_job():
    """Return the compiled job."""
    return job(_transform_weight)


def _convolve(record, thread):
    r, taken = _record(record), carray(numbers_at(record, 0), 1)
    chunks = carray(numbers_at(r.chunks, 0), (r.count, 4))
    address, integers = r.buffer + 4 * thread * r.buffer_size, r.sums + 8 * thread * r.own
    buffer = carray(numbers_at(address, np.float32(0)), r.buffer_size)
    i = fetch_add(taken, 0, 1)
    while i < r.count:
        a, b, first, end = chunks[i]
        clear(buffer, 0, r.pixels)
        _transform_pixels(r, a, b, address, buffer)
        for o in range(first, end, r.block):
            channels = min(r.block, end - o)
            _multiply(r, (b - a) * r.dilation * r.across, o, channels, address, integers)
            _transform_products(r, a, b, o, channels, buffer)
        i = fetch_add(taken, 0, 1)


@lru_cache(maxsize=1)
def winograd_job():
    """Return the compiled job."""
    return job(_convolve)


@helper
def _image_and_row(r, line):
    """Return the image of a line and its first row of windows."""
    d = r.dilation
    n, h = line // (d * r.down), line % (d * r.down)
    return n, 4 * d * (h % r.down) + h // r.down


@helper
def _transform_pixels(r, a, b, address, buffer):
    """Transform the pixels of all channels that lines ``a`` to ``b`` see."""
    sources, d = np.empty(6, np.int64), r.dilation
    for c in range(r.C):
        for line in range(a, b):
            n, h = _image_and_row(r, line)
            for k in range(6):
                row = h + d * k - r.top
                place = r.x + 4 * (n * r.x_image + c * r.x_plane + row * r.W)
                sources[k] = place if 0 <= row < r.H else address
            transform_columns(sources, r.W, buffer, r.rows + r.left, r.row)
            to = r.pixels + c * r.apart + (line - a) * d * r.across
            for q in range(d):
                rows = r.rows
                if d > 1:
                    rows = r.others
                    for k in range(6):
                        begin = r.rows + k * r.row + q
                        copy_apart(buffer, begin, d, buffer, rows + k * r.row, 4 * r.across + 2)
                at = to + q * r.across
                spread_patches(buffer, rows, r.row, r.across, buffer, at, r.pixels_plane)


@helper
def _multiply(r, patches, o, channels, address, integers):
    """Multiply 36 matrices of weights, of some channels from o on, with those of pixels."""
    size = r.record_size
    fixed = carray(numbers_at(r.product_record, 0), size)
    numbers = carray(numbers_at(integers, 0), size + 36 * 6)
    for k in range(size):
        numbers[k] = fixed[k]
    for k in range(36):  # chunks: image, images, rows, channels
        for field, value in enumerate((k, 1, 0, 1, 0, channels)):
            numbers[size + 6 * k + field] = value
    p = _product_record(integers)
    p.chunks = integers + 8 * size
    p.weight, p.w_size = r.weight + 4 * o * r.w_row, r.w_size - o * r.w_row
    p.x, p.y = address + 4 * r.pixels, address + 4 * r.products
    p.sums = address + 4 * r.partial
    p.W, p.Wo, p.width = patches, patches, patches
    call(r.job, integers, 0)


@helper
def _transform_products(r, a, b, o, channels, buffer):
    """Transform the products of some channels from o on, and write them to ``y``."""
    zero, d = np.float32(0), r.dilation
    y, residual = carray(numbers_at(r.y, zero), r.y_size), carray(numbers_at(r.residual, zero), 1)
    scale, shift = carray(numbers_at(r.scale, zero), r.O), carray(numbers_at(r.shift, zero), r.O)
    numbers = carray(numbers_at(r.numbers, zero), 4)
    for c in range(o, o + channels):
        for line in range(a, b):
            n, h = _image_and_row(r, line)
            s = r.products + (c - o) * r.apart + (line - a) * d * r.across
            for q in range(d):
                rows = r.rows if d == 1 else r.others
                at = s + q * r.across
                join_windows(buffer, at, r.products_plane, r.across, buffer, rows, r.row)
                for k in range(4 if d > 1 else 0):
                    to = r.rows + k * r.row + q
                    copy_to_apart(buffer, rows + k * r.row, buffer, to, d, 4 * r.across)
            for k in range(min(4, (r.Ho - 1 - h) // d + 1)):
                at = n * r.y_image + c * r.y_plane + (h + d * k) * r.Wo
                finish_row(
                    buffer, r.rows + k * r.row, y, at, r.Wo, scale[c], shift[c],
                    residual, r.residual_size > 0, numbers[0], numbers[1],
                )  # fmt: skip
                if r.kind != NONE:
                    activate(r.kind, y, at, 0, 1, r.Wo, numbers[2], numbers[3])
