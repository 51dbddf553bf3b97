"""1-D convolution over sequences, such as the frames of a video.

    y[n,o,l] = bias[o] + sum_{c,j} weight[o,c,j] x[n,c, s l + d j - p]

for stride s, dilation d and padding p. A sequence is an image of one row, so the arithmetic is that
of `npkpose.nn.conv`, with a weight of shape (O, C / groups, 1, k). That shape is a view made on
every call: ``params`` is never written to, and threads may share a network in evaluation.
"""

import numpy as np

from npkpose._check import check_array, check_flag, check_integer, real_array
from npkpose.nn._shapes import FLOATS, check_gradient, check_groups
from npkpose.nn.conv import conv2d, conv2d_input_gradient, conv2d_weight_gradient
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
        if check_flag("bias", bias):
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the convolution of ``x``; keep ``x``, which dweight needs."""
        x = self._check(x)
        y = conv2d(_one_row(x), *self.weight_and_bias(x.dtype), self.window, self.groups)
        y = y.reshape(*y.shape[:2], *x.shape[2:-1], y.shape[3])  # (N, O, [1,] Lo)
        self.save_for_backward(x, y.shape)
        return y

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, shape = self.saved()
        dy = _one_row(check_gradient(dy, shape, x.dtype))
        weight, bias = self.weight_and_bias(x.dtype)
        dweight, dbias = conv2d_weight_gradient(
            _one_row(x), dy, self.window, self.groups, bias is not None
        )
        self.grads["weight"] = dweight[:, :, 0]
        if bias is not None:
            self.grads["bias"] = dbias
        dx = conv2d_input_gradient(dy, weight, self.window, self.groups, (1, x.shape[-1]))
        return dx.reshape(x.shape)

    def weight_and_bias(self, dtype):
        """Return the weight as that of an image, (O, C / groups, 1, k), and the bias or None."""
        weight, bias = super().weight_and_bias(dtype)
        return weight[:, :, None], bias

    def _check(self, x):
        x = real_array("x", x)
        if x.ndim == 4:
            return check_array("x", x, ("N", self.in_channels, 1, "L"), FLOATS, finite=False)
        return check_array("x", x, ("N", self.in_channels, "L"), FLOATS, finite=False)


def _one_row(x):
    """Return a sequence (N, C, L) as an image (N, C, 1, L), which stays one."""
    return x.reshape(*x.shape[:2], 1, x.shape[-1])
