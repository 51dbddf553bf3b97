"""The two gradients of a convolution, without scattering.

With y[o,h] = sum_{c,i} weight[o,c,i] x[c, s h + d i - p], along one axis and the same along two:

    dweight[o,c,i] = sum_h dy[o,h] x[c, s h + d i - p]
    dx[c,q]        = sum_{o,i} weight[o,c,i] dy[o, (q + p - d i) / s], where the division is whole

The first multiplies rows of dy with rows of pixels that are read as in the forward pass. The
second adds windows that overlap (`npkpose.nn.conv` does it so). Read from the side of dx it is a
gather: pixels q = s u + r of one remainder r see only the kernel taps i with d i = r + p mod s,

    dx[c, s u + r] = sum_{o,i} weight[o,c,i] dy[o, u + (r + p - d i) / s]

which is a sum over taps like the forward pass's, of stride 1: one for each remainder, and each for
its own pixels. Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016,
arXiv:1603.07285, section 4.
"""

from functools import lru_cache

import numpy as np

from npkpose.engine.conv_forward import Epilogue, Taps, forward_taps, sum_depthwise, sum_taps
from npkpose.engine.conv_weight import sum_windows
from npkpose.engine.depthwise import depthwise_weight_gradient
from npkpose.engine.normalise import channel_sums
from npkpose.engine.pack_taps import pack_taps

MANY_WINDOWS = 192  # of all images, from which on a copy of the weight costs less than it saves


def conv_transpose2d(x, weight, bias, window, groups, size):
    """Return the transposed convolution: the fast `npkpose.nn.conv_transpose.conv_transpose2d`."""
    return conv2d_input_gradient(x, weight, window, groups, size, Epilogue(shift=bias))


# More arguments than six: the epilogue makes it the forward pass of a transposed convolution.
def conv2d_input_gradient(dy, weight, window, groups, size, epilogue=Epilogue()):
    """Return dL/dx (N, C, H, W), ``size`` being (H, W), given dL/dy (N, O, Ho, Wo).

    ``weight`` is (O, C / groups, kh, kw). An ``epilogue`` of a shift, a ReLU and, for one group, a
    scale may follow.
    """
    O, inputs = weight.shape[:2]
    if dy.shape[1] != O or O % groups or weight.dtype != dy.dtype:
        raise ValueError(
            f"dy: expected {O} channels of {weight.dtype} in {groups} groups, "
            f"got {dy.shape[1]} of {dy.dtype}"
        )
    C = inputs * groups
    dx = np.empty((len(dy), C, *size), dy.dtype)
    weight = np.ascontiguousarray(weight)
    if 1 < groups == C == O:
        _gather(dy, weight, window, dx, epilogue, sum_depthwise)
        return dx
    for g in range(groups):
        sums, terms = (slice(g * n // groups, (g + 1) * n // groups) for n in (C, O))
        shift = None if epilogue.shift is None else epilogue.shift[sums]
        part = epilogue._replace(shift=shift)
        _gather(dy[:, terms], weight[terms], window, dx[:, sums], part, sum_taps)
    return dx


def _gather(dy, weight, window, dx, epilogue, add_up):
    """Fill ``dx``: pixels of each remainder of the stride by ``add_up``, one of two functions."""
    (sh, sw), all_taps = window[3], gradient_taps(window, weight.shape[1])
    weights = [(weight, taps) for taps in all_taps]
    if add_up is sum_taps and sh * sw > 1 and dy.size >= MANY_WINDOWS * len(weight):
        weights = pack_taps(weight, all_taps)
    for (weight, taps), (r, q) in zip(weights, np.ndindex(sh, sw)):
        pixels = dx[:, :, r::sh, q::sw]
        if taps.rows and taps.cols:
            add_up(dy, weight, taps, pixels, epilogue)
        else:  # no kernel tap reaches these pixels
            shift = epilogue.shift
            pixels[...] = 0 if shift is None else shift[:, None, None]
            if epilogue.relu:
                np.maximum(pixels, 0, out=pixels)


@lru_cache(maxsize=1024)
def gradient_taps(window, C):
    """Return the `Taps` for pixels of each remainder of the stride, in the order of np.ndindex."""
    (kh, kw), dilation, padding, (sh, sw) = window
    axes = [
        [
            [(i, (r + p - d * i) // s) for i in range(k) if (r + p - d * i) % s == 0]
            for r in range(s)
        ]
        for k, d, p, s in zip(*window)
    ]
    taps = []
    for r, q in np.ndindex(sh, sw):
        rows, cols = axes[0][r], axes[1][q]
        places = tuple(i * kw + j for i, _ in rows for j, _ in cols)
        positions = (tuple(t for _, t in axis) for axis in (rows, cols))
        taps.append(Taps(*positions, (1, 1), kh * kw, C * kh * kw, places))
    return taps


def conv2d_weight_gradient(x, dy, window, groups=1, with_bias=True):
    """Return dL/dweight (O, C / groups, kh, kw) and dL/dbias (O,), the sums of dL/dy, or None.

    Given x (N, C, H, W) and dL/dy (N, O, Ho, Wo).
    """
    (N, C), O = x.shape[:2], dy.shape[1]
    if len(dy) != N or dy.dtype != x.dtype or C % groups or O % groups:
        raise ValueError(
            f"dy: expected {N} images of {x.dtype} for {groups} groups, got {dy.shape}, {dy.dtype}"
        )
    x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy)
    dbias = channel_sums(dy) if with_bias else None
    if 1 < groups == C == O:
        return depthwise_weight_gradient(x, dy, window), dbias
    dweight = np.empty((O, C // groups, *window[0]), x.dtype)
    taps = forward_taps(window, C // groups)
    for g in range(groups):
        inputs, outputs = (slice(g * n // groups, (g + 1) * n // groups) for n in (C, O))
        sum_windows(x[:, inputs], dy[:, outputs], taps, dweight[outputs])
    return dweight, dbias
