"""The two gradients of a convolution, without scattering.

With y[o,h] = sum_{c,i} weight[o,c,i] x[c, s h + d i - p], along one axis and the same along two:

    dweight[o,c,i] = sum_h dy[o,h] x[c, s h + d i - p]
    dx[c,q]        = sum_{o,i} weight[o,c,i] dy[o, (q + p - d i) / s], where the division is whole

The first is a product of dy with the columns of the forward pass, strip by strip. The second adds
windows that overlap (`npkpose.nn.fold` does it as written). Read from the side of dx it is a
gather: pixels q = s u + r of one remainder r see only the places i with d i = r + p mod s, which
are s' = s / gcd(s, d) apart. With i = i0 + s' t and d' = d / gcd(s, d),

    dx[c, s u + r] = sum_{o,t} weight[o, c, i0 + s' t] dy[o, u + (r + p - d i0) / s - d' t]

is a convolution of dy with some of the weight's places, turned round, of stride 1 and dilation
d': s s of them along two axes, each for its own pixels. With a stride of 1 it is one convolution
with the whole weight turned round. Where there are fewer windows than weights, to turn these
would take longest: there the windows are added as written. Dumoulin & Visin, "A guide to
convolution arithmetic for deep learning", 2016, arXiv:1603.07285, section 4.
"""

from functools import lru_cache, partial
from math import gcd

import numpy as np

from npkpose.engine.conv_forward import SHORT, Tail, convolve
from npkpose.engine.matmul import product
from npkpose.engine.threads import num_threads, run_all, scratch
from npkpose.engine.tiling import NARROW, SMALL, block_windows, cuts, padded, row_length, shares
from npkpose.nn.faster import channel_sums, weight_gradient_rows
from npkpose.nn.unfold import fold

FEW_WINDOWS = 2  # for each of dy's channels: below, the weight is the larger array
WIDE = 64  # output channels above which rows of dy can be multiplied as they are
SHUFFLED = 64  # rows of products up to which all remainders are made at once


def input_gradient(dy, weight, window, groups, size, tail=Tail()):
    """Return dL/dx (N, C, H, W), ``size`` being (H, W), given dL/dy (N, O, Ho, Wo).

    ``weight`` is (O, C / groups, kh, kw). This is also the forward pass of a transposed
    convolution, which a ``tail`` of an offset and a ReLU may follow.
    """
    O, inputs, *kernel = weight.shape
    C, stride = inputs * groups, window[3]
    if groups == 1 and 0 < dy[:, 0].size < FEW_WINDOWS * O:
        return _scatter(dy, weight, window, size, tail)
    turned = weight.reshape(groups, O // groups, inputs, *kernel).swapaxes(1, 2)
    turned = turned.reshape(C, O // groups, *kernel)
    each = stride[0] * stride[1]
    if groups == 1 < each and (tuple(kernel) == stride or C * each <= SHUFFLED):
        return _all_at_once(dy, turned, window, size, tail)
    dx = np.empty((len(dy), C, *size), dy.dtype)
    for r in np.ndindex(*stride):
        part = dx[:, :, r[0] :: stride[0], r[1] :: stride[1]]
        if not part.size:
            continue
        (rows, top, dh), (cols, left, dw) = (_places(*axis) for axis in zip(r, *window))
        some = turned[:, :, rows, cols]
        if not some.size:  # no place of the window reaches these pixels
            some = np.zeros((C, O // groups, 1, 1), dy.dtype)
        its_window = some.shape[2:], (dh, dw), (-top, -left), (1, 1)
        y = convolve(dy, some, its_window, groups, tail, part.shape[2:])
        if each == 1:
            return y
        part[...] = y
    return dx


def _scatter(dy, weight, window, size, tail):
    """The input gradient as `fold` of one product, which takes the weight as it is."""
    N, O = dy.shape[:2]
    rows = dy.reshape(N, O, -1).swapaxes(0, 1).reshape(O, -1)
    columns = product(weight.reshape(O, -1).T, rows)
    dx = fold(columns.reshape(len(columns), N, -1).swapaxes(0, 1), size, *window)
    if tail.offset is not None:
        dx += tail.offset.astype(dx.dtype)[:, None, None]
    return np.maximum(dx, 0) if tail.relu else np.ascontiguousarray(dx)


def _all_at_once(dy, turned, window, size, tail):
    """The input gradient as one convolution, whose channels (c, r, q) are then shuffled.

    Its window has every place that some remainder needs: that is more products than
    necessary unless windows lie side by side, but pays where they have few rows.
    """
    (C, O), stride = turned.shape[:2], window[3]
    its_window, moves = _common_window(window)
    weight = np.zeros((C, *stride, O, *its_window[0]), dy.dtype)
    for r, places, at in moves:
        weight[:, r[0], r[1], :, at[0], at[1]] = turned[:, :, places[0], places[1]]
    counts = tuple(-(-n // s) for n, s in zip(size, stride))
    dx = convolve(
        dy, weight.reshape(-1, O, *its_window[0]), its_window, 1, tail, counts, stride
    )
    return np.ascontiguousarray(dx[:, :, : size[0], : size[1]])


@lru_cache(maxsize=1024)
def _common_window(window):
    """Return a window with the places of all remainders, and where each of them has its own.

    The second is a list of (remainder, places of the given window, places of the common one).
    """
    stride = window[3]
    reached = [[_places(r, *axis) for r in range(axis[3])] for axis in zip(*window)]
    first = [min(start for _, start, _ in axis) for axis in reached]
    counts = [[len(range(k)[each[0]]) for each in axis] for axis, k in zip(reached, window[0])]
    last = [
        max(start + step * (count - 1) for (_, start, step), count in zip(axis, n))
        for axis, n in zip(reached, counts)
    ]
    kernel = tuple(b - a + 1 for a, b in zip(first, last))
    moves = []
    for r in np.ndindex(*stride):
        its_places, at = [], []
        for axis in range(2):
            places, start, step = reached[axis][r[axis]]
            begin = start - first[axis]
            its_places.append(places)
            at.append(slice(begin, begin + step * counts[axis][r[axis]], step))
        moves.append((r, its_places, at))
    return (kernel, (1, 1), (-first[0], -first[1]), (1, 1)), moves


def weight_gradient(x, dy, window, groups):
    """Return dL/dweight (O, C / groups, kh, kw) and the sums (O,) of dL/dy.

    Given x (N, C, H, W) and dL/dy (N, O, Ho, Wo).
    """
    (N, C), (_, O, *size) = x.shape[:2], dy.shape
    inputs, kernel = C // groups, window[0]
    x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy).reshape(N, O, size[0] * size[1])
    if 1 < groups == C == O:
        dbias = np.empty(O)
        channel_sums(dy, dbias)
        return _correlate(x, dy.reshape(N, O, *size), window), dbias.astype(x.dtype)
    dweight, dbias = np.zeros((O, inputs, *kernel), x.dtype), np.zeros(O, x.dtype)
    for channels, outputs in zip(cuts(C, groups), cuts(O, groups)):
        part = slice(*outputs)
        what = x, dy, dweight[part], dbias[part], channels, outputs, window, tuple(size)
        if outputs[1] - outputs[0] > WIDE:
            _product_by_channels(*what)
        else:
            _product_by_pixels(*what)
    return dweight, dbias


def _product_by_channels(x, dy, dweight, dbias, inputs, outputs, window, size):
    """Write a weight's gradient, some of its output channels on each thread."""
    T = num_threads() if len(x) * size[0] * size[1] * dweight.size >= SMALL else 1

    def write(a, b):
        its_outputs = outputs[0] + a, outputs[0] + b
        its_part = dweight[a:b].reshape(1, b - a, -1), dbias[a:b]
        _gradient_of_rows(
            x, dy, *its_part, (0, len(x) * size[0]), inputs, its_outputs, window, size, False
        )

    run_all([partial(write, a, b) for a, b in cuts(len(dweight), T)])


def _product_by_pixels(x, dy, dweight, dbias, inputs, outputs, window, size):
    """Write a weight's gradient, the sum of what each thread finds in its share of windows."""
    O, C, kh, kw = dweight.shape
    whole = kh == 1 or window[3][0] > 1 or size[0] * size[1] < NARROW or C * kw < SHORT
    P = 1 if whole else kh

    def add_up(first, end):
        total = np.empty((P, C * kh * kw // P, O), x.dtype)  # one thread may do several shares
        biases = np.empty(O, x.dtype)
        what = inputs, outputs, window, size, True
        _gradient_of_rows(x, dy, total, biases, (first, end), *what)
        return total.reshape(P, C, kh // P, kw, O), biases

    works = [partial(add_up, *rows) for rows in shares(len(x), size, dweight.size)]
    for total, biases in run_all(works):
        dweight += total.transpose(4, 1, 0, 2, 3).reshape(dweight.shape)
        dbias += biases


def _gradient_of_rows(x, dy, dweight, dbias, rows, inputs, outputs, window, size, swapped):
    P, K = len(dweight), dweight.shape[1 if swapped else 2]
    block = block_windows(size, K)
    length = min(block, size[1] * (rows[1] - rows[0]))
    seen, O = length + (P - 1) * window[1][0] * size[1], outputs[1] - outputs[0]
    columns = scratch((K, row_length(seen)), x.dtype, "columns")
    values = scratch((length, O) if swapped else (O, row_length(length)), x.dtype, "rows")
    what = inputs, outputs, window, size, block, swapped, columns, values
    weight_gradient_rows(x, dy, dweight, dbias, *rows, *what)


def _places(r, kernel, dilation, padding, stride):
    """Return along one axis the places i that reach pixels s u + r, and which of dy they see.

    The places are a slice that turns them round; they see dy[u + start], dy[u + start + step], ...
    """
    step = stride // gcd(stride, dilation)
    i = next((i for i in range(kernel) if (r + padding - dilation * i) % stride == 0), kernel)
    last = kernel - 1 - (kernel - 1 - i) % step
    if i == kernel:
        return slice(0, 0), 0, 1
    start = (r + padding - dilation * last) // stride
    return slice(last, i - 1 if i else None, -step), start, dilation * step // stride


def _correlate(x, dy, window):
    """The weight gradient of a depthwise convolution."""
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = dy.shape[2:]
    seen = padded(x, window, (0, Ho), Wo)
    dweight = np.empty((x.shape[1], 1, kh, kw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            dweight[:, 0, i, j] = np.einsum("nchw,nchw->c", dy, seen[:, :, rows, cols])
    return dweight
