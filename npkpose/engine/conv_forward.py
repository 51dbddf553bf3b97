"""The arithmetic of a convolution, split among threads.

    y[o,h,w] = sum_{i,c,j} weight[o,c,i,j] x[c, s h + d i - p, s w + d j - p]

Unfolding copies the pixels into each of the kh kw kernel taps. Where the vertical stride is 1 they
are unfolded here along the width alone:

    columns[(c,j), r, w] = x[c, r - p, s w + d j - p]

Row i of the kernel needs rows h + d i of these, which lie one after another in memory and can be
multiplied where they are:

    y[o,(h,w)] = sum_i weight_i[o,(c,j)] columns[(c,j), h + d i, w]

That is kw copies instead of kh kw. All taps are unfolded where an image has so few pixels that the
weight is the larger array: it would have to be copied into the order that weight_i needs.

Each thread takes some rows of windows, or where there are few windows some of the output channels,
and does everything for them in one compiled call (`npkpose.engine.conv_kernels`). A depthwise
convolution sums shifted images, since its products would have single rows
(`npkpose.engine.depthwise`). `npkpose.engine.conv_backward` has the gradients.
"""

import math
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from npkpose._check import count_windows
from npkpose.engine.conv_kernels import convolve_rows
from npkpose.engine.depthwise import depthwise_tasks
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


class Epilogue(NamedTuple):
    """What is done to a convolution's sums: y = relu(scale sum + shift + residual).

    ``scale`` and ``shift`` are (O,), ``residual`` is (N, O, pixels). None leaves a step out.
    """

    scale: np.ndarray | None = None
    shift: np.ndarray | None = None
    residual: np.ndarray | None = None
    relu: bool = False

    def arguments(self, dtype):
        """Return the last arguments of the kernels, with empty arrays for None."""
        return *(
            _empty(ndim, dtype) if a is None else np.ascontiguousarray(a, dtype)
            for a, ndim in ((self.scale, 1), (self.shift, 1), (self.residual, 3))
        ), self.relu


@lru_cache
def _empty(ndim, dtype):
    return np.empty((0,) * ndim, dtype)


def conv2d(x, weight, bias, window, groups=1):
    """Return the convolution (N, O, Ho, Wo) of images: the fast `npkpose.nn.conv.conv2d`."""
    return convolve(x, weight, window, groups, Epilogue(shift=bias))


# More arguments than six: transposed convolutions and input gradients need the last three.
def convolve(
    x, weight, window, groups=1, epilogue=Epilogue(), size=None, shuffle=(1, 1), limits=LIMITS
):  # fmt: skip
    """Return the convolution of images (N, C, H, W), after its epilogue.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (O, C / groups, kh, kw), of the dtype of ``x``
    window : (kernel size, dilation, padding, stride), each a pair
        The padding is that above and to the left, and may be negative.
    groups : int
    epilogue : Epilogue
    size : (Ho, Wo), optional
        How many windows there are; outside the image they see zeros. Default: as many as
        fit with the same padding below and to the right.
    shuffle : (sh, sw)
        Return (N, O / (sh sw), sh Ho, sw Wo): output channel (o, r, q) becomes the pixels
        (sh h + r, sw w + q) of channel o (Shi et al., CVPR 2016, arXiv:1609.05158). For one
        group, and an epilogue of O / (sh sw) channels without a residual.
    limits : Limits
    """
    N, C, H, W = x.shape
    O = len(weight)
    size = count_windows((H, W), window) if size is None else tuple(size)
    y = np.empty((N, O // math.prod(shuffle), math.prod(size) * math.prod(shuffle)), x.dtype)
    _check_operands(x, weight, window, groups, epilogue, y.shape)
    last = epilogue.arguments(x.dtype)
    if 1 < groups == C == O:
        tasks = depthwise_tasks(x, weight, window, size, y, last)
    else:
        tasks = _tasks(x, weight, window, groups, size, shuffle, limits, y, last)
    run_all(tasks)
    return y.reshape(*y.shape[:2], size[0] * shuffle[0], size[1] * shuffle[1])


def _check_operands(x, weight, window, groups, epilogue, shape):
    """Raise ValueError where the kernels would read outside of an array."""
    O, C = len(weight), x.shape[1]
    wanted = O, C // groups, *window[0]
    if weight.shape != wanted or C % groups or O % groups or weight.dtype != x.dtype:
        raise ValueError(
            f"weight: expected shape {wanted} and {x.dtype} for {C} channels in {groups} groups, "
            f"got {weight.shape} and {weight.dtype}"
        )
    lengths = (shape[1],), (shape[1],), shape
    for name, array, wanted in zip(("scale", "shift", "residual"), epilogue, lengths):
        if array is not None and array.shape != wanted:
            raise ValueError(f"{name}: expected shape {wanted}, got {array.shape}")


def _tasks(x, weight, window, groups, size, shuffle, limits, y, last):
    """Return functions that each write some rows and channels of ``y``."""
    x = np.ascontiguousarray(x)
    O = len(weight) // groups
    shape = (O, *weight.shape[1:])
    plan = _plan(len(x), shape, window[1][0], window[3][0], size, shuffle, num_threads(), limits)
    tasks = []
    for g in range(groups):
        matrices = _matrices(weight[g * O : (g + 1) * O], plan.P)
        inputs = g * plan.inputs, (g + 1) * plan.inputs
        for rows in plan.rows:
            for a, b in plan.channels:
                part = x, matrices[:, a:b], y, rows, inputs, g * O + a
                tasks.append(partial(_write, *part, window, size, shuffle, plan, last))
    return tasks


class _Plan(NamedTuple):
    """How a convolution is done: parts of the kernel, tasks, and scratch buffers."""

    P: int  # parts of the kernel: 1, or its kh rows
    rows: list  # of windows, (first, end)
    channels: list  # of the output, (first, end)
    inputs: int  # channels of a group
    tile: int  # windows
    length: int  # of columns
    joined: int  # length of sums that are not in y


@lru_cache(maxsize=4096)
def _plan(N, shape, dilation, stride, size, shuffle, threads, limits):
    """Return the `_Plan` for a weight of one group, of shape (O, C, kh, kw)."""
    (O, C, kh, kw), per_image = shape, size[0] * size[1]
    narrow = per_image < limits.min_gemm_width or C * kw < limits.min_gemm_depth
    unfold_all = kh == 1 or stride > 1 or narrow or N * per_image < limits.unfold_all_below * O
    P = 1 if unfold_all else kh
    multiplications = math.prod(shape)
    rows = split_rows(N, size, multiplications, threads, limits)
    few = len(rows) < threads and N * per_image * multiplications >= MIN_PARALLEL
    channels = split_range(O, threads if few else 1)
    if not rows:
        return _Plan(P, rows, channels, C, 1, 0, 0)
    tile = tile_windows(size, multiplications // (P * O), limits)
    longest = size[1] * max(end - first for first, end in rows)
    length = row_length(min(tile, longest) + (P - 1) * dilation * size[1])
    joined = row_length(tile) if shuffle != (1, 1) or tile > per_image else 0
    return _Plan(P, rows, channels, C, tile, length, joined)


def _matrices(weight, P):
    """Return the weight (O, C, kh, kw) as matrices (P, O, K)."""
    O, C, kh, kw = weight.shape
    if P == 1:
        return np.ascontiguousarray(weight).reshape(1, O, C * kh * kw)
    return np.ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(P, O, C * kw)


def _write(x, matrices, y, rows, inputs, channel, window, size, shuffle, plan, last):
    """Write some rows of windows of some channels of ``y``, from ``channel`` on."""
    _, O, K = matrices.shape
    columns = scratch((K, plan.length), y.dtype, "columns")
    sums = scratch((O, plan.joined), y.dtype, "sums")
    convolve_rows(
        x, matrices, y, *rows, inputs, channel, window, size, shuffle, plan.tile, columns, sums,
        *last,
    )  # fmt: skip
