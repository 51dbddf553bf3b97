"""GELU, x Phi(x), without erf, which NumPy does not have.

With a = |x|,

    gelu(x) = max(x, 0) - a Phi(-a),    Phi(-a) = exp(-a^2 / 2) M(a)

The first identity loses no digits: in 1 + erf, of numbers near 1 and -1, most would go. M, Mills'
ratio over sqrt(2 pi), is a polynomial of `npkpose.engine.elementary`. So y is within 2.4e-7 |x| of
the truth: the last bits of a float32, and the loop takes as many numbers at a time as a vector has.
For float64 C's erfc takes one.
`npkpose.nn.gelu` is the plain version.
"""

import math
from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray, overload, register_jitable, types
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import address
from npkpose.engine.elementary import LARGEST, MILLS, exp
from npkpose.engine.jobs import job, run_job
from npkpose.engine.threads import num_threads

CHUNK = 1 << 13  # numbers


def gelu(x, with_slope=True):
    """Return x Phi(x) and its slope, Phi(x) + x phi(x), or None for the slope."""
    x = np.require(x, requirements="C")  # which keeps an array without axes
    y = np.empty(x.shape, x.dtype)
    slope = np.empty(x.shape, x.dtype) if with_slope else None
    arrays = x, y, y if slope is None else slope
    record = np.array([0, *map(address, arrays), x.size, with_slope], np.int64)
    run_job(_gelu_job(x.dtype).address, record, num_threads() if x.size >= 2 * CHUNK else 1)
    return y, slope


_M0, _M1, _M2, _M3, _M4, _M5, _M6, _M7 = MILLS
_ZERO, _ONE, _HALF, _THIRD = (np.float32(n) for n in (0, 1, 1 / 2, 1 / 3))  # no float64 slips in
_END, _BELL = np.float32(LARGEST), np.float32(1 / math.sqrt(2 * math.pi))


def _float32(record, thread):
    _take_chunks(record, np.float32(0))


def _float64(record, thread):
    _take_chunks(record, np.float64(0))


@lru_cache(maxsize=2)
def _gelu_job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _take_chunks(record, zero):
    r = carray(numbers_at(record, 0), 6)
    x, y = carray(numbers_at(r[1], zero), r[4]), carray(numbers_at(r[2], zero), r[4])
    slope = carray(numbers_at(r[3], zero), r[4])
    while True:
        first = fetch_add(r, 0, 1) * CHUNK
        if first >= r[4]:
            return
        part = slice(first, min(first + CHUNK, r[4]))
        _fill(x[part], y[part], slope[part], r[5] != 0)


def _fill(x, y, slope, with_slope):
    """Fill ``y`` with gelu(x) and ``slope``, if wanted, with its derivative."""


@overload(_fill)
def _fill_for(x, y, slope, with_slope):
    return _fill_32 if x.dtype == types.float32 else _fill_64


def _fill_32(x, y, slope, with_slope):
    for i in range(x.size):
        a = min(abs(x[i]), _END)
        y[i] = (_ZERO if x[i] < _ZERO else x[i]) - a * exp(-_HALF * a * a) * _mills(a)
    if with_slope:
        for i in range(x.size):
            a = min(abs(x[i]), _END)
            bell = exp(-_HALF * a * a)
            tail, a_bell = bell * _mills(a), a * bell * _BELL
            slope[i] = _ONE - tail + a_bell if x[i] > _ZERO else tail - a_bell


@register_jitable
def _mills(a):
    """Return M(a), float32 all through."""
    t = _ONE / (_ONE + _THIRD * a)
    m = _M4 + t * (_M5 + t * (_M6 + t * _M7))
    return _M0 + t * (_M1 + t * (_M2 + t * (_M3 + t * m)))


def _fill_64(x, y, slope, with_slope):
    for i in range(x.size):
        a = min(abs(x[i]), 1e300)
        tail = 0.5 * math.erfc(a / math.sqrt(2.0))
        y[i] = max(x[i], 0.0) - a * tail
        if with_slope:
            a = min(a, 40.0)
            a_bell = a * math.exp(-0.5 * a * a) / math.sqrt(2 * math.pi)
            slope[i] = 1 - tail + a_bell if x[i] > 0 else tail - a_bell
