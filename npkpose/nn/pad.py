"""Zero padding by a different amount on each side.

    y[n, c, top + h, left + w] = x[n, c, h, w],  zero elsewhere

TensorFlow's "SAME" padding puts the odd pixel at the bottom and right, which the
symmetric padding of a convolution cannot express.
"""

import numpy as np

from npkpose._check import check_integer, shown
from npkpose.nn._shapes import check_gradient, check_images
from npkpose.nn.module import Module


class ZeroPad2d(Module):
    """Surround images by zeros: ``padding`` is an int or (left, right, top, bottom)."""

    def __init__(self, padding):
        super().__init__()
        if not isinstance(padding, (tuple, list)):
            padding = (padding,) * 4
        if len(padding) != 4:
            raise ValueError(
                f"padding: expected an int or (left, right, top, bottom), got {shown(padding)}"
            )
        self.padding = tuple(check_integer("padding", side, 0) for side in padding)

    def forward(self, x):
        """Return padded images; keep the size, which says what to cut off again."""
        x = check_images(x)
        left, right, top, bottom = self.padding
        N, C, H, W = x.shape
        y = np.zeros((N, C, top + H + bottom, left + W + right), x.dtype)
        y[:, :, top:top + H, left:left + W] = x
        self.save_for_backward(H, W, y.shape, y.dtype)
        return y

    def backward(self, dy):
        """Return dL/dx: dL/dy with the border cut off."""
        H, W, shape, dtype = self.saved()
        dy = check_gradient(dy, shape, dtype)
        left, _, top, _ = self.padding
        return dy[:, :, top:top + H, left:left + W]
