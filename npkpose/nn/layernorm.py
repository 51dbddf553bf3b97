"""Layer normalisation: each example by its own mean and variance.

    z = (x - mean) / sqrt(var + eps),    y = weight z + bias

mean and var (biased) are over the last axes of one example, so unlike batch normalisation
nothing depends on the other examples, and training and evaluation are the same. With
g = weight dL/dy and means over the same axes

    dL/dx = (g - mean(g) - z mean(g z)) / sqrt(var + eps)

Ba, Kiros & Hinton, "Layer Normalization", 2016, arXiv:1607.06450.
"""

import math

import numpy as np

from npkpose._check import check_array, check_flag, check_integer
from npkpose.nn._shapes import FLOATS, check_factor, check_gradient
from npkpose.nn.module import Module


class LayerNorm(Module):
    """Normalise arrays over their last axes, which have the shape ``normalized_shape``.

    ``normalized_shape`` is an int or a tuple. ``params`` holds ``"weight"`` and ``"bias"`` of
    that shape if ``elementwise_affine``.
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True):
        super().__init__()
        if not isinstance(normalized_shape, (tuple, list)):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(
            check_integer("normalized_shape", length, 1) for length in normalized_shape
        )
        if not self.normalized_shape:
            raise ValueError("normalized_shape: expected at least one axis, got none")
        self.eps = check_factor("eps", eps, at_least=0.0)
        if check_flag("elementwise_affine", elementwise_affine):
            self.params["weight"] = np.ones(self.normalized_shape, np.float32)
            self.params["bias"] = np.zeros(self.normalized_shape, np.float32)

    def forward(self, x):
        """Return normalised ``x``; keep z and the scale, which the gradients need."""
        x = check_array("x", x, (..., *self.normalized_shape), FLOATS, finite=False)
        rows = self._rows(x)
        z = rows - rows.mean(axis=1, keepdims=True)
        var = np.einsum("ei,ei->e", z, z) / x.dtype.type(z.shape[1])
        scale = (1.0 / np.sqrt(var + x.dtype.type(self.eps)))[:, None]
        z *= scale
        self.save_for_backward(z, scale, x.shape)
        if self.params:
            z = z * self._row("weight", x.dtype)
            z += self._row("bias", x.dtype)
        return z.reshape(x.shape)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        z, scale, shape = self.saved()
        g = dy = self._rows(check_gradient(dy, shape, z.dtype))
        if self.params:
            self.grads["weight"] = (dy * z).sum(axis=0).reshape(self.normalized_shape)
            self.grads["bias"] = dy.sum(axis=0).reshape(self.normalized_shape)
            g = dy * self._row("weight", dy.dtype)
        dx = g - z * (g * z).mean(axis=1, keepdims=True)
        dx -= g.mean(axis=1, keepdims=True)
        dx *= scale
        return dx.reshape(shape)

    def _rows(self, x):
        """Return ``x`` with an example in each row: (E, I)."""
        length = math.prod(self.normalized_shape)
        return x.reshape(x.size // length, length)

    def _row(self, name, dtype):
        return self.params[name].astype(dtype, copy=False).ravel()
