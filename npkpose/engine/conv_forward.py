"""The arithmetic of a convolution, on all threads.

    y[o,h,w] = sum_{c,i,j} weight[o,c,i,j] x[c, s h + d i - p, s w + d j - p]

is a product of the weight with pixels that are read where they lie: nothing is unfolded, nothing
rearranged (`npkpose.engine.register_tile`). `npkpose.engine.conv_plan` decides which rows of
pixels and which channels are a chunk, `npkpose.engine.conv_kernels` computes one, and threads take
chunks until none is left (`npkpose.engine.jobs`). In a depthwise convolution each channel is an
image with a weight of its own. `npkpose.engine.conv_backward` has the gradients.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from npkpose._check import count_windows
from npkpose.engine.activations import CLIP, NONE
from npkpose.engine.conv_kernels import FIELDS, SUMS, convolution_job, fill_record
from npkpose.engine.conv_plan import find_plan
from npkpose.engine.jobs import run_job
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads


class Epilogue(NamedTuple):
    """What is done to a convolution's sums: y = act(scale sum + shift + residual).

    ``scale`` and ``shift`` are (O,), ``residual`` is (N, O, pixels). ``activation`` is a number of
    `npkpose.engine.activations` with its a and b, float32 only. None leaves a step out.
    """

    scale: np.ndarray | None = None
    shift: np.ndarray | None = None
    residual: np.ndarray | None = None
    relu: bool = False
    activation: tuple | None = None


class Taps(NamedTuple):
    """Which kernel taps a sum has, and where they and their pixels lie.

    Window (h, w) sees tap (i, j) of channel c at the pixel (sh h + rows[i], sw w + cols[j]); the
    tap's weight for output o of image n is number n w_image + o w_row + c w_channel + w_taps[i, j],
    and the epilogue's scale and shift are numbers n own + o.
    """

    rows: tuple
    cols: tuple
    stride: tuple
    w_row: int
    w_channel: int
    w_taps: tuple  # of (row, column): its place
    w_image: int = 0
    own: int = 0


def conv2d(x, weight, bias, window, groups=1):
    """Return the convolution (N, O, Ho, Wo) of images: the fast `npkpose.nn.conv.conv2d`."""
    return convolve(x, weight, window, groups, Epilogue(shift=bias))


def convolve(x, weight, window, groups=1, epilogue=Epilogue(), sum_group=None):
    """Return the convolution (N, O, Ho, Wo) of images (N, C, H, W), after its epilogue.

    ``weight`` is (O, C / groups, kh, kw), of the dtype of ``x``; ``window`` is (kernel size,
    dilation, padding, stride), each a pair. ``sum_group`` does what `sum_taps` does, for the taps
    of `forward_taps`.
    """
    sum_group = sum_group or sum_taps
    N, C = x.shape[:2]
    O = len(weight)
    size = count_windows(x.shape[2:], window)
    y = np.empty((N, O, *size), x.dtype)
    _check_operands(x, weight, window, groups, epilogue, (N, O, size[0] * size[1]))
    weight, taps = np.ascontiguousarray(weight), forward_taps(window, C // groups)
    if epilogue.residual is not None:
        residual = np.ascontiguousarray(epilogue.residual, x.dtype).reshape(y.shape)
        epilogue = epilogue._replace(residual=residual)
    if groups == 1:
        sum_group(x, weight, taps, y, epilogue)
        return y
    if groups == C == O:
        sum_depthwise(x, weight, taps, y, epilogue)
        return y
    for g in range(groups):
        inputs, outputs = (slice(g * n // groups, (g + 1) * n // groups) for n in (C, O))
        part = Epilogue(*(None if a is None else a[outputs] for a in epilogue[:2]), *epilogue[2:])
        if part.residual is not None:
            part = part._replace(residual=part.residual[:, outputs])
        sum_group(x[:, inputs], weight[outputs], taps, y[:, outputs], part)
    return y


@lru_cache(maxsize=1024)
def forward_taps(window, C):
    """Return the `Taps` of a convolution of C channels."""
    (kh, kw), (dh, dw), (ph, pw), stride = window
    rows, cols = (tuple(d * i - p for i in range(k)) for k, d, p in ((kh, dh, ph), (kw, dw, pw)))
    return Taps(rows, cols, stride, C * kh * kw, kh * kw, tuple(range(kh * kw)))


def sum_depthwise(x, weight, taps, y, epilogue=Epilogue()):
    """Write to ``y`` (N, C, Ho, Wo) the sums over kernel taps alone: images of one channel each.

    Images of ``y`` follow each other without a gap; ``taps`` are those of a single channel.
    """
    N, C = x.shape[:2]
    x, y, residual = (
        None if a is None else a.reshape(N * C, 1, *a.shape[2:]) for a in (x, y, epilogue.residual)
    )
    weight, scale, shift = (
        None if a is None else np.resize(a, (N * C, *a.shape[1:])) for a in (weight, *epilogue[:2])
    )
    taps = taps._replace(w_image=taps.w_row, own=1)
    sum_taps(x, weight, taps, y, Epilogue(scale, shift, residual, *epilogue[3:]))


def sum_taps(x, weight, taps, y, epilogue=Epilogue()):
    """Write to ``y`` (N, O, Ho, Wo) the sums over kernel taps and channels, after an epilogue.

    ``x`` (N, C, H, W) and ``y`` may be views whose images, channels and, for ``y``, rows and pixels
    lie apart; ``weight`` is an array whose memory `Taps` speaks of. All have the dtype of ``y``,
    and the residual its strides.
    """
    if not y.size:
        return
    H, W = x.shape[2:]
    rows_apart = H > 1 and x.strides[2] != W * x.itemsize
    if x.strides[3] != x.itemsize or rows_apart or min(x.strides) < 0:
        x = np.ascontiguousarray(x)
    record, plan, _ = conv_record(x, weight, taps, y, epilogue, scratch)
    run_job(convolution_job(y.dtype).address, record, plan.threads)


def conv_record(x, weight, taps, y, epilogue, buffer):
    """Return the record of the job that `sum_taps` does, its plan, and arrays it speaks of.

    Rows of ``x`` follow each other; ``buffer(shape, dtype, name)`` returns a scratch buffer.
    """
    (N, C, H, W), (O, Ho, Wo), dtype = x.shape, y.shape[1:], y.dtype
    contiguous = y.strides[3] == y.itemsize and (Ho == 1 or y.strides[2] == Wo * y.itemsize)
    fixed, plan, kept = prepare(
        N, C, O, (H, W), (Ho, Wo), taps, contiguous, num_threads(), y.itemsize
    )
    record = np.empty_like(fixed)
    scale, shift, kind, numbers = epilogue_numbers(epilogue, O + (N - 1) * taps.own, dtype)
    residual = epilogue.residual
    fill_record(
        record, fixed, x, weight, y,
        buffer((plan.threads, plan.buffer), dtype, "planes"),
        buffer((plan.threads, O, SUMS), np.uint8, "sums"),
        scale, shift, y if residual is None else residual, residual is not None, kind, numbers,
    )  # fmt: skip
    return record, plan, (kept, scale, shift, numbers)


def epilogue_numbers(epilogue, count, dtype):
    """Return ``count`` scales and shifts, the activation's kind and (lowest, highest, a, b)."""
    scale, shift = (
        _numbers(a, count, default, dtype)
        for a, default in ((epilogue.scale, 1), (epilogue.shift, 0))
    )
    return scale, shift, *_activation(epilogue.relu, epilogue.activation, dtype)


@lru_cache(maxsize=64)
def _activation(relu, activation, dtype):
    """Return the number of an activation, and its (lowest, highest, a, b)."""
    kind, a, b = activation or (NONE, 0, 0)
    bounds = (0, np.inf) if relu else (a, b) if kind == CLIP else (-np.inf, np.inf)
    return NONE if kind == CLIP else kind, np.array([*bounds, a, b], dtype)


@lru_cache(maxsize=4096)
def prepare(N, C, O, image, size, taps, contiguous, threads, itemsize):
    """Return a record of what does not change, the plan, and arrays that the record speaks of."""
    plan = find_plan(
        N, C, O, image, size, taps.rows, taps.cols, taps.stride, contiguous,
        taps.w_image == 0, threads, itemsize,
    )  # fmt: skip
    w_offsets = _weight_offsets(C, taps.w_channel, taps.w_taps)
    arrays = {
        "planes": plan.planes, "w_offsets": w_offsets, "row_starts": plan.row_starts,
        "col_starts": plan.col_starts, "chunks": plan.chunks, "places": plan.places,
    }  # fmt: skip
    numbers = {
        "K": len(w_offsets), "C": C, "O": O, "H": image[0], "W": image[1], "Ho": size[0],
        "Wo": size[1], "sh": taps.stride[0], "sw": taps.stride[1], "w_row": taps.w_row,
        "w_image": taps.w_image, "own": taps.own, "rows": len(plan.row_starts),
        "cols": len(plan.col_starts), "below": plan.below, "width": plan.width,
        "copies": plan.copies, "by_rows": plan.by_rows, "count": len(plan.chunks),
        "buffer_size": plan.buffer, "placed": plan.places.size,
    }  # fmt: skip
    return fixed_record(FIELDS, arrays, numbers), plan, arrays


@lru_cache(maxsize=1024)
def _weight_offsets(C, w_channel, w_taps):
    """Return the place of each term's weight, for images of any size."""
    return np.add.outer(np.arange(C) * w_channel, w_taps).reshape(-1).astype(np.int64)


def fixed_record(fields, arrays, numbers):
    """Return the record of a job with what does not change: addresses of arrays, and numbers."""
    values = {name: address(array) for name, array in arrays.items()} | numbers
    return np.array([values.get(name, 0) for name in fields], np.int64)


def address(array):
    """Return where an array's numbers begin."""
    return array.__array_interface__["data"][0]


@lru_cache(maxsize=64)
def _constant(count, value, dtype):
    return np.full(count, value, dtype)


def _numbers(array, count, value, dtype):
    if array is None:
        return _constant(count, value, dtype)
    return np.ascontiguousarray(array, dtype)


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
