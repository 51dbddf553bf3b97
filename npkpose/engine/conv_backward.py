"""The two gradients of a convolution, without scattering.

With y[o,h] = sum_{c,i} weight[o,c,i] x[c, s h + d i - p], along one axis and the same along two:

    dweight[o,c,i] = sum_h dy[o,h] x[c, s h + d i - p]
    dx[c,q]        = sum_{o,i} weight[o,c,i] dy[o, (q + p - d i) / s], where the division is whole

The first is a product of dy with the columns of the forward pass, tile by tile. The second adds
windows that overlap (`npkpose.nn.conv` does it so). Read from the side of dx it is a gather:
pixels q = s u + r of one remainder r see only the kernel taps i with d i = r + p mod s, which are
s' = s / gcd(s, d) apart. With i = i0 + s' t and d' = d / gcd(s, d),

    dx[c, s u + r] = sum_{o,t} weight[o, c, i0 + s' t] dy[o, u + (r + p - d i0) / s - d' t]

is a convolution of dy with some of the kernel taps, flipped, of stride 1 and dilation d': s s of
them along two axes, each for its own pixels. With a stride of 1 it is one convolution with the
whole kernel flipped. Where there are fewer windows than weights, flipping the kernel would take
longest: there the windows are added. Dumoulin & Visin, "A guide to convolution arithmetic for deep
learning", 2016, arXiv:1603.07285, section 4.
"""

from functools import lru_cache, partial
from math import gcd

import numpy as np

from npkpose.engine.conv_forward import Epilogue, convolve
from npkpose.engine.conv_kernels import weight_gradient_rows
from npkpose.engine.depthwise import depthwise_weight_gradient
from npkpose.engine.matmul import matmul
from npkpose.engine.normalise import channel_sums
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import (
    LIMITS,
    MIN_PARALLEL,
    row_length,
    split_range,
    split_rows,
    tile_windows,
)


def conv_transpose2d(x, weight, bias, window, groups, size):
    """Return the transposed convolution: the fast `npkpose.nn.conv_transpose.conv_transpose2d`."""
    return conv2d_input_gradient(x, weight, window, groups, size, Epilogue(shift=bias))


# More arguments than six: the epilogue makes it the forward pass of a transposed convolution.
def conv2d_input_gradient(dy, weight, window, groups, size, epilogue=Epilogue(), limits=LIMITS):
    """Return dL/dx (N, C, H, W), ``size`` being (H, W), given dL/dy (N, O, Ho, Wo).

    ``weight`` is (O, C / groups, kh, kw). An ``epilogue`` of a shift and a ReLU may follow.
    """
    O, inputs, *kernel = weight.shape
    C, stride = inputs * groups, window[3]
    if groups == 1 and 0 < dy[:, 0].size < limits.fold_below * O:
        return _fold(dy, weight, window, size, epilogue)
    flipped = weight.reshape(groups, O // groups, inputs, *kernel).swapaxes(1, 2)
    flipped = flipped.reshape(C, O // groups, *kernel)  # its taps are flipped below
    remainders = stride[0] * stride[1]
    few_rows = tuple(kernel) == stride or C * remainders <= limits.shuffle_rows
    if groups == 1 < remainders and few_rows:
        return _all_remainders(dy, flipped, window, size, epilogue)
    return _by_remainder(dy, flipped, window, groups, size, epilogue)


def _by_remainder(dy, weight, window, groups, size, epilogue):
    """The input gradient as a convolution for each remainder of the stride."""
    C, O, *_ = weight.shape
    stride = window[3]
    dx = np.empty((len(dy), C, *size), dy.dtype)
    for r in np.ndindex(*stride):
        part = dx[:, :, r[0] :: stride[0], r[1] :: stride[1]]
        if not part.size:
            continue
        (rows, top, dh), (cols, left, dw) = (_taps(*axis) for axis in zip(r, *window))
        some = weight[:, :, rows, cols]
        if not some.size:  # no kernel tap reaches these pixels
            some = np.zeros((C, O, 1, 1), dy.dtype)
        its_window = some.shape[2:], (dh, dw), (-top, -left), (1, 1)
        y = convolve(dy, some, its_window, groups, epilogue, part.shape[2:])
        if stride == (1, 1):
            return y
        part[...] = y
    return dx


def _fold(dy, weight, window, size, epilogue):
    """The input gradient as one product, whose overlapping windows are added."""
    N, O, Ho, Wo = dy.shape
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = window
    rows = dy.reshape(N, O, -1).swapaxes(0, 1).reshape(O, -1)
    patches = matmul(weight.reshape(O, -1).T, rows).reshape(-1, kh, kw, N, Ho, Wo)
    image = np.zeros((N, len(patches), size[0] + 2 * ph, size[1] + 2 * pw), dy.dtype)
    for i, j in np.ndindex(kh, kw):
        y, x = slice(dh * i, dh * i + sh * Ho, sh), slice(dw * j, dw * j + sw * Wo, sw)
        image[:, :, y, x][:, :, :Ho, :Wo] += patches[:, i, j].swapaxes(0, 1)
    dx = image[:, :, ph : ph + size[0], pw : pw + size[1]]
    if epilogue.shift is not None:
        dx += epilogue.shift.astype(dx.dtype)[:, None, None]
    return np.maximum(dx, 0) if epilogue.relu else np.ascontiguousarray(dx)


def _all_remainders(dy, weight, window, size, epilogue):
    """The input gradient as one convolution, whose channels (c, r, q) are then shuffled.

    Its kernel has every tap that some remainder needs: that is more products than
    necessary unless windows lie side by side, but pays where they have few rows.
    """
    (C, O), stride = weight.shape[:2], window[3]
    its_window, moves = _common_window(window)
    joined = np.zeros((C, *stride, O, *its_window[0]), dy.dtype)
    for r, taps, at in moves:
        joined[:, r[0], r[1], :, at[0], at[1]] = weight[:, :, taps[0], taps[1]]
    joined = joined.reshape(-1, O, *its_window[0])
    counts = tuple(-(-n // s) for n, s in zip(size, stride))
    dx = convolve(dy, joined, its_window, 1, epilogue, counts, stride)
    return np.ascontiguousarray(dx[:, :, : size[0], : size[1]])


@lru_cache(maxsize=1024)
def _common_window(window):
    """Return a window with the kernel taps of all remainders, and where each has its own.

    The second is a list of (remainder, taps of the given kernel, taps of the common one).
    """
    stride = window[3]
    reached = [[_taps(r, *axis) for r in range(axis[3])] for axis in zip(*window)]
    first = [min(start for _, start, _ in axis) for axis in reached]
    counts = [[len(range(k)[each[0]]) for each in axis] for axis, k in zip(reached, window[0])]
    last = [
        max(start + step * (count - 1) for (_, start, step), count in zip(axis, n))
        for axis, n in zip(reached, counts)
    ]
    kernel = tuple(b - a + 1 for a, b in zip(first, last))
    moves = []
    for r in np.ndindex(*stride):
        its_taps, at = [], []
        for axis in range(2):
            taps, start, step = reached[axis][r[axis]]
            begin = start - first[axis]
            its_taps.append(taps)
            at.append(slice(begin, begin + step * counts[axis][r[axis]], step))
        moves.append((r, its_taps, at))
    return (kernel, (1, 1), (-first[0], -first[1]), (1, 1)), moves


def _taps(r, kernel, dilation, padding, stride):
    """Return along one axis the kernel taps that reach pixels s u + r, and which of dy they see.

    The taps are a slice that flips them; they see dy[u + start], dy[u + start + step], ...
    """
    step = stride // gcd(stride, dilation)
    i = next((i for i in range(kernel) if (r + padding - dilation * i) % stride == 0), kernel)
    last = kernel - 1 - (kernel - 1 - i) % step
    if i == kernel:
        return slice(0, 0), 0, 1
    start = (r + padding - dilation * last) // stride
    return slice(last, i - 1 if i else None, -step), start, dilation * step // stride


def conv2d_weight_gradient(x, dy, window, groups=1, limits=LIMITS):
    """Return dL/dweight (O, C / groups, kh, kw) and dL/dbias (O,), the sums of dL/dy.

    Given x (N, C, H, W) and dL/dy (N, O, Ho, Wo).
    """
    (N, C), (_, O, *size) = x.shape[:2], dy.shape
    if len(dy) != N or dy.dtype != x.dtype or C % groups or O % groups:
        raise ValueError(
            f"dy: expected {N} images of {x.dtype} for {groups} groups, got {dy.shape}, {dy.dtype}"
        )
    x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy)
    if 1 < groups == C == O:
        return depthwise_weight_gradient(x, dy, window), channel_sums(dy)
    dy = dy.reshape(N, O, size[0] * size[1])
    dweight, dbias = np.zeros((O, C // groups, *window[0]), x.dtype), np.zeros(O, x.dtype)
    for inputs, outputs in zip(split_range(C, groups), split_range(O, groups)):
        part = slice(*outputs)
        wide = O // groups > limits.by_channels_above
        write = _product_by_channels if wide else _product_by_pixels
        write(x, dy, dweight[part], dbias[part], inputs, outputs, window, tuple(size), limits)
    return dweight, dbias


def _product_by_channels(x, dy, dweight, dbias, inputs, outputs, window, size, limits):
    """Write a weight's gradient, some of its output channels on each thread."""
    T = num_threads() if len(x) * size[0] * size[1] * dweight.size >= MIN_PARALLEL else 1
    rows = 0, len(x) * size[0]

    def write(a, b):
        channels = outputs[0] + a, outputs[0] + b
        matrix = dweight[a:b].reshape(1, b - a, -1)
        _write_rows(
            x, dy, matrix, dbias[a:b], rows, inputs, channels, window, size, False, limits
        )

    run_all([partial(write, a, b) for a, b in split_range(len(dweight), T)])


def _product_by_pixels(x, dy, dweight, dbias, inputs, outputs, window, size, limits):
    """Write a weight's gradient, the sum over what each thread finds in its rows of windows."""
    O, C, kh, kw = dweight.shape
    narrow = size[0] * size[1] < limits.min_gemm_width or C * kw < limits.min_gemm_depth
    P = 1 if kh == 1 or window[3][0] > 1 or narrow else kh

    def add_up(first, end):
        total = np.empty((P, C * kh * kw // P, O), x.dtype)  # one thread may run several tasks
        biases = np.empty(O, x.dtype)
        rows = first, end
        _write_rows(x, dy, total, biases, rows, inputs, outputs, window, size, True, limits)
        return total.reshape(P, C, kh // P, kw, O), biases

    rows = split_rows(len(x), size, dweight.size, num_threads(), limits)
    for total, biases in run_all([partial(add_up, *part) for part in rows]):
        dweight += total.transpose(4, 1, 0, 2, 3).reshape(dweight.shape)
        dbias += biases


def _write_rows(x, dy, dweight, dbias, rows, inputs, outputs, window, size, swapped, limits):
    """Write the share of some rows of windows in the gradients; see `weight_gradient_rows`."""
    P, K = len(dweight), dweight.shape[1 if swapped else 2]
    tile = tile_windows(size, K, limits)
    length = min(tile, size[1] * (rows[1] - rows[0]))
    seen, O = length + (P - 1) * window[1][0] * size[1], outputs[1] - outputs[0]
    columns = scratch((K, row_length(seen)), x.dtype, "columns")
    values = scratch((length, O) if swapped else (O, row_length(length)), x.dtype, "rows")
    weight_gradient_rows(
        x, dy, dweight, dbias, *rows, inputs, outputs, window, size, tile, swapped, columns, values
    )
