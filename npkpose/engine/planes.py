"""Copies of pixels to planes, which the tiles of a convolution read: `npkpose.engine.conv_plan`.

    plane[c, p, q][r, w] = x[c, sh r + row_starts[p], sw w + col_starts[q]]

with zeros where the image has no such pixel. ``r`` is the record of a job.
"""

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import numbers_at
from npkpose.engine.vectors import VECTOR_BYTES, copy_every_second, copy_numbers


@helper
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


@helper
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


@helper
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
        copy_apart(x, s, r.sw, planes, t + low, high - low)
        clear(planes, t + high, width - high)
        s, t = s + r.sh * r.W, t + width


@helper
def clear(target, t, count):
    """Set ``count`` numbers from t on to zero."""
    t = np.uintp(t)
    for l in range(np.uintp(count)):
        target[t + l] = 0


@helper
def copy_apart(source, s, step, target, t, count):
    """Copy ``count`` numbers, ``step`` apart, from s on to t; unsigned indices vectorise."""
    if step == 1:
        copy_numbers(source, s, target, t, count)
    elif step == 2 and count > 0:
        copy_every_second(source, s, target, t, count)
    else:
        s, t, step = np.uintp(s), np.uintp(t), np.uintp(step)
        for l in range(np.uintp(count)):
            target[t + l] = source[s + step * l]
