"""The gradient of a convolution's weight where there are few windows: one product.

    dweight[o,k] = sum_l dy[o,l] seen[l,k]        for windows l of all images, k = (c, i, j)

What windows see is written out, once for each kernel tap. For many windows that would take longer
than the product (`npkpose.engine.conv_weight`). Pixels between windows are not read, so an
infinite one changes no more than it should.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import Taps, address, sum_taps
from npkpose.engine.jobs import job, run_job
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads

# Two threads never write to one cache line:
AT_ONCE = 16  # channels that a thread takes
APART = 32  # numbers between threads' buffers, at least
MIN_SHARED = 2**14  # numbers below which one thread is quickest


def sum_few_windows(x, dy, taps, dweight):
    """Write to ``dweight`` (O, C, kh, kw) the sums over windows of images (N, C, H, W)."""
    (N, C, H, W), (O, Ho, Wo), size = x.shape, dy.shape[1:], x.itemsize
    L, K, x = Ho * Wo, C * len(taps.w_taps), np.ascontiguousarray(x)
    seen, threads = scratch((1, N, L, K), x.dtype, "windows"), num_threads()
    places = _places(taps, (H, W), (Ho, Wo))
    buffers = scratch((threads, H * W + APART), x.dtype, "planes")
    arrays = map(address, (x, places, buffers, seen))
    threads = threads if N * L * K >= MIN_SHARED else 1
    record = np.array([0, *arrays, N, C, H * W, L, len(taps.w_taps)], np.int64)
    run_job(_job(x.dtype).address, record, threads)
    image, row, _, pixel = (n // size for n in dy.strides)
    rows = Taps(tuple(range(L)), (0,), (1, 1), row, image, tuple(range(0, L * pixel, pixel)))
    sum_taps(seen, dy, rows, dweight.reshape(1, O, 1, K))


@lru_cache(maxsize=64)
def _places(taps, image, size):
    """Return each window's pixels in a channel (L, taps), and H W where it sees none."""
    (H, W), axes = image, zip(taps.stride, size, taps[:2])
    rows, cols = (np.add.outer(s * np.arange(n), t) for s, n, t in axes)  # (Ho, kh), (Wo, kw)
    rows, cols = rows[:, None, :, None], cols[:, None]
    inside = (rows >= 0) & (rows < H) & (cols >= 0) & (cols < W)
    return np.where(inside, W * rows + cols, H * W).reshape(size[0] * size[1], -1)


def _float32(record, thread):
    _lay_channels(record, thread, np.float32(0))


def _float64(record, thread):
    _lay_channels(record, thread, np.float64(0))


@lru_cache(maxsize=2)
def _job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _lay_channels(record, thread, zero):
    """Take channels of all images, and write what windows see of them."""
    r = carray(numbers_at(record, 0), 10)
    N, C, pixels, L, taps = r[5], r[6], r[7], r[8], r[9]
    x = carray(numbers_at(r[1], zero), (N, C, pixels))
    places = carray(numbers_at(r[2], 0), L * taps)
    channel = carray(numbers_at(r[3] + thread * (pixels + APART) * x.itemsize, zero), pixels + 1)
    seen = carray(numbers_at(r[4], zero), N * L * C * taps)
    channel[pixels] = 0
    while True:
        start = AT_ONCE * fetch_add(r, 0, 1)
        if start >= C:
            return
        for c in range(start, min(start + AT_ONCE, C)):
            for n in range(N):
                for pixel in range(pixels):
                    channel[pixel] = x[n, c, pixel]
                t = np.uintp(n * L * C * taps + c * taps)
                for l in range(L):
                    first = np.uintp(l * taps)
                    for k in range(np.uintp(taps)):
                        seen[t + k] = channel[np.uintp(places[first + k])]
                    t += np.uintp(C * taps)
