"""Softmax: positive numbers that sum to 1 and keep their order.

    y_i = exp(x_i - m) / sum_j exp(x_j - m),    m = max_j x_j

m cancels, and keeps exp from overflowing. With dy = dL/dy

    dL/dx_i = y_i (dy_i - sum_j dy_j y_j)

Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
"""

import numpy as np

from npkpose._check import check_array, shown
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.module import Module


class Softmax(Module):
    """Softmax along one axis, ``dim``."""

    def __init__(self, dim=-1):
        super().__init__()
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise ValueError(f"dim: expected an integer, got {shown(dim)}")
        self.dim = dim

    def forward(self, x):
        """Return the shares, which sum to 1 along the axis; keep them."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueError(f"x: expected an axis {self.dim}, got shape {x.shape}")
        y = softmax(x, self.dim)
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        """Return dL/dx."""
        (y,) = self.saved()
        return softmax_backward(check_gradient(dy, y.shape, y.dtype), y, self.dim)


def softmax(x, axis=-1):
    """Return the softmax of a float array along an axis; an empty axis stays empty."""
    y = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    np.exp(y, out=y)
    y /= y.sum(axis=axis, keepdims=True)
    return y


def softmax_backward(dy, y, axis=-1):
    """Return dL/dx from dL/dy and the softmax ``y`` itself."""
    dx = dy - (dy * y).sum(axis=axis, keepdims=True)
    dx *= y
    return dx
