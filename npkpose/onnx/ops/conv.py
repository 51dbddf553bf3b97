"""Convolutions, with one, two or three spatial axes.

    y[n,o,l] = bias[o] + sum_{c,i} weight[o,c,i] x[n,c, s l + d i - p]

Specification: ONNX, Operators.md, Conv-1 and ConvTranspose-1 (both last changed in 22). Two axes
and one are the layers of `npkpose.nn`, plain or fast; three are summed here, tap by tap.
"""

import math

import numpy as np

from npkpose.nn.conv import conv2d
from npkpose.nn.conv_transpose import conv_transpose2d
from npkpose.onnx.limits import check_products, check_size
from npkpose.onnx.ops.activation import hard_sigmoid, leaky_relu, relu, sigmoid
from npkpose.onnx.ops.arguments import along, ints, per_axis, read_window, resolve_pads, taps


def conv(x, weight, bias=None, *, group=1, **window):
    """Conv-1: the sum above, in ``group`` blocks of channels."""
    kernel, strides, dilations, pads = windows(x, weight, **window)
    if group < 1 or weight.shape[1] * group != x.shape[1] or len(weight) % group:
        raise ValueError(
            f"weight: expected {x.shape[1]} channels in {group} groups, got {list(weight.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bias: expected {len(weight)} numbers, got shape {list(bias.shape)}")
    size = [
        (n + a + b - d * (k - 1) - 1) // s + 1
        for n, (a, b), k, s, d in zip(x.shape[2:], pads, kernel, strides, dilations)
    ]
    check_size((len(x), len(weight), *size), x.itemsize)
    check_products(len(x) * math.prod(size) * weight.size)
    if len(kernel) > 2:
        x = np.pad(x, [(0, 0), (0, 0), *pads])
        y = sum(
            _product(x[seen], weight[(..., *tap)], group)
            for tap, seen in taps(kernel, strides, dilations, size).items()
        )
        return y if bias is None else y + along(bias, 1, y.ndim)
    return _conv2d(x, weight, bias, (kernel, dilations, pads, strides), group)


def _conv2d(x, weight, bias, window, group):
    """Return a convolution with one or two spatial axes."""
    kernel, dilations, pads, strides = window
    if len(kernel) == 1:
        window = (1, *kernel), (1, *dilations), [(0, 0), *pads], (1, *strides)
        return _conv2d(x[:, :, None], weight[:, :, None], bias, window, group)[:, :, 0]
    if any(a != b for a, b in pads):
        x, pads = np.pad(x, [(0, 0), (0, 0), *pads]), [(0, 0), (0, 0)]
    window = kernel, dilations, tuple(a for a, _ in pads), strides
    function = conv2d if x.dtype == np.float32 else conv2d.plain  # float64 is compiled for no file
    return function(x, weight, bias, window, group)


def windows(x, weight, kernel_shape=None, *others, **window):
    """Return kernel size, strides, dilations and (before, after) of each spatial axis."""
    if weight.ndim != x.ndim or not 3 <= x.ndim <= 5:
        raise ValueError(f"x: expected 3 to 5 axes like the weight, got {x.shape}, {weight.shape}")
    kernel = tuple(weight.shape[2:] if kernel_shape is None else ints(kernel_shape))
    if kernel != weight.shape[2:] or min(kernel) < 1:
        raise ValueError(f"kernel_shape: expected {list(weight.shape[2:])}, got {list(kernel)}")
    return read_window(x.shape[2:], kernel, *others, **window)


def _product(x, weight, group):
    """Return sum_c weight[o,c] x[n,c] in each group: images of one kernel tap."""
    parts = zip(np.split(x, group, 1), np.split(weight, group))
    products = [np.moveaxis(np.tensordot(w, part, (1, 1)), 0, 1) for part, w in parts]
    return np.concatenate(products, 1)


def conv_transpose(
    x, weight, bias=None, *, group=1, output_padding=None, output_shape=None, pads=None,
    auto_pad="NOTSET", **window,
):  # fmt: skip
    """ConvTranspose-1: each input number adds a weighted window to the output."""
    n = x.ndim - 2
    kernel, strides, dilations, _ = windows(x, weight, **window)
    extra = per_axis("output_padding", output_padding, n, 0, 0)
    whole = [
        (length - 1) * s + d * (k - 1) + 1
        for length, k, s, d in zip(x.shape[2:], kernel, strides, dilations)
    ]
    if output_shape is not None or auto_pad.startswith("SAME"):
        wanted = ints(output_shape) or [a * s for a, s in zip(x.shape[2:], strides)]
        extra = [max(e, size - length) for e, size, length in zip(extra, wanted[-n:], whole)]
        pads = _cut(whole, extra, wanted[-n:], auto_pad)
    else:
        pads = resolve_pads(whole, kernel, strides, dilations, pads, auto_pad)
    if group < 1 or len(weight) != x.shape[1] or x.shape[1] % group:
        raise ValueError(f"weight: expected {x.shape[1]} rows, {group} groups, got {weight.shape}")
    size = [a + b for a, b in zip(whole, extra)]
    check_size((len(x), weight.shape[1] * group, *size), x.itemsize)
    check_products(x[:, :1].size * weight.size)
    y = _transposed(x, weight, kernel, strides, dilations, group, whole)
    y = np.pad(y, [(0, 0), (0, 0), *((0, e) for e in extra)])
    ends = [length + e - after for length, e, (_, after) in zip(whole, extra, pads)]
    y = y[(..., *(slice(before, end) for (before, _), end in zip(pads, ends)))]
    return y if bias is None else y + along(bias, 1, y.ndim)


def _cut(whole, extra, wanted, auto_pad):
    """Return what is cut off the whole output so that the wanted one is left."""
    pads = []
    for length, e, size in zip(whole, extra, wanted):
        total = max(0, length + e - size)
        small, large = total // 2, total - total // 2
        pads.append((large, small) if auto_pad != "SAME_UPPER" else (small, large))
    return pads


def _transposed(x, weight, kernel, strides, dilations, group, whole):
    """Return the whole output, without padding."""
    if len(kernel) == 1:
        args = (1, *kernel), (1, *strides), (1, *dilations), group, [1, *whole]
        return _transposed(x[:, :, None], weight[:, :, None], *args)[:, :, 0]
    if len(kernel) == 2:
        window = kernel, dilations, (0, 0), strides
        function = conv_transpose2d if x.dtype == np.float32 else conv_transpose2d.plain
        return function(x, weight, None, window, group, tuple(whole))
    y = np.zeros((len(x), weight.shape[1] * group, *whole), x.dtype)
    for tap, places in taps(kernel, strides, dilations, x.shape[2:]).items():
        turned = [w[(..., *tap)].T for w in np.split(weight, group)]
        y[places] += _product(x, np.concatenate(turned), group)
    return y


def fused_conv(
    x, weight, bias=None, residual=None, *, activation, activation_params=(), group=1, **window
):
    """FusedConv of com.microsoft: a convolution, plus a residual, and an activation after it.

    Departure: Silu is known too, and "" is none.
    """
    y = conv(x, weight, bias, group=group, **window)
    y = y if residual is None else y + residual
    a, b = [*activation_params, 0, 0][:2]
    functions = {
        "": lambda: y, "Silu": lambda: y * sigmoid(y), "Relu": lambda: relu(y),
        "Sigmoid": lambda: sigmoid(y), "Tanh": lambda: np.tanh(y),
        "LeakyRelu": lambda: leaky_relu(y, alpha=a), "Clip": lambda: np.clip(y, a, b),
        "HardSigmoid": lambda: hard_sigmoid(y, alpha=a, beta=b),
        "HardSwish": lambda: y * hard_sigmoid(y, alpha=a, beta=b),
    }  # fmt: skip
    if activation not in functions:
        raise ValueError(f"activation: expected one of {list(functions)}, got {activation!r}")
    return functions[activation]()


OPS = {"Conv": {1: conv}, "ConvTranspose": {1: conv_transpose}}
MICROSOFT = {"FusedConv": {1: fused_conv}}
