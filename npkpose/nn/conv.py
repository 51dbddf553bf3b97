"""2-D convolution (cross-correlation, as everywhere in deep learning).

    y[n,o,h,w] = bias[o] + sum_{c,i,j} weight[o,c,i,j] x[n,c, s h + d i - p, s w + d j - p]

for stride s, dilation d, padding p. With groups G the channels form G blocks, and
output block g sums over input block g alone; G = C is a depthwise convolution. With
k = (c, i, j) one place in the window, l = (h, w) one window, and `unfold` gathering
columns[n,g,k,l], the sum is a matrix product, and so are its gradients:

    y[n,g,o,l]        = sum_k weight[g,o,k] columns[n,g,k,l]
    dweight[g,o,k]    = sum_{n,l} dy[n,g,o,l] columns[n,g,k,l]
    dcolumns[n,g,k,l] = sum_o weight[g,o,k] dy[n,g,o,l],    dx = fold(dcolumns)
"""

import numpy as np

from npkpose._check import check_integer
from npkpose.nn._shapes import check_gradient, check_groups, check_images, pair
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module
from npkpose.nn.unfold import fold, unfold, window_counts


class Conv2d(Module):
    """Map images (N, C, H, W) to (N, O, Ho, Wo), Ho = floor((H + 2p - d(k-1) - 1) / s) + 1.

    ``params`` holds ``"weight"`` (O, C / groups, kh, kw) and, with ``bias``, ``"bias"``
    (O,), both float32. ``kernel_size``, ``stride``, ``padding`` and ``dilation`` are an
    int or (vertical, horizontal). ``rng`` draws the weight (`kaiming_normal`).
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
        groups=1, bias=True, *, rng=None,
    ):
        super().__init__()
        self.in_channels = check_integer("in_channels", in_channels, 1)
        self.out_channels = check_integer("out_channels", out_channels, 1)
        self.groups = check_groups(groups, in_channels, out_channels)
        self.kernel_size = kh, kw = pair("kernel_size", kernel_size, 1)
        self.stride = pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        self.dilation = pair("dilation", dilation, 1)
        self.window = self.kernel_size, self.dilation, self.padding, self.stride
        shape = (out_channels, in_channels // groups, kh, kw)
        self.params["weight"] = kaiming_normal(shape, in_channels // groups * kh * kw, rng)
        if bias:
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the convolution of ``x``; keep the columns, which dweight needs."""
        x = check_images(x, self.in_channels)
        N, _, H, W = x.shape
        Ho, Wo = window_counts((H, W), *self.window)
        weight = self._weight(x.dtype)
        G, _, K = weight.shape
        columns = unfold(x, *self.window).reshape(N, G, K, Ho * Wo)
        y = np.matmul(weight, columns).reshape(N, self.out_channels, Ho, Wo)
        if "bias" in self.params:
            y += self.params["bias"][:, None, None]
        self.keep(columns, (H, W), y.shape)
        return y

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        columns, size, shape = self.recall()
        dy = check_gradient(dy, shape, columns.dtype)
        if "bias" in self.params:
            self.grads["bias"] = dy.sum(axis=(0, 2, 3))
        weight = self._weight(dy.dtype)
        N, G, K, L = columns.shape
        dy = dy.reshape(N, G, self.out_channels // G, L)
        dweight = np.matmul(dy, columns.swapaxes(2, 3)).sum(axis=0)  # (G, O/G, K)
        self.grads["weight"] = dweight.reshape(self.params["weight"].shape)
        dcolumns = np.matmul(weight.swapaxes(1, 2), dy)  # (N, G, K, L)
        return fold(dcolumns.reshape(N, G * K, L), size, *self.window)

    def _weight(self, dtype):
        weight = self.params["weight"].astype(dtype, copy=False)
        O, C, kh, kw = weight.shape
        return weight.reshape(self.groups, O // self.groups, C * kh * kw)  # (G, O/G, K)
