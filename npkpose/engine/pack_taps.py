"""A weight whose kernel taps lie in the order in which a tile reads them.

With a stride s, pixels of one remainder see one kernel tap in s x s, and taps of other terms lie
in other lines of the cache (`npkpose.engine.conv_backward`). So a transposed convolution of many
pixels first copies its weight: the taps for one remainder side by side, term after term.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import address
from npkpose.engine.jobs import job, run_job
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads

AT_ONCE = 32  # rows that a thread copies together: their taps follow each other in the weight
APART = 16  # numbers between rows: else many would compete for the same lines of the cache


def pack_taps(weight, all_taps, buffer=scratch):
    """Return [(weight, `Taps`), ...] that give the sums of ``all_taps`` of a contiguous weight.

    ``weight`` is (terms, rows, kh, kw); each tap is one of its own in ``all_taps``.
    """
    K, rows = weight.shape[:2]
    places, pitches, size = _places(K, rows, tuple(taps.w_taps for taps in all_taps))
    packed = buffer((size,), weight.dtype, "taps")
    count = len(places)
    record = np.array(
        [0, *map(address, (weight, packed, places)), K, rows, count, size], np.int64
    )
    threads = num_threads() if weight.size >= 2**14 else 1
    run_job(_job(weight.dtype).address, record, threads)
    found, start = [], 0
    for taps, pitch in zip(all_taps, pitches):
        n, end = len(taps.w_taps), start + rows * pitch
        new = taps._replace(w_row=pitch, w_channel=n, w_taps=tuple(range(n)))
        found.append((packed[start:end].reshape(rows, pitch), new))
        start = end
    return found


@lru_cache(maxsize=256)
def _places(K, rows, groups):
    """Return (tap, its place, from a row to the next, from a term to the next) for each tap."""
    places, pitches, start = [], [], 0
    for taps in groups:
        pitches.append(K * len(taps) + APART)
        places += [(tap, start + i, pitches[-1], len(taps)) for i, tap in enumerate(taps)]
        start += rows * pitches[-1]
    return np.array(places, np.int64).reshape(-1, 4), pitches, start


def _float32(record, thread):
    _copy_rows(record, np.float32(0))


def _float64(record, thread):
    _copy_rows(record, np.float64(0))


@lru_cache(maxsize=2)
def _job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _copy_rows(record, zero):
    r = carray(numbers_at(record, 0), 8)
    K, rows, taps = r[4], r[5], r[6]
    weight = carray(numbers_at(r[1], zero), K * rows * taps)
    packed, places = carray(numbers_at(r[2], zero), r[7]), carray(numbers_at(r[3], 0), (taps, 4))
    while True:
        first = AT_ONCE * fetch_add(r, 0, 1)
        if first >= rows:
            return
        count = np.uintp(min(AT_ONCE, rows - first))
        for k in range(K):
            seen = np.uintp((k * rows + first) * taps)
            for tap, start, pitch, step in places:
                s, t = seen + np.uintp(tap), np.uintp(start + first * pitch + k * step)
                for row in range(count):
                    packed[t + row * np.uintp(pitch)] = weight[s + row * np.uintp(taps)]
