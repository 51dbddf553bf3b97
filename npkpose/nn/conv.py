"""2-D convolution (cross-correlation, as everywhere in deep learning).

    y[n,o,h,w] = bias[o] + sum_{c,i,j} weight[o,c,i,j] x[n,c, s h + d i - p, s w + d j - p]

for stride s, dilation d, padding p. With groups G the channels form G blocks, and
output block g sums over input block g alone; G = C is a depthwise convolution. With
k = (c, i, j) one kernel tap of a block, l = (h, w) one window, and `unfold` gathering
columns[n,g,k,l], the sum is a matrix product, and so are its gradients:

    y[n,g,o,l]        = sum_k weight[g,o,k] columns[n,g,k,l]
    dweight[g,o,k]    = sum_{n,l} dy[n,g,o,l] columns[n,g,k,l]
    dcolumns[n,g,k,l] = sum_o weight[g,o,k] dy[n,g,o,l],    dx = fold(dcolumns)

A 3x3 convolution of one image of 2 channels and 4 x 5 pixels to 8 channels, without padding: the
weight is (8, 2, 3, 3), K = 18; there are 2 x 3 windows, so columns are (18, 6) and y (8, 6).

`npkpose.engine.conv_forward` and `npkpose.engine.conv_backward` have faster ways to all three.
"""

from contextlib import contextmanager
from itertools import islice

import numpy as np

from npkpose import engine
from npkpose._check import check_flag, check_integer, check_kind, count_windows
from npkpose.nn._shapes import check_gradient, check_groups, check_images, pair
from npkpose.nn.faster import faster
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
        self.needs_dx = True  # see `no_input_gradient`
        shape = (out_channels, in_channels // groups, kh, kw)
        self.params["weight"] = kaiming_normal(shape, in_channels // groups * kh * kw, rng)
        if check_flag("bias", bias):
            self.params["bias"] = np.zeros(out_channels, np.float32)

    def forward(self, x):
        """Return the convolution of ``x``; keep ``x``, which dweight needs."""
        x = check_images(x, self.in_channels)
        y = conv2d(x, *self.weight_and_bias(x.dtype), self.window, self.groups)
        self.save_for_backward(x, y.shape)
        return y

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx (None within `no_input_gradient`)."""
        x, shape = self.saved()
        dy = check_gradient(dy, shape, x.dtype)
        weight, bias = self.weight_and_bias(x.dtype)
        self.grads["weight"], dbias = conv2d_weight_gradient(
            x, dy, self.window, self.groups, bias is not None
        )
        if bias is not None:
            self.grads["bias"] = dbias
        if not self.needs_dx:
            return None
        return conv2d_input_gradient(dy, weight, self.window, self.groups, x.shape[2:])


@faster(engine.conv2d)
def conv2d(x, weight, bias, window, groups=1):
    """Return the convolution (N, O, Ho, Wo) of images (N, C, H, W).

    ``weight`` is (O, C / groups, kh, kw), ``bias`` (O,) or None, ``window`` (kernel size,
    dilation, padding, stride), each a pair.
    """
    N, G, O = len(x), groups, len(weight)
    Ho, Wo = count_windows(x.shape[2:], window)
    K = weight[0].size
    columns = unfold(x, *window).reshape(N, G, K, Ho * Wo)
    y = weight.reshape(G, O // G, K) @ columns  # (N, G, O / G, L)
    y = y.reshape(N, O, Ho, Wo)
    return y if bias is None else y + bias[:, None, None]


@faster(engine.conv2d_weight_gradient)
def conv2d_weight_gradient(x, dy, window, groups=1, with_bias=True):
    """Return dL/dweight (O, C / groups, kh, kw) and dL/dbias (O,) or None, given dL/dy."""
    (N, C), O, G, L = x.shape[:2], dy.shape[1], groups, dy.shape[2] * dy.shape[3]
    columns = unfold(x, *window)
    columns = columns.reshape(N, G, columns.shape[1] // G, L)
    dy = dy.reshape(N, G, O // G, L)
    dweight = (dy @ columns.swapaxes(2, 3)).sum(axis=0)  # (G, O / G, K)
    dbias = dy.sum(axis=(0, 3)).reshape(O) if with_bias else None
    return dweight.reshape(O, C // G, *window[0]), dbias


@faster(engine.conv2d_input_gradient)
def conv2d_input_gradient(dy, weight, window, groups, size):
    """Return dL/dx (N, C, H, W), given dL/dy (N, O, Ho, Wo); ``size`` is (H, W)."""
    N, O, G, L, K = len(dy), len(weight), groups, dy.shape[2] * dy.shape[3], weight[0].size
    dy = dy.reshape(N, G, O // G, L)
    dcolumns = weight.reshape(G, O // G, K).swapaxes(1, 2) @ dy  # (N, G, K, L)
    return fold(dcolumns.reshape(N, G * K, L), size, *window)


@contextmanager
def no_input_gradient(network):
    """Skip dL/dx of the first convolution within it: training needs no gradient of images.

    ``backward`` of the network returns None then. The first convolution must be the only layer
    that reads the images.
    """
    modules = check_kind("network", network, Module).named_modules()
    layers = list(islice((layer for _, layer in modules if isinstance(layer, Conv2d)), 1))
    before = [layer.needs_dx for layer in layers]
    for layer in layers:
        layer.needs_dx = False
    try:
        yield
    finally:
        for layer, needs_dx in zip(layers, before):
            layer.needs_dx = needs_dx
