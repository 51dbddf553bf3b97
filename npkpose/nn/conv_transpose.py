"""Transposed convolution: the adjoint of a convolution, which enlarges images.

    y[n,o, s h + d i - p, s w + d j - p] += sum_c weight[c,o,i,j] x[n,c,h,w]

for stride s, dilation d, padding p: each input pixel stamps a weighted window onto the
output. Zeiler et al., "Deconvolutional Networks", CVPR 2010. So `fold` does forward
what it does backward in `Conv2d`, and `unfold` the reverse. With k = (o, i, j) one kernel tap of a
block, l = (h, w) one input pixel and G groups of channels

    columns[n,g,k,l] = sum_c weight[g,c,k] x[n,g,c,l],    y = fold(columns) + bias
    dx[n,g,c,l]      = sum_k weight[g,c,k] dcolumns[n,g,k,l],    dcolumns = unfold(dy)
    dweight[g,c,k]   = sum_{n,l} x[n,g,c,l] dcolumns[n,g,k,l]

So the three functions of `npkpose.nn.conv` serve here with their roles exchanged: y is the input
gradient of a convolution, dx is the convolution of dy.

Departure from PyTorch: output_padding, the rows and columns that no window reaches,
must be below the stride; PyTorch also allows it below the dilation.
"""

import numpy as np

from npkpose import engine
from npkpose._check import check_flag, check_integer
from npkpose.nn._shapes import check_gradient, check_groups, check_images, pair
from npkpose.nn.conv import conv2d, conv2d_input_gradient, conv2d_weight_gradient
from npkpose.nn.faster import faster
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module


class ConvTranspose2d(Module):
    """Map images (N, C, H, W) to (N, O, Ho, Wo), Ho = (H-1)s - 2p + d(k-1) + output_padding + 1.

    ``params`` holds ``"weight"`` (C, O / groups, kh, kw) and, with ``bias``, ``"bias"``
    (O,), both float32. ``rng`` draws the weight (`kaiming_normal`): an output pixel lies
    under kh kw / (sh sw) windows on average, each summing C / groups products, so that
    fan_in is C kh kw / (groups sh sw).
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
        groups=1, bias=True, dilation=1, *, rng=None,
    ):
        super().__init__()
        self.in_channels = check_integer("in_channels", in_channels, 1)
        self.out_channels = check_integer("out_channels", out_channels, 1)
        self.groups = check_groups(groups, in_channels, out_channels)
        self.kernel_size = kh, kw = pair("kernel_size", kernel_size, 1)
        self.stride = sh, sw = pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        self.dilation = pair("dilation", dilation, 1)
        self.window = self.kernel_size, self.dilation, self.padding, self.stride
        self.output_padding = pair("output_padding", output_padding, 0)
        if any(extra >= s for extra, s in zip(self.output_padding, self.stride)):
            raise ValueError(
                f"output_padding: expected less than stride {stride}, got {output_padding}"
            )
        shape = (in_channels, out_channels // groups, kh, kw)
        fan_in = in_channels // groups * kh * kw / (sh * sw)
        self.params["weight"] = kaiming_normal(shape, fan_in, rng)
        if check_flag("bias", bias):
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the enlarged images; keep ``x``, which dweight needs."""
        x = check_images(x, self.in_channels)
        size = self.output_size(x.shape[2:])
        y = conv_transpose2d(x, *self.weight_and_bias(x.dtype), self.window, self.groups, size)
        self.save_for_backward(x, y.shape)
        return y

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, shape = self.saved()
        dy = check_gradient(dy, shape, x.dtype)
        weight, bias = self.weight_and_bias(x.dtype)
        self.grads["weight"], _ = conv2d_weight_gradient(
            dy, x, self.window, self.groups, with_bias=False
        )
        if bias is not None:
            self.grads["bias"] = channel_sums(dy)
        return conv2d(dy, weight, None, self.window, self.groups)

    def output_size(self, size):
        """Return the (height, width) of enlarged images of ``size``."""
        parts = zip(size, *self.window, self.output_padding)
        Ho, Wo = (((n - 1) * s - 2 * p + d * (k - 1) + extra + 1) for n, k, d, p, s, extra in parts)
        if Ho < 1 or Wo < 1:
            raise ValueError(f"x: expected images large enough for the padding, got {size}")
        return Ho, Wo


@faster(engine.conv_transpose2d)
def conv_transpose2d(x, weight, bias, window, groups, size):
    """Return the enlarged images (N, O, Ho, Wo), ``size`` being (Ho, Wo).

    ``weight`` is (C, O / groups, kh, kw), ``bias`` (O,) or None.
    """
    y = conv2d_input_gradient.plain(x, weight, window, groups, size)
    return y if bias is None else y + bias[:, None, None]


@faster(engine.channel_sums)
def channel_sums(dy):
    """Return the sums (O,) of dy (N, O, H, W): the gradient of a bias."""
    return dy.sum(axis=(0, 2, 3))
