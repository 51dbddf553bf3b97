"""Rectifiers: y = max(x, 0), and ReLU6, y = min(max(x, 0), 6).

The slope is 1 strictly between the kinks and 0 elsewhere (0 at the kinks, as in
PyTorch). ReLU: Nair & Hinton, "Rectified Linear Units Improve Restricted Boltzmann
Machines", ICML 2010. ReLU6: Krizhevsky, "Convolutional Deep Belief Networks on
CIFAR-10", 2010. NaN stays NaN.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.module import Module


class ReLU(Module):
    """max(x, 0), for arrays of any shape."""

    def forward(self, x):
        """Return max(x, 0); keep a boolean mask of where the slope is 1."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        if self.training:
            self.keep(x > 0, x.dtype)
        return np.maximum(x, 0)

    def backward(self, dy):
        """Return dL/dx: dL/dy where the slope is 1, else 0."""
        mask, dtype = self.recall()
        return mask * check_gradient(dy, mask.shape, dtype)


class ReLU6(ReLU):
    """min(max(x, 0), 6), for arrays of any shape."""

    def forward(self, x):
        """Return min(max(x, 0), 6); keep a boolean mask of where the slope is 1."""
        x = check_array("x", x, (...,), FLOATS, finite=False)
        if self.training:
            self.keep((x > 0) & (x < 6), x.dtype)
        return np.clip(x, 0, 6)
