"""Rectifiers: the identity above zero, and something flatter below it.

    ReLU       max(x, 0)
    ReLU6      min(max(x, 0), 6)
    ELU        x where x > 0, else alpha (exp(x) - 1)
    LeakyReLU  x where x > 0, else negative_slope x
    PReLU      x where x > 0, else weight[c] x, with a learned slope for each channel c

The slope at a kink is that below it (for ReLU6's kink at 6, that above), as in PyTorch. NaN
stays NaN. ReLU: Nair & Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines",
ICML 2010. ReLU6: Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010. ELU:
Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)",
ICLR 2016, arXiv:1511.07289. LeakyReLU: Maas et al., "Rectifier Nonlinearities Improve Neural
Network Acoustic Models", ICML 2013. PReLU: He et al., "Delving Deep into Rectifiers: Surpassing
Human-Level Performance on ImageNet Classification", ICCV 2015, arXiv:1502.01852.
"""

import math

import numpy as np

from npkpose import engine
from npkpose._check import check_array, check_integer
from npkpose.nn._shapes import FLOATS, check_factor, check_gradient
from npkpose.nn.faster import faster
from npkpose.nn.module import Module


class ReLU(Module):
    """max(x, 0), for arrays of any shape."""

    def forward(self, x):
        """Return max(x, 0); keep it, which is above zero just where the slope is 1."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        y = np.maximum(x, 0)
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy where the slope is 1, else 0."""
        (y,) = self.saved()
        return relu_backward(check_gradient(dy, y.shape, y.dtype), y)


@faster(engine.relu_backward)
def relu_backward(dy, y):
    """Return dL/dx: dL/dy where the output ``y`` is above zero, else 0."""
    return np.where(y > 0, dy, y.dtype.type(0))


class ReLU6(ReLU):
    """min(max(x, 0), 6), for arrays of any shape."""

    def forward(self, x):
        """Return min(max(x, 0), 6); keep it, which lies between just where the slope is 1."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        y = np.clip(x, 0, 6)
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy where the slope is 1, else 0."""
        (y,) = self.saved()
        return check_gradient(dy, y.shape, y.dtype) * ((y > 0) & (y < 6))


class ELU(Module):
    """x above zero and alpha (exp(x) - 1) below, for arrays of any shape."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = check_factor("alpha", alpha, at_least=0.0)

    def forward(self, x):
        """Return the activations; keep the slopes: 1 above zero, alpha exp(x) below."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        y, slope = elu(x, self.alpha, self.training)
        self.save_for_backward(slope)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy times the slope."""
        (slope,) = self.saved()
        return slope * check_gradient(dy, slope.shape, slope.dtype)


@faster(engine.elu)
def elu(x, alpha, with_slope=True):
    """Return the activations and their slopes, or None for the slopes."""
    below = np.expm1(np.minimum(x, 0))
    below *= alpha
    slope = np.where(x > 0, x.dtype.type(1), below + x.dtype.type(alpha)) if with_slope else None
    return np.where(x > 0, x, below), slope


class LeakyReLU(Module):
    """x above zero and ``negative_slope`` x below, for arrays of any shape."""

    def __init__(self, negative_slope=0.01):
        super().__init__()
        self.negative_slope = check_factor("negative_slope", negative_slope)

    def forward(self, x):
        """Return the activations; keep the slopes: 1 above zero, ``negative_slope`` below."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(self.negative_slope))
        self.save_for_backward(slope)
        return slope * x

    def backward(self, dy):
        """Return dL/dx: dL/dy times the slope."""
        (slope,) = self.saved()
        return slope * check_gradient(dy, slope.shape, slope.dtype)


class PReLU(Module):
    """x above zero and weight[c] x below, for arrays (N, C, ...).

    ``params`` holds ``"weight"`` (``num_parameters``,): a slope for each channel or, where
    ``num_parameters`` is 1, one for arrays of any shape.
    """

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.num_parameters = check_integer("num_parameters", num_parameters, 1)
        slope = check_factor("init", init)
        self.params["weight"] = np.full(num_parameters, slope, np.float32)

    def forward(self, x):
        """Return the activations; keep ``x``, which both gradients need."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        rows = self._by_channel(x)
        self.save_for_backward(x)
        return np.where(rows > 0, rows, self._times_slope(rows)).reshape(x.shape)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        (x,) = self.saved()
        dy = check_gradient(dy, x.shape, x.dtype)
        rows, drows = self._by_channel(x), self._by_channel(dy)
        self.grads["weight"] = (drows * np.minimum(rows, 0)).sum(axis=(0, 2))
        return np.where(rows > 0, drows, self._times_slope(drows)).reshape(x.shape)

    def _by_channel(self, x):
        """Return ``x`` as (N, C, L); as (1, 1, L) where one slope serves all."""
        C = self.num_parameters
        if C == 1:
            return x.reshape(1, 1, x.size)
        if x.ndim < 2 or x.shape[1] != C:
            raise ValueError(f"x: expected shape (N, {C}, ...), got {x.shape}")
        return x.reshape(len(x), C, math.prod(x.shape[2:]))

    def _times_slope(self, rows):
        slope = self.params["weight"].astype(rows.dtype, copy=False)[:, None]  # (C, 1)
        with np.errstate(over="ignore"):  # where it is not used
            return slope * rows
