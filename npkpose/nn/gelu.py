"""Gaussian error linear unit: x times the probability that a standard normal is below x.

    gelu(x) = x Phi(x),    Phi(x) = (1 + erf(x / sqrt(2))) / 2
    gelu'(x) = Phi(x) + x phi(x),    phi(x) = exp(-x^2 / 2) / sqrt(2 pi)

Hendrycks & Gimpel, "Gaussian Error Linear Units (GELUs)", 2016, arXiv:1606.08415. This is
the exact unit, not their tanh approximation, which differs by up to 5e-4.

1 + erf(t) is erfc(-t), which keeps its digits where erf is near -1. NumPy has neither, so
Python's `math.erfc` takes one number at a time; `npkpose.engine.gelu` has a faster way.
"""

import math

import numpy as np

from npkpose import engine
from npkpose._check import check_array
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.faster import faster
from npkpose.nn.module import Module

_LARGEST = 40.0  # Phi(-x) and phi(x) are 0 in float64 before; keeps infinity times 0 away


class GELU(Module):
    """x Phi(x), for arrays of any shape."""

    def forward(self, x):
        """Return x Phi(x); keep the slopes."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        with np.errstate(over="ignore"):  # of x^2: exp(-infinity) is 0
            y, slope = gelu(x, self.training)
        self.save_for_backward(slope)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy times the slope."""
        (slope,) = self.saved()
        return slope * check_gradient(dy, slope.shape, slope.dtype)


@faster(engine.gelu)
def gelu(x, with_slope=True):
    """Return x Phi(x) and its slope, Phi(x) + x phi(x), or None for the slope."""
    Phi = [0.5 * math.erfc(-v / math.sqrt(2)) for v in x.ravel().tolist()]
    Phi = np.array(Phi, np.float64).reshape(x.shape)
    y = np.maximum(x, -_LARGEST) * Phi
    if not with_slope:
        return y.astype(x.dtype), None
    x = np.clip(x, -_LARGEST, _LARGEST)
    phi = np.exp(-np.square(x, dtype=np.float64) / 2) / math.sqrt(2 * math.pi)
    return y.astype(x.dtype), (Phi + x * phi).astype(x.dtype)
