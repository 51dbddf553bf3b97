"""Layer normalisation: each example by its own mean and variance.

    z = (x - mean) / sqrt(var + eps),    y = weight z + bias

mean and var (biased) are over the last axes of one example, so unlike batch normalisation
nothing depends on the other examples, and training and evaluation are the same. With
g = weight dL/dy and means over the same axes

    dL/dx = (g - mean(g) - z mean(g z)) / sqrt(var + eps)

Ba, Kiros & Hinton, "Layer Normalization", 2016, arXiv:1607.06450.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.nn._shapes import FLOATS, check_gradient
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
        self.eps = check_number("eps", eps, at_least=0.0)
        self._axes = tuple(range(-len(self.normalized_shape), 0))
        if elementwise_affine:
            self.params["weight"] = np.ones(self.normalized_shape, np.float32)
            self.params["bias"] = np.zeros(self.normalized_shape, np.float32)

    def forward(self, x):
        """Return normalised ``x``; keep z and the scale, which the gradients need."""
        x = check_array("x", x, (..., *self.normalized_shape), FLOATS, finite=False)
        z = x - x.mean(axis=self._axes, keepdims=True)
        var = np.square(z).mean(axis=self._axes, keepdims=True)
        scale = 1.0 / np.sqrt(var + x.dtype.type(self.eps))
        z *= scale
        self.keep(z, scale)
        if not self.params:
            return z
        y = z * self.params["weight"].astype(x.dtype, copy=False)
        y += self.params["bias"].astype(x.dtype, copy=False)
        return y

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        z, scale = self.recall()
        g = dy = check_gradient(dy, z.shape, z.dtype)
        if self.params:
            examples = tuple(range(z.ndim - len(self._axes)))
            self.grads["weight"] = (dy * z).sum(axis=examples)
            self.grads["bias"] = dy.sum(axis=examples)
            g = dy * self.params["weight"].astype(dy.dtype, copy=False)
        dx = g - z * (g * z).mean(axis=self._axes, keepdims=True)
        dx -= g.mean(axis=self._axes, keepdims=True)
        dx *= scale
        return dx
