"""1-D convolution over sequences, such as the frames of a video.

    y[n,o,l] = bias[o] + sum_{c,j} weight[o,c,j] x[n,c, s l + d j - p]

for stride s, dilation d and padding p. A sequence is an image of one row, so the arithmetic is that
of `npkpose.nn.conv`, with a weight of shape (O, C / groups, 1, k). That shape is a view made on
every call: ``params`` is never written to, and threads may share a network in evaluation.
"""

import numpy as np

from npkpose._check import check_array, check_integer
from npkpose.engine.conv_backward import input_gradient, weight_gradient
from npkpose.engine.conv_forward import convolve
from npkpose.nn._shapes import FLOATS, check_gradient, check_groups
from npkpose.nn.conv import Conv2d
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module


class Conv1d(Module):
    """Map sequences (N, C, L) to (N, O, Lo), Lo = floor((L + 2p - d(k-1) - 1) / s) + 1.

    Images of one row, (N, C, 1, L), as `BatchNorm2d` takes them, become (N, O, 1, Lo). ``params``
    holds ``"weight"`` (O, C / groups, k) and, with ``bias``, ``"bias"`` (O,), both float32.
    ``rng`` draws the weight (`kaiming_normal`).
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
        groups=1, bias=True, *, rng=None,
    ):
        super().__init__()
        self.in_channels = check_integer("in_channels", in_channels, 1)
        self.out_channels = check_integer("out_channels", out_channels, 1)
        self.groups = check_groups(groups, in_channels, out_channels)
        self.kernel_size = check_integer("kernel_size", kernel_size, 1)
        self.stride = check_integer("stride", stride, 1)
        self.padding = check_integer("padding", padding, 0)
        self.dilation = check_integer("dilation", dilation, 1)
        # Of an image of one row: kernel size, dilation, padding, stride.
        self.window = (1, kernel_size), (1, dilation), (0, padding), (1, stride)
        shape = (out_channels, in_channels // groups, kernel_size)
        self.params["weight"] = kaiming_normal(shape, shape[1] * shape[2], rng)
        if bias:
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the convolution of ``x``; keep ``x``, which dweight needs."""
        x = self._check(x)
        y = self._convolve(_one_row(x), self._tail(x.dtype))
        y = y.reshape(*y.shape[:2], *x.shape[2:-1], y.shape[3])  # (N, O, [1,] Lo)
        self.save_for_backward(x, y.shape)
        return y

    def forward_with(self, x, followers, skip=None):
        """Return this convolution fused with layers after it, and their number: see `Conv2d`."""
        x = self._check(x)
        if x.ndim == 3:
            return self.forward(x), 0
        return Conv2d.forward_with(self, x, followers, skip)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, shape = self.saved()
        dy = _one_row(check_gradient(dy, shape, x.dtype))
        dweight, dbias = weight_gradient(_one_row(x), dy, self.window, self.groups)
        self.grads["weight"] = dweight[:, :, 0]
        if "bias" in self.params:
            self.grads["bias"] = dbias
        size = (1, x.shape[-1])
        return input_gradient(dy, self._weight(x), self.window, self.groups, size).reshape(x.shape)

    def _check(self, x):
        if np.ndim(x) == 4:
            return check_array("x", x, ("N", self.in_channels, 1, "L"), FLOATS, finite=False)
        return check_array("x", x, ("N", self.in_channels, "L"), FLOATS, finite=False)

    def _weight(self, x):
        """The weight as (O, C / groups, 1, k), of the dtype of ``x``."""
        return self.params["weight"].astype(x.dtype, copy=False)[:, :, None]

    def _convolve(self, x, tail):
        return convolve(x, self._weight(x), self.window, self.groups, tail)

    _tail = Conv2d._tail


def _one_row(x):
    """Return a sequence (N, C, L) as an image (N, C, 1, L), which stays one."""
    return x.reshape(*x.shape[:2], 1, x.shape[-1])
