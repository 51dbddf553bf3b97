"""Gaussian error linear unit: x times the probability that a standard normal is below x.

    gelu(x) = x Phi(x),    Phi(x) = (1 + erf(x / sqrt(2))) / 2
    gelu'(x) = Phi(x) + x phi(x),    phi(x) = exp(-x^2 / 2) / sqrt(2 pi)

Hendrycks & Gimpel, "Gaussian Error Linear Units (GELUs)", 2016, arXiv:1606.08415. This is
the exact unit, not their tanh approximation, which differs by up to 5e-4.

NumPy has no erf. For float64 Python's does, one number at a time. For float32, with a = |x|,

    gelu(x) = max(x, 0) - a Phi(-a),    Phi(-a) = exp(-a^2 / 2) M(a)

The first identity loses no digits: in 1 + erf, of numbers near 1 and -1, most would go. M, Mills'
ratio over sqrt(2 pi), falls smoothly from 1/2 like 1/a, so in t = 1 / (1 + a/3) it is close to
a polynomial. Ours meets it at the Chebyshev nodes of 0 <= a <= 6, to 8e-8 of its value there
(Press et al., Numerical Recipes, section 6.2.2, treat erfc alike); beyond, a Phi(-a) is below
1e-8 itself. So y is within 1.2e-7 |x| of the truth: the last bit of a float32.
"""

import math

import numpy as np
from numpy.polynomial import chebyshev

from npkpose._check import check_array
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.module import Module

BLOCK = 1 << 13  # numbers at a time: some ten arrays of them stay in the processor's cache

_DEGREE = 7
_FITTED = 6.0  # largest a of the fit
_LARGEST = 13.0  # exp(-a^2 / 2) is 0 in float32 from about there on


class GELU(Module):
    """x Phi(x), for arrays of any shape."""

    def forward(self, x):
        """Return x Phi(x); keep the slopes."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        y = np.empty_like(x)
        slope = np.empty_like(x) if self.training else None
        for i in range(0, x.size, BLOCK):
            block = x.ravel()[i:i + BLOCK]
            a = np.minimum(abs(block), _LARGEST)
            tail, bell = _tail(a)
            if self.training:
                slope.ravel()[i:i + BLOCK] = _slope(block, tail, bell)
            np.subtract(np.maximum(block, 0), a * tail, out=y.ravel()[i:i + BLOCK])
        self.keep(slope)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy times the slope."""
        (slope,) = self.recall()
        return slope * check_gradient(dy, slope.shape, slope.dtype)


def _slope(x, tail, bell):
    """Phi(x) + x phi(x), from Phi(-|x|) and exp(-x^2 / 2)."""
    return np.where(x > 0, 1 - tail, tail) + x * bell * x.dtype.type(1 / math.sqrt(2 * math.pi))


def _tail(a):
    """Return Phi(-a) and exp(-a^2 / 2) for a >= 0."""
    bell = np.exp(a * a * a.dtype.type(-0.5))
    if a.dtype == np.float64:
        return np.array([_upper_tail(v) for v in a.tolist()]), bell
    t = a * np.float32(1 / 3)
    t += 1
    np.reciprocal(t, out=t)
    tail = t * _MILLS[-1]
    for coefficient in _MILLS[-2:0:-1]:
        tail += coefficient
        tail *= t
    tail += _MILLS[0]
    tail *= bell
    return tail, bell


def _upper_tail(a):
    return 0.5 * math.erfc(a / math.sqrt(2.0))


def _fit_mills():
    """Return the coefficients of M as a polynomial in t, lowest first, float32."""
    lowest = 1 / (1 + _FITTED / 3)

    def mills(t):
        return [_upper_tail(a) * math.exp(a * a / 2) for a in 3 * (1 / t - 1)]

    fit = chebyshev.Chebyshev.interpolate(mills, _DEGREE, domain=(lowest, 1.0))
    return fit.convert(kind=np.polynomial.Polynomial).coef.astype(np.float32)


_MILLS = _fit_mills()
