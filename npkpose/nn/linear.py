"""Linear map with bias on the last axis: y[..., o] = sum_i weight[o, i] x[..., i] + bias[o].

All leading axes are examples. With those flattened to one,

    y = x weight^T + bias,    dx = dy weight,    dweight = dy^T x,    dbias = sum dy
"""

import numpy as np

from npkpose import engine
from npkpose._check import check_array, check_flag, check_integer
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.faster import faster
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module


class Linear(Module):
    """Map arrays (..., in_features) to (..., out_features).

    ``params`` holds ``"weight"`` (out_features, in_features) and, with ``bias``, ``"bias"``
    (out_features,), both float32. ``rng`` draws the weight (`kaiming_normal`).
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=None):
        super().__init__()
        self.in_features = check_integer("in_features", in_features, 1)
        self.out_features = check_integer("out_features", out_features, 1)
        self.params["weight"] = kaiming_normal((out_features, in_features), in_features, rng)
        if check_flag("bias", bias):
            self.params["bias"] = np.zeros(out_features, np.float32)

    def forward(self, x):
        """Return the map of ``x``; keep ``x``, which dweight needs."""
        x = check_array("x", x, (..., self.in_features), FLOATS, finite=False)
        weight, bias = self.weight_and_bias(x.dtype)
        y = matmul(x.reshape(x.size // self.in_features, self.in_features), weight.T)
        if bias is not None:
            y += bias
        self.save_for_backward(x)
        return y.reshape(*x.shape[:-1], self.out_features)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        (x,) = self.saved()
        dy = check_gradient(dy, (*x.shape[:-1], self.out_features), x.dtype)
        weight, bias = self.weight_and_bias(x.dtype)
        dy = dy.reshape(dy.size // self.out_features, self.out_features)
        self.grads["weight"] = matmul(dy.T, x.reshape(len(dy), self.in_features))
        if bias is not None:
            self.grads["bias"] = dy.sum(axis=0)
        return matmul(dy, weight).reshape(x.shape)


@faster(engine.matmul)
def matmul(a, b):
    """Return a @ b for matrices."""
    return a @ b
