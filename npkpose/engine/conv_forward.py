"""The arithmetic of a convolution, shared out among threads.

    y[o,h,w] = sum_{i,c,j} weight[o,c,i,j] x[c, s h + d i - p, s w + d j - p]

`unfold` copies the pixels into each of the kh kw places of the window. Where the vertical stride
is 1 they are unfolded here along the width alone:

    columns[(c,j), r, w] = x[c, r - p, s w + d j - p]

What row i of the window sees, rows h + d i, then lies one after another in memory and can be
multiplied where it is:

    y[o,(h,w)] = sum_i weight_i[o,(c,j)] columns[(c,j), h + d i, w]

That is kw copies instead of kh kw. All places are unfolded where there are so few pixels that the
weights are the larger array, which would have to be put in the order that weight_i needs.

Each thread takes some rows of windows, or of few windows some of the output channels, and does
all that is to be done with them in one compiled call (`npkpose.engine.conv_kernels`). A depthwise
convolution sums shifted images, since its products would have single rows. `npkpose.engine.conv_backward`
has the gradients.
"""

import math
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from npkpose.engine.threads import num_threads, run_all, scratch
from npkpose.engine.tiling import NARROW, SMALL, block_windows, cuts, padded, row_length, shares
from npkpose.nn.faster import convolve_rows, sum_shifted
from npkpose.nn.unfold import window_counts

FEW_PIXELS = 8  # for each output channel
SHORT = 24  # rows of columns below which products are slow
DEPTHWISE = 2**17  # numbers in the channels that a thread takes at once


class Tail(NamedTuple):
    """What is done to a sum of products: y = relu(slope sum + offset + skip).

    ``slope`` and ``offset`` are (O,), ``skip`` is (N, O, pixels). None leaves a step out.
    """

    slope: np.ndarray | None = None
    offset: np.ndarray | None = None
    skip: np.ndarray | None = None
    relu: bool = False

    def arguments(self, dtype):
        """Return the last arguments of the kernels, absent ones as empty arrays."""
        return *(
            _absent(ndim, dtype) if a is None else np.ascontiguousarray(a, dtype)
            for a, ndim in ((self.slope, 1), (self.offset, 1), (self.skip, 3))
        ), self.relu


@lru_cache
def _absent(ndim, dtype):
    return np.empty((0,) * ndim, dtype)


def convolve(x, weight, window, groups=1, tail=Tail(), size=None, shuffle=(1, 1)):
    """Return the convolution of images (N, C, H, W) and what its tail makes of it.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (O, C / groups, kh, kw), of the dtype of ``x``
    window : (kernel size, dilation, padding, stride), each a pair
        As `unfold` takes it. The padding is that above and to the left, and may be negative.
    groups : int
    tail : Tail
    size : (Ho, Wo), optional
        How many windows there are; outside the image they see zeros. Default: as many as
        fit with the same padding below and to the right.
    shuffle : (sh, sw)
        Return (N, O / (sh sw), sh Ho, sw Wo): output channel (o, r, q) becomes the pixels
        (sh h + r, sw w + q) of channel o. For one group, and a tail of O / (sh sw) channels
        without a skip.
    """
    N, C, H, W = x.shape
    O = len(weight)
    size = window_counts((H, W), *window) if size is None else tuple(size)
    parts = math.prod(shuffle)
    y = np.empty((N, O // parts, math.prod(size) * parts), x.dtype)
    after = tail.arguments(x.dtype)
    if 1 < groups == C == O:
        works = _depthwise(x, weight, window, size, y, after)
    else:
        works, x = [], np.ascontiguousarray(x)
        part = (O // groups, *weight.shape[1:])
        plan = _plan(N, part, window[1][0], window[3][0], size, shuffle, num_threads())
        for g in range(groups):
            matrices = _matrices(weight[g * part[0] : (g + 1) * part[0]], plan.P)
            what = window, size, shuffle, plan, after
            works += [
                partial(_write, x, matrices[:, a:b], y, rows, (g, g * part[0] + a), *what)
                for rows in plan.rows for a, b in plan.channels
            ]
    run_all(works)
    return y.reshape(*y.shape[:2], size[0] * shuffle[0], size[1] * shuffle[1])


class _Plan(NamedTuple):
    """How a convolution is done: parts of the window, shares of work, and scratch memory."""

    P: int
    rows: list  # of windows, (first, end)
    channels: list  # of the output, (first, end)
    inputs: int  # channels of a group
    block: int  # windows
    length: int  # of columns
    joined: int  # length of sums that are not in y


@lru_cache(maxsize=4096)
def _plan(N, shape, dilation, stride, size, shuffle, threads):
    """Return the `_Plan` for weights of one group of that shape."""
    (O, C, kh, kw), each = shape, size[0] * size[1]
    whole = kh == 1 or stride > 1 or each < NARROW or C * kw < SHORT
    P = 1 if whole or N * each < FEW_PIXELS * O else kh
    multiplications = math.prod(shape)
    rows = shares(N, size, multiplications)
    few = len(rows) < threads and N * each * multiplications >= SMALL
    channels = cuts(O, threads if few else 1)
    if not rows:
        return _Plan(P, rows, channels, C, 1, 0, 0)
    block = block_windows(size, multiplications // (P * O))
    longest = size[1] * max(end - first for first, end in rows)
    length = row_length(min(block, longest) + (P - 1) * dilation * size[1])
    joined = row_length(block) if shuffle != (1, 1) or block > each else 0
    return _Plan(P, rows, channels, C, block, length, joined)


def _matrices(weight, P):
    """Return the weight (O, C, kh, kw) as matrices (P, O, K)."""
    O, C, kh, kw = weight.shape
    if P == 1:
        return np.ascontiguousarray(weight).reshape(1, O, C * kh * kw)
    return np.ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(P, O, C * kw)


def _write(x, matrices, y, rows, place, window, size, shuffle, plan, after):
    """Write some rows of windows of some channels of ``y``; ``place`` is (group, channel)."""
    _, O, K = matrices.shape
    columns = scratch((K, plan.length), y.dtype, "columns")
    sums = scratch((O, plan.joined), y.dtype, "sums")
    inputs = place[0] * plan.inputs, (place[0] + 1) * plan.inputs
    what = inputs, place[1], window, size, shuffle, plan.block, columns, sums
    convolve_rows(x, matrices, y, *rows, *what, *after)


def _depthwise(x, weight, window, size, y, after):
    """Functions that each write some channels of ``y`` (N, C, pixels)."""
    N, C, H, W = x.shape
    weight = np.ascontiguousarray(weight)
    channels = cuts(C, max(num_threads(), C * H * W // DEPTHWISE))
    share = x, weight, window, size, y, after
    return [partial(_write_shifted, *share, n, *part) for n in range(N) for part in channels]


def _write_shifted(x, weight, window, size, y, after, n, a, b):
    """Write channels a to b of image n."""
    seen = padded(x[n : n + 1, a:b], window, (0, size[0]), size[1])[0]
    sum_shifted(np.ascontiguousarray(seen), weight, window, size, y, n, a, *after)
