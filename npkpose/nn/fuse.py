"""Layers in a row; the fast engine takes a convolution and what follows it as one.

In evaluation a `BatchNorm2d` with running statistics is affine, y = slope x + offset, so

    relu(norm(conv(x)) + skip) = relu(slope (weight * x) + (slope bias + offset) + skip)

is one convolution with an epilogue, and so is a transposed convolution without a skip. A large 3x3
convolution then takes a quicker method (`npkpose.engine.winograd`). While training a convolution or
a normalisation takes only the ReLU after it. Each layer still keeps what its gradient needs.
"""

import numpy as np

from npkpose import engine
from npkpose._check import count_windows
from npkpose.nn._shapes import check_images
from npkpose.nn.activation import ReLU
from npkpose.nn.batchnorm import BatchNorm2d
from npkpose.nn.conv import Conv2d
from npkpose.nn.conv1d import Conv1d
from npkpose.nn.conv_transpose import ConvTranspose2d
from npkpose.nn.faster import faster


def _run_fused(layers, x, skip=None):
    """Return what `run` does, fused where layers fit."""
    layers = list(layers)
    while layers:
        if type(layers[0]) is Conv2d or type(layers[0]) is Conv1d and np.ndim(x) == 4:
            x, used = _conv(layers, x, skip)
        elif skip is None and _is_normalised_enlargement(*layers[:2]):
            x, used = _enlarge(layers, x)
        elif type(layers[0]) is BatchNorm2d:
            x, used = _norm(layers, x, skip)
        else:
            last = len(layers) == 1
            x, used = layers[0](x if skip is None or not last else x + skip), 1
        del layers[:used]
    return x


@faster(_run_fused)
def run(layers, x, skip=None):
    """Return ``x`` passed through ``layers``.

    ``skip``, if given, is added to the input of the last layer, a ReLU.
    """
    for i, layer in enumerate(layers):
        if skip is not None and i == len(layers) - 1:
            x = x + skip
        x = layer(x)
    return x


def _conv(layers, x, skip):
    """Return the convolution that comes first with what it takes of the rest, and their number."""
    conv, *rest = layers
    norm = relu = residual = None
    if not conv.training and rest and type(rest[0]) is BatchNorm2d and rest[0].is_affine():
        norm, *rest = rest
    if rest and type(rest[0]) is ReLU:
        relu, *rest = rest
    x = check_images(x, conv.in_channels)  # a Conv1d's are images of one row
    if skip is not None and relu is not None and not rest:
        shape = len(x), conv.out_channels, *count_windows(x.shape[2:], conv.window)
        if conv.training or np.shape(skip) != shape:
            relu = None  # its input is not the convolution, or the sum is one of NumPy's
        else:
            residual = skip.reshape(*shape[:2], shape[2] * shape[3])
    weight, bias = conv.weight_and_bias(x.dtype)
    scale, shift = None, bias
    if norm is not None:
        scale, shift = _affine(norm, bias, x.dtype)
    epilogue = engine.Epilogue(scale, shift, residual, relu is not None)
    convolve = engine.convolve if conv.training else engine.convolve_in_evaluation
    y = convolve(x, weight, conv.window, conv.groups, epilogue)
    conv.save_for_backward(x, y.shape)
    if relu is not None:
        relu.save_for_backward(y)
    return y, 1 + (norm is not None) + (relu is not None)


def _affine(norm, bias, dtype):
    """Return the scale and shift (O,) of a normalisation that follows a sum without its bias."""
    scale, shift = (a.reshape(-1) for a in norm.affine(dtype))
    return scale, shift if bias is None else shift + scale * bias


def _is_normalised_enlargement(layer, norm=None):
    return (
        type(layer) is ConvTranspose2d and layer.groups == 1 and not layer.training
        and type(norm) is BatchNorm2d and norm.is_affine()
    )  # fmt: skip


def _enlarge(layers, x):
    """Return the transposed convolution with its normalisation and a ReLU, and their number."""
    conv, norm, *rest = layers
    relu = bool(rest) and type(rest[0]) is ReLU
    x = check_images(x, conv.in_channels)
    weight, bias = conv.weight_and_bias(x.dtype)
    epilogue = engine.Epilogue(*_affine(norm, bias, x.dtype), None, relu)
    size = conv.output_size(x.shape[2:])
    return engine.conv2d_input_gradient(x, weight, conv.window, 1, size, epilogue), 2 + relu


def _norm(layers, x, skip):
    """Return the normalisation that comes first with a ReLU after it, and their number."""
    norm, *rest = layers
    relu = rest[0] if rest and type(rest[0]) is ReLU else None
    x = check_images(x, norm.num_features)
    rows, *statistics = norm.prepare(x)
    residual = None
    if skip is not None and relu is not None and len(rest) == 1:
        if np.shape(skip) == x.shape:
            residual = skip.astype(x.dtype, copy=False).reshape(rows.shape)
        else:
            relu = None  # the sum is one of NumPy's
    y = engine.normalise(rows, *statistics, residual, relu is not None).reshape(x.shape)
    if relu is not None:
        relu.save_for_backward(y)
    return y, 1 + (relu is not None)
