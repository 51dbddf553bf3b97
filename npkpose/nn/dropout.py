"""Dropout: while training, replace at random by zero, so that no one part is relied upon.

    y = x m / (1 - p),    m = 0 with probability p, else 1

Dividing by 1 - p keeps the mean, so evaluation does nothing. `Dropout` draws one m per number
(Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR
2014); `DropPath` draws one per example, which leaves a residual block out altogether (Huang et
al., "Deep Networks with Stochastic Depth", ECCV 2016, arXiv:1603.09382).
"""

import numpy as np

from npkpose._check import check_array, check_number, check_rng
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.module import Module


class Dropout(Module):
    """Zero each number with probability ``p`` while training; ``rng`` draws."""

    def __init__(self, p=0.5, *, rng=None):
        super().__init__()
        self.p = check_number("p", p, at_least=0.0)
        if p > 1:
            raise ValueError(f"p: expected at most 1, got {p}")
        self._rng = np.random.default_rng(0) if rng is None else check_rng(rng)

    def forward(self, x):
        """Return ``x`` with some numbers zero and the rest enlarged; keep the factors."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        if not self.training or self.p == 0:
            self.save_for_backward(None, x.shape, x.dtype)
            return x
        kept = self._rng.random(self._mask_shape(x.shape)) >= self.p
        factor = kept * x.dtype.type(1 / (1 - self.p) if self.p < 1 else 0)
        self.save_for_backward(factor, x.shape, x.dtype)
        return x * factor

    def backward(self, dy):
        """Return dL/dx: dL/dy times the same factors."""
        factor, shape, dtype = self.saved()
        dy = check_gradient(dy, shape, dtype)
        return dy if factor is None else dy * factor

    def _mask_shape(self, shape):
        return shape


class DropPath(Dropout):
    """Zero each example (the first axis) with probability ``p`` while training."""

    def _mask_shape(self, shape):
        return shape[:1] + (1,) * (len(shape) - 1)
