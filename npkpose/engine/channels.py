"""A job for convolutions of each channel by a kernel of its own, with an activation; float32.

    y[c,h,w] = act(bias[c] + sum_{i,j} weight[c,i,j] x[c, s h + d i - p, s w + d j - p])

A step of a `npkpose.engine.program.Program`. A chunk is a band of rows of one channel. Its pixels
are copied with zeros around them, as planes whose pixels lie a stride apart in the image, so that
each kernel tap sees all windows of the band as one line of neighbours, over the ends of rows; the
sums between the ends are left out. Several taps are summed in one pass over the line.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import contracting_kernel, helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.jobs import job
from npkpose.engine.pointwise import apply
from npkpose.engine.threads import num_threads
from npkpose.engine.vectors import copy_every_second, copy_numbers

LINE = 2**12  # numbers in a band's line of windows
SPARE = 64
NONE = -1  # no activation


def add_channels(program, x, weight, bias, y, window, activation=(NONE, 0.0, 0.0)):
    """Append a depthwise convolution of contiguous images (N, C, H, W) to a program.

    ``window`` is (kernel size, dilation, rows and columns of zeros before the image, stride).
    """
    (N, C, H, W), (Ho, Wo) = x.shape, y.shape[2:]
    axes = [_axis(*numbers) for numbers in zip(*window)]
    (row_phases, rows, down), (column_phases, columns, across) = axes
    width = Wo + across
    band = max(1, min(Ho, LINE // width))
    height = band + down
    planes = [(p, q) for p in row_phases for q in column_phases]
    offsets = [
        (planes.index((p, q)) * height + r) * width + c for p, r in rows for q, c in columns
    ]
    shifts = [axis[3] for axis in map(_shifted, zip(*window))]
    tables = np.array(planes, np.int64), np.array(offsets, np.int64)
    buffer = len(planes) * height * width + SPARE
    buffers = np.zeros((num_threads(), buffer + band * width + SPARE), np.float32)
    bias = np.zeros(C, np.float32) if bias is None else bias
    kind, *numbers = activation
    numbers = np.array(numbers, np.float32)
    record = [
        N * C, C, H, W, Ho, Wo, *window[3], *shifts, width, band, height, len(planes),
        len(offsets), buffer, buffers.shape[1], kind,
    ]  # fmt: skip
    arrays = x, y, np.ascontiguousarray(weight), bias, *tables, buffers, numbers
    program.add_numbers(_job(), record, y.size * len(offsets), *arrays)


def _shifted(numbers):
    k, d, p, s = numbers
    places = [d * i - p for i in range(k)]
    phases = sorted({t % s for t in places})
    least = min(t // s for t in places)
    return places, phases, s, least


def _axis(k, d, p, s):
    """Return the phases, (phase, shift) of each tap, and the largest shift."""
    places, phases, _, least = _shifted((k, d, p, s))
    taps = [(t % s, t // s - least) for t in places]
    return phases, taps, max(shift for _, shift in taps)


def _convolve_float32(record, thread):
    r = carray(numbers_at(record, 0), 27)
    zero = np.float32(0)
    images, C, Ho, Wo, width, band = r[9], r[10], r[13], r[14], r[19], r[20]
    taps, each = r[23], r[25]
    x = carray(numbers_at(r[1], zero), images * r[11] * r[12])
    y = carray(numbers_at(r[2], zero), images * Ho * Wo)
    weight, bias = carray(numbers_at(r[3], zero), (C, taps)), carray(numbers_at(r[4], zero), C)
    planes, offsets = carray(numbers_at(r[5], 0), (r[22], 2)), carray(numbers_at(r[6], 0), taps)
    memory = carray(numbers_at(r[7] + thread * each * 4, zero), each)
    numbers = carray(numbers_at(r[8], zero), 2)
    pixels, line = memory[: r[24]], memory[r[24] :]
    bands = (Ho + band - 1) // band
    at_once = max(1, LINE // (band * width))
    while True:
        start = fetch_add(r, 0, 1) * at_once
        if start >= images * bands:
            return
        for chunk in range(start, min(start + at_once, images * bands)):
            image, first = chunk // bands, chunk % bands * band
            last = min(first + band, Ho)
            count = (last - first - 1) * width + Wo
            _copy_planes(r, x, image, first, last - first + r[21] - band, planes, pixels)
            c = image % C
            _sum_taps(pixels, offsets, weight[c], line[:count], bias[c])
            if r[26] >= 0:
                apply(line[:count], r[26], numbers[0], numbers[1])
            for h in range(first, last):
                copy_numbers(line, (h - first) * width, y, (image * Ho + h) * Wo, Wo)


@lru_cache(maxsize=1)
def _job():
    return job(_convolve_float32)


@helper
def _copy_planes(r, x, image, first, rows, planes, pixels):
    """Copy ``rows`` rows of each plane, from window row ``first`` on."""
    H, W, sh, sw, up, left, width, height = r[11], r[12], r[15], r[16], r[17], r[18], r[19], r[21]
    for k in range(len(planes)):
        q = planes[k, 1]
        low = min(max(-((sw * left + q) // sw), 0), width)  # the first column inside of the image
        high = max(min((W - 1 - q) // sw - left + 1, width), low)
        for l in range(rows):
            row, t = sh * (first + l + up) + planes[k, 0], (k * height + l) * width
            if row < 0 or row >= H:
                pixels[t : t + width] = 0
                continue
            pixels[t : t + low] = 0
            pixels[t + high : t + width] = 0
            s = (image * H + row) * W + sw * (low + left) + q
            if sw == 1:
                copy_numbers(x, s, pixels, t + low, high - low)
            elif sw == 2 and high > low:
                copy_every_second(x, s, pixels, t + low, high - low)
            else:
                for w in range(high - low):
                    pixels[t + low + w] = x[s + sw * w]


@contracting_kernel
def _sum_taps(pixels, offsets, weight, line, bias):
    """Fill ``line`` with the sums over all taps, nine, five or one in a pass."""
    t, n = 0, np.uintp(line.size)
    if len(offsets) != 9:
        line[:] = bias
    while t < len(offsets):
        left = len(offsets) - t
        if left >= 9:
            _nine(pixels, offsets, weight, t, line, bias, len(offsets) == 9)
            t += 9
        elif left >= 5:
            _five(pixels, offsets, weight, t, line)
            t += 5
        else:
            a, p = weight[t], pixels[offsets[t] :]
            for l in range(n):
                line[l] += a * p[l]
            t += 1


@contracting_kernel
def _nine(x, o, k, t, y, bias, alone):
    """Add nine taps to a line, or fill it with them and the bias."""
    a0, a1, a2, a3, a4 = k[t], k[t + 1], k[t + 2], k[t + 3], k[t + 4]
    a5, a6, a7, a8 = k[t + 5], k[t + 6], k[t + 7], k[t + 8]
    x0, x1, x2, x3, x4 = x[o[t] :], x[o[t + 1] :], x[o[t + 2] :], x[o[t + 3] :], x[o[t + 4] :]
    x5, x6, x7, x8 = x[o[t + 5] :], x[o[t + 6] :], x[o[t + 7] :], x[o[t + 8] :]
    if alone:
        for l in range(np.uintp(y.size)):
            p = a0 * x0[l] + a1 * x1[l] + a2 * x2[l] + a3 * x3[l] + bias
            y[l] = p + (a4 * x4[l] + a5 * x5[l] + a6 * x6[l] + a7 * x7[l] + a8 * x8[l])
    else:
        for l in range(np.uintp(y.size)):
            p = a0 * x0[l] + a1 * x1[l] + a2 * x2[l] + a3 * x3[l] + y[l]
            y[l] = p + (a4 * x4[l] + a5 * x5[l] + a6 * x6[l] + a7 * x7[l] + a8 * x8[l])


@contracting_kernel
def _five(x, o, k, t, y):
    a0, a1, a2, a3, a4 = k[t], k[t + 1], k[t + 2], k[t + 3], k[t + 4]
    x0, x1, x2, x3, x4 = x[o[t] :], x[o[t + 1] :], x[o[t + 2] :], x[o[t + 3] :], x[o[t + 4] :]
    for l in range(np.uintp(y.size)):
        y[l] += a0 * x0[l] + a1 * x1[l] + a2 * x2[l] + a3 * x3[l] + a4 * x4[l]
