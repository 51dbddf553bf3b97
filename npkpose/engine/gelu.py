"""GELU, x Phi(x), without erf, which NumPy does not have.

With a = |x|,

    gelu(x) = max(x, 0) - a Phi(-a),    Phi(-a) = exp(-a^2 / 2) M(a)

The first identity loses no digits: in 1 + erf, of numbers near 1 and -1, most would go. M, Mills'
ratio over sqrt(2 pi), falls smoothly from 1/2 like 1/a, so in t = 1 / (1 + a/3) it is close to
a polynomial. Ours meets it at the Chebyshev nodes of 0 <= a <= 6, to 8e-8 of its value there
(Press et al., Numerical Recipes, section 6.2.2, treat erfc alike); beyond, a Phi(-a) is below
1e-8 itself. So y is within 2.4e-7 |x| of the truth: the last bits of a float32. NumPy's exp
takes sixteen numbers at a time, and so does the kernel that does the rest. For float64 Python's
erfc takes one number at a time. `npkpose.nn.gelu` is the plain version.
"""

import math
from functools import partial

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from npkpose._jit import kernel
from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import split_range

TILE = 1 << 13  # numbers at a time: a few arrays of them stay in the processor's cache

_DEGREE = 7  # of the polynomial: the kernel writes its eight terms out
_FITTED = 6.0  # largest a of the fit
_LARGEST = 13.0  # exp(-a^2 / 2) is 0 in float32 from about there on


def gelu(x, with_slope=True):
    """Return x Phi(x) and its slope, or None for the slope."""
    y = np.empty(x.shape, x.dtype)
    slope = np.empty(x.shape, x.dtype) if with_slope else None
    flat = [None if a is None else a.reshape(-1) for a in (x, y, slope)]
    parts = split_range(x.size, min(num_threads(), x.size // TILE))
    run_all([partial(_fill, *flat, *part) for part in parts])
    return y, slope


def _fill(x, y, slope, first, end):
    """Fill part of y (L,), and of the slopes unless None, a tile at a time."""
    fill = _gelu_32 if x.dtype == np.float32 else _gelu_64
    for start in range(first, end, TILE):
        part = slice(start, min(start + TILE, end))
        bell = np.exp(np.square(x[part]) * x.dtype.type(-0.5))
        tail = np.empty_like(bell)
        fill(x[part], bell, tail, y[part])
        if slope is not None:
            slope[part] = _slope(x[part], bell, tail)


def _slope(x, bell, tail):
    """Phi(x) + x phi(x), from exp(-x^2 / 2) and Phi(-|x|)."""
    x_phi = np.clip(x, -_LARGEST, _LARGEST) * bell * x.dtype.type(1 / math.sqrt(2 * math.pi))
    return np.where(x > 0, 1 - tail, tail) + x_phi


def _gelu_64(x, bell, tail, y):
    """Fill ``tail`` (L,) with Phi(-|x|) and ``y`` (L,) with gelu(x)."""
    tail[:] = [_upper_tail(a) for a in abs(x).tolist()]
    y[:] = np.maximum(x, 0) - np.minimum(abs(x), np.finfo(float).max) * tail


def _gelu_32(x, bell, tail, y):
    """The same for float32, and from ``bell``, exp(-x^2 / 2)."""
    gelu_from_bell(x, bell, _MILLS, _CONSTANTS, tail, y)


def _upper_tail(a):
    return 0.5 * math.erfc(a / math.sqrt(2.0))


def _fit_mills():
    """Return the coefficients of M as a polynomial in t, lowest first, float32."""

    def mills(t):
        return [_upper_tail(a) * math.exp(a * a / 2) for a in 3 * (1 / t - 1)]

    fit = Chebyshev.interpolate(mills, _DEGREE, domain=(1 / (1 + _FITTED / 3), 1.0))
    return fit.convert(kind=Polynomial).coef.astype(np.float32)


_MILLS = _fit_mills()
_CONSTANTS = np.array([0, 1, 1 / 3, _LARGEST], np.float32)  # so that no float64 slips in


@kernel
def gelu_from_bell(x, bell, mills, constants, tail, y):
    """Fill ``tail`` and ``y`` (L,) from ``x`` and ``bell`` (L,), float32 all through."""
    zero, one, third, largest = constants[0], constants[1], constants[2], constants[3]
    m0, m1, m2, m3 = mills[0], mills[1], mills[2], mills[3]
    m4, m5, m6, m7 = mills[4], mills[5], mills[6], mills[7]
    for i in range(x.size):
        a = min(abs(x[i]), largest)
        t = one / (one + third * a)
        m = m0 + t * (m1 + t * (m2 + t * (m3 + t * (m4 + t * (m5 + t * (m6 + t * m7))))))
        tail[i] = bell[i] * m
        y[i] = (zero if x[i] < zero else x[i]) - a * tail[i]
