"""2-D convolution (cross-correlation, as everywhere in deep learning).

    y[n,o,h,w] = bias[o] + sum_{c,i,j} weight[o,c,i,j] x[n,c, s h + d i - p, s w + d j - p]

for stride s, dilation d, padding p. With groups G the channels form G blocks, and
output block g sums over input block g alone; G = C is a depthwise convolution. With
k = (c, i, j) one place in the window, l = (h, w) one window, and `unfold` gathering
columns[n,g,k,l], the sum is a matrix product, and so are its gradients:

    y[n,g,o,l]        = sum_k weight[g,o,k] columns[n,g,k,l]
    dweight[g,o,k]    = sum_{n,l} dy[n,g,o,l] columns[n,g,k,l]
    dcolumns[n,g,k,l] = sum_o weight[g,o,k] dy[n,g,o,l],    dx = fold(dcolumns)

That is the reading version, which the tests compare with. `npkpose.engine.conv_forward` has a shorter
way to y, and `npkpose.engine.conv_backward` shorter ways to both gradients.
"""

from contextlib import contextmanager

import numpy as np

from npkpose._check import check_integer
from npkpose.engine.conv_backward import input_gradient, weight_gradient
from npkpose.engine.conv_forward import Tail, convolve
from npkpose.nn._shapes import check_gradient, check_groups, check_images, pair
from npkpose.nn.activation import ReLU
from npkpose.nn.batchnorm import BatchNorm2d
from npkpose.nn.init import kaiming_normal
from npkpose.nn.module import Module


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
        self.first = False  # whether nobody needs dL/dx: see `no_input_gradient`
        shape = (out_channels, in_channels // groups, kh, kw)
        self.params["weight"] = kaiming_normal(shape, in_channels // groups * kh * kw, rng)
        if bias:
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the convolution of ``x``; keep ``x``, which dweight needs."""
        x = check_images(x, self.in_channels)
        y = self._convolve(x, self._tail(x.dtype))
        self.save_for_backward(x, y.shape)
        return y

    def forward_with(self, x, followers, skip=None):
        """Return this convolution with what follows it, and how many followers that are.

        Those are, in evaluation, a `BatchNorm2d` and a `ReLU` to which ``skip``, if given, is
        added where it is the last follower; in training a `ReLU`. See `npkpose.nn.fuse`.
        """
        x = check_images(x, self.in_channels)
        norm = relu = None
        if not self.training and followers:
            if type(followers[0]) is BatchNorm2d and followers[0].is_line():
                norm, *followers = followers
        if followers and type(followers[0]) is ReLU:
            relu, *followers = followers
        tail = self._tail(x.dtype, norm)
        if skip is not None and relu is not None and not followers:
            if self.training:
                relu = None
            else:
                N, O, Ho, Wo = skip.shape
                tail = tail._replace(skip=skip.reshape(N, O, Ho * Wo))
        y = self._convolve(x, tail._replace(relu=relu is not None))
        self.save_for_backward(x, y.shape)
        if relu is not None:
            relu.save_for_backward(y)
        return y, (norm is not None) + (relu is not None)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx (None within `no_input_gradient`)."""
        x, shape = self.saved()
        dy = check_gradient(dy, shape, x.dtype)
        weight = self.params["weight"].astype(x.dtype, copy=False)
        self.grads["weight"], dbias = weight_gradient(x, dy, self.window, self.groups)
        if "bias" in self.params:
            self.grads["bias"] = dbias
        if self.first:
            return None
        return input_gradient(dy, weight, self.window, self.groups, x.shape[2:])

    def _convolve(self, x, tail):
        weight = self.params["weight"].astype(x.dtype, copy=False)
        return convolve(x, weight, self.window, self.groups, tail)

    def _tail(self, dtype, norm=None):
        """The bias, and the normalisation that comes after it."""
        bias = self.params.get("bias")
        if norm is None:
            return Tail(offset=None if bias is None else bias.astype(dtype))
        slope, offset = (a.reshape(-1) for a in norm.line(dtype))  # (O,)
        if bias is not None:
            offset = offset + slope * bias.astype(dtype)
        return Tail(slope, offset)


@contextmanager
def no_input_gradient(network):
    """Within it, ``backward`` of a network returns None: training needs no gradient of pictures.

    That saves the convolution that comes first, which alone may look at them, one of its two
    products.
    """
    layers = [layer for _, layer in network.named_modules() if isinstance(layer, Conv2d)][:1]
    before = [layer.first for layer in layers]
    for layer in layers:
        layer.first = True
    try:
        yield
    finally:
        for layer, first in zip(layers, before):
            layer.first = first
