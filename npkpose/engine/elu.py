"""ELU in one pass: x above zero and alpha (exp(x) - 1) below.

`npkpose.nn.activation` has the plain version.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import kernel
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import address
from npkpose.engine.elementary import expm1
from npkpose.engine.jobs import job, run_job
from npkpose.engine.threads import num_threads

CHUNK = 1 << 13  # numbers


def elu(x, alpha, with_slope=True):
    """Return the activations and their slopes, or None for the slopes."""
    x, alpha = np.require(x, requirements="C"), np.array([alpha], x.dtype)
    y = np.empty(x.shape, x.dtype)
    slope = np.empty(x.shape, x.dtype) if with_slope else None
    arrays = x, y, y if slope is None else slope, alpha
    record = np.array([0, *map(address, arrays), x.size, with_slope], np.int64)
    run_job(_job(x.dtype).address, record, num_threads() if x.size >= 2 * CHUNK else 1)
    return y, slope


def _float32(record, thread):
    _take_chunks(record, np.float32(0))


def _float64(record, thread):
    _take_chunks(record, np.float64(0))


@lru_cache(maxsize=2)
def _job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@kernel
def _take_chunks(record, zero):
    r = carray(numbers_at(record, 0), 7)
    x, y, slope, alpha = (
        carray(numbers_at(r[1], zero), r[5]), carray(numbers_at(r[2], zero), r[5]),
        carray(numbers_at(r[3], zero), r[5]), carray(numbers_at(r[4], zero), 1)[0],
    )  # fmt: skip
    one = x.dtype.type(1)
    while True:
        first = fetch_add(r, 0, 1) * CHUNK
        if first >= r[5]:
            return
        last = min(first + CHUNK, r[5])
        if r[6]:
            for i in range(np.uintp(first), np.uintp(last)):
                below = alpha * expm1(zero if x[i] > zero else x[i])
                slope[i] = one if x[i] > zero else below + alpha
        for i in range(np.uintp(first), np.uintp(last)):
            below = alpha * expm1(zero if x[i] > zero else x[i])
            y[i] = x[i] if x[i] > zero else below
