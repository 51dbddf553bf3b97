"""2-D convolution (cross-correlation, as everywhere in deep learning).

    y[n,o,h,w] = bias[o] + sum_{c,i,j} weight[o,c,i,j] x[n,c, s h + d i - p, s w + d j - p]

for stride s, dilation d, padding p. With groups G the channels form G blocks, and
output block g sums over input block g alone; G = C is a depthwise convolution. With
k = (c, i, j) one place in the window, l = (h, w) one window, and `unfold` gathering
columns[n,g,k,l], the sum is a matrix product, and so are its gradients:

    y[n,g,o,l]        = sum_k weight[g,o,k] columns[n,g,k,l]
    dweight[g,o,k]    = sum_{n,l} dy[n,g,o,l] columns[n,g,k,l]
    dcolumns[n,g,k,l] = sum_o weight[g,o,k] dy[n,g,o,l],    dx = fold(dcolumns)

The gradients are calculated just so; `npkpose.nn.convolve` has a shorter way to y.
"""

import numpy as np

from npkpose._check import check_integer
from npkpose.nn._shapes import check_gradient, check_groups, check_images, pair
from npkpose.nn.activation import ReLU
from npkpose.nn.batchnorm import BatchNorm2d
from npkpose.nn.convolve import Tail, convolve
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module
from npkpose.nn.unfold import fold, unfold


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
        """Return the convolution of ``x``; keep ``x``, which dweight needs."""
        x = check_images(x, self.in_channels)
        y = self._convolve(x, self._tail(x.dtype))
        self.keep(x, y.shape)
        return y

    def forward_with(self, x, followers, skip=None):
        """Return this convolution with what follows it, and how many followers that are.

        Those are a `BatchNorm2d` on running statistics and a `ReLU`. ``skip``, if given, is
        added before a ReLU that is the last follower. Keeps nothing: see `npkpose.nn.run`.
        """
        x = check_images(x, self.in_channels)
        norm = relu = None
        if followers and type(followers[0]) is BatchNorm2d and followers[0].is_line():
            norm, *followers = followers
        if followers and type(followers[0]) is ReLU:
            relu, *followers = followers
        tail = self._tail(x.dtype, norm)._replace(relu=relu is not None)
        if skip is not None and relu is not None and not followers:
            N, O, Ho, Wo = skip.shape
            tail = tail._replace(skip=skip.reshape(N, O, Ho * Wo))
        return self._convolve(x, tail), (norm is not None) + (relu is not None)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, shape = self.recall()
        dy = check_gradient(dy, shape, x.dtype)
        if "bias" in self.params:
            self.grads["bias"] = dy.sum(axis=(0, 2, 3))
        weight = self._weight(dy.dtype)
        N, O, Ho, Wo = shape
        G, _, K = weight.shape
        L = Ho * Wo
        dy = dy.reshape(N, G, O // G, L)
        columns = unfold(x, *self.window).reshape(N, G, K, L)
        dweight = np.matmul(dy, columns.swapaxes(2, 3)).sum(axis=0)  # (G, O/G, K)
        self.grads["weight"] = dweight.reshape(self.params["weight"].shape)
        dcolumns = np.matmul(weight.swapaxes(1, 2), dy)  # (N, G, K, L)
        return fold(dcolumns.reshape(N, G * K, L), x.shape[2:], *self.window)

    def _convolve(self, x, tail):
        weight = self.params["weight"].astype(x.dtype, copy=False)
        return convolve(x, weight, self.window, self.groups, tail)

    def _tail(self, dtype, norm=None):
        """The bias, and the normalisation that comes after it."""
        bias = self.params.get("bias")
        if norm is None:
            return Tail(offset=None if bias is None else bias.astype(dtype)[:, None])
        slope, offset = (a.reshape(-1, 1) for a in norm.line(dtype))  # (O, 1)
        if bias is not None:
            offset = offset + slope * bias.astype(dtype)[:, None]
        return Tail(slope, offset)

    def _weight(self, dtype):
        weight = self.params["weight"].astype(dtype, copy=False)
        O, C, kh, kw = weight.shape
        return weight.reshape(self.groups, O // self.groups, C * kh * kw)  # (G, O/G, K)
