"""exp and exp(x) - 1 for compiled loops, which Numba would otherwise call one number at a time.

With n = round(x / ln 2) and r = x - n ln 2, |r| <= ln 2 / 2, exp(x) = 2^n exp(r); the last is a
polynomial, and 2^n is written into the exponent's bits. The coefficients and the split of ln 2 are
those of Cephes's expf (Moshier, 1992); the result is within 1e-7 of the truth, relatively.

M(a) = exp(a^2 / 2) Phi(-a), Mills' ratio over sqrt(2 pi), falls smoothly from 1/2 like 1/a, so in
t = 1 / (1 + a/3) it is close to a polynomial. Ours meets it at the Chebyshev nodes of 0 <= a <= 6,
to 8e-8 of its value there (Press et al., Numerical Recipes, section 6.2.2, treat erfc alike);
beyond, a Phi(-a) is below 1e-8 itself.
"""

import math

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from npkpose._numba import overload, register_jitable, types

LOWEST, HIGHEST = np.float32(-87.3), np.float32(88.3)  # exp of less or more is not a float32
LOG2_E, _HALF, _ONE = np.float32(1.44269504), np.float32(0.5), np.float32(1)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
COEFFICIENTS = tuple(map(np.float32, (
    5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3,
    1.9875691500e-4,
)))  # fmt: skip
_P5, _P4, _P3, _P2, _P1, _P0 = COEFFICIENTS

_DEGREE = 7  # of the polynomial for M: kernels write its eight terms out
_FITTED = 6.0  # largest a of the fit
LARGEST = 13.0  # exp(-a^2 / 2) is 0 in float32 from about there on


def _upper_tail(a):
    return 0.5 * math.erfc(a / math.sqrt(2.0))


def _fit_mills():
    """Return the coefficients of M as a polynomial in t, lowest first, float32."""

    def mills(t):
        return [_upper_tail(a) * math.exp(a * a / 2) for a in 3 * (1 / t - 1)]

    fit = Chebyshev.interpolate(mills, _DEGREE, domain=(1 / (1 + _FITTED / 3), 1.0))
    return fit.convert(kind=Polynomial).coef.astype(np.float32)


MILLS = _fit_mills()


def exp(x):
    """Return exp(x); see above. For float64 it is NumPy's."""
    return np.exp(x)


@overload(exp)
def _exp(x):
    if x != types.float32:
        return lambda x: np.exp(x)

    def exp32(x):
        least, power = _parts(x)
        return (least + _ONE) * power

    return exp32


def expm1(x):
    """Return exp(x) - 1 without the loss of digits near 0. For float64 it is NumPy's."""
    return np.expm1(x)


@overload(expm1)
def _expm1(x):
    if x != types.float32:
        return lambda x: np.expm1(x)

    def expm1_32(x):
        least, power = _parts(x)
        return least * power + (power - _ONE)

    return expm1_32


@register_jitable
def _parts(x):
    """Return exp(r) - 1 and 2^n."""
    within = LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else x)
    n = np.floor(within * LOG2_E + _HALF)
    r = within - n * LN2_HIGH - n * LN2_LOW
    p = ((((_P0 * r + _P1) * r + _P2) * r + _P3) * r + _P4) * r + _P5
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    return p * r * r + r, power.view(np.float32)
