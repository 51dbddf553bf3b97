"""exp and exp(x) - 1 for compiled loops, which Numba would otherwise call one number at a time.

With n = round(x / ln 2) and r = x - n ln 2, |r| <= ln 2 / 2, exp(x) = 2^n exp(r); the last is a
polynomial, and 2^n is written into the exponent's bits. The coefficients and the split of ln 2 are
those of Cephes's expf (Moshier, 1992); the result is within 1e-7 of the truth, relatively.
"""

import numpy as np

from npkpose._numba import overload, register_jitable, types

LOWEST, HIGHEST = np.float32(-87.3), np.float32(88.3)  # exp of less or more is not a float32
_LOG2_E, _HALF, _ONE = np.float32(1.44269504), np.float32(0.5), np.float32(1)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_P0, _P1, _P2 = (
    np.float32(1.9875691500e-4),
    np.float32(1.3981999507e-3),
    np.float32(8.3334519073e-3),
)
_P3, _P4, _P5 = (
    np.float32(4.1665795894e-2),
    np.float32(1.6666665459e-1),
    np.float32(5.0000001201e-1),
)


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
    n = np.floor(within * _LOG2_E + _HALF)
    r = within - n * _LN2_HIGH - n * _LN2_LOW
    p = ((((_P0 * r + _P1) * r + _P2) * r + _P3) * r + _P4) * r + _P5
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    return p * r * r + r, power.view(np.float32)
