"""Operators that move numbers without changing them, and that make arrays.

Specification: ONNX, Operators.md, versions 1 to 24.
"""

import math

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import check_axes, check_axis, ints, parts, scalar
from npkpose.onnx.tensors import data_type


def reshape(x, shape, *, allowzero=0):
    """Reshape-5: -1 is what is left, 0 the length of x's axis unless ``allowzero``."""
    shape = ints(shape)
    if not allowzero:
        if any(n == 0 and i >= x.ndim for i, n in enumerate(shape)):
            raise ValueError(f"shape: expected a 0 only for axes of {list(x.shape)}, got {shape}")
        shape = [x.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    if x.size == 0 and -1 in shape and 0 not in shape:
        shape = [0 if n == -1 else n for n in shape]
    return x.reshape(shape)


def flatten(x, *, axis=1):
    """Flatten-1: a matrix of the axes before and after ``axis``."""
    if not -x.ndim <= axis <= x.ndim:
        raise ValueError(f"axis: expected -{x.ndim} to {x.ndim}, got {axis}")
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def squeeze(x, axes=None):
    """Squeeze-1, with an input from 13: without axes of length 1."""
    return np.squeeze(x, None if axes is None else check_axes(axes, x.ndim))


def unsqueeze(x, axes):
    """Unsqueeze-1, with an input from 13: with axes of length 1 at these places of the result."""
    check_axes(axes, x.ndim + len(ints(axes)))
    return np.expand_dims(x, tuple(ints(axes)))


def concat(*inputs, axis):
    """Concat-4: the inputs one after the other along an axis."""
    check_size((sum(x.size for x in inputs),), inputs[0].itemsize)
    return np.concatenate(inputs, check_axis(axis, inputs[0].ndim))


def split(x, split=None, *, axis=0, num_outputs=None, outputs):
    """Split-2, with an input from 13: parts of given lengths, or equal ones, the last shorter."""
    axis = check_axis(axis, x.ndim)
    if split is None:
        if num_outputs not in (None, outputs):
            raise ValueError(f"num_outputs: expected {outputs}, got {num_outputs}")
        each = -(-x.shape[axis] // outputs)
        split = [max(0, min(each, x.shape[axis] - each * i)) for i in range(outputs)]
    split = ints(split)
    if len(split) != outputs:
        raise ValueError(f"split: expected {outputs} lengths, got {split}")
    return tuple(parts(x, split, axis))


def slice_(x, starts, ends, axes=None, steps=None):
    """Slice-1, with inputs from 10: x[start:end:step] of some axes, all by default."""
    starts, ends = ints(starts), ints(ends)
    axes = check_axes(range(len(starts)) if axes is None else axes, x.ndim)
    steps = [1] * len(starts) if steps is None else ints(steps)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise ValueError(f"starts: expected as many as ends, axes and steps, got {starts}")
    where = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        if step < 0 and end < -x.shape[axis]:
            end = None  # to the first number, which it includes
        where[axis] = slice(start, end, step)
    return x[tuple(where)]


def pad(x, pads, value=None, axes=None, *, mode="constant"):
    """Pad-2, with inputs from 11: numbers around the array; negative pads cut some off."""
    axes = range(x.ndim) if axes is None else check_axes(axes, x.ndim)
    pads = ints(pads)
    if len(pads) != 2 * len(axes):
        raise ValueError(f"pads: expected {2 * len(axes)} numbers, got {pads}")
    widths = [(0, 0)] * x.ndim
    for i, axis in enumerate(axes):
        before, after = pads[i], pads[i + len(axes)]
        x = np.moveaxis(x, axis, 0)
        x = np.moveaxis(x[max(0, -before) : len(x) - max(0, -after)], 0, axis)
        widths[axis] = max(0, before), max(0, after)
    check_size((n + a + b for n, (a, b) in zip(x.shape, widths)), x.itemsize)
    if mode not in ("constant", "reflect", "edge", "wrap"):
        raise ValueError(f"mode: expected constant, reflect, edge or wrap, got {mode!r}")
    number = {"constant_values": scalar(value, 0)} if mode == "constant" else {}
    return np.pad(x, widths, mode, **number)


def expand(x, shape):
    """Expand-8: broadcast to a shape, in which 1 keeps an axis."""
    shape = np.broadcast_shapes(x.shape, check_size(ints(shape), x.itemsize))
    return np.broadcast_to(x, check_size(shape, x.itemsize)).copy()


def tile(x, repeats):
    """Tile-6: the array repeated along each axis."""
    repeats = ints(repeats)
    if len(repeats) != x.ndim:
        raise ValueError(f"repeats: expected {x.ndim} numbers, got {repeats}")
    check_size((n * r for n, r in zip(x.shape, repeats)), x.itemsize)
    return np.tile(x, repeats)


def constant(*, value=None, value_float=None, value_floats=None, value_int=None, value_ints=None):
    """Constant-1: the array in an attribute."""
    floats, integers = [value_float, value_floats], [value_int, value_ints]
    for number in floats + integers:
        if number is not None:
            return np.array(number, np.int64 if number in integers else np.float32)
    if not isinstance(value, np.ndarray):
        raise ValueError("value: expected an attribute with a tensor, got another one")
    return value


def constant_of_shape(shape, *, value=None):
    """ConstantOfShape-9: one number everywhere, by default 0."""
    value = np.zeros(1, np.float32) if value is None else value
    return np.full(check_size(ints(shape), value.itemsize), scalar(value), value.dtype)


def range_(start, limit, delta):
    """Range-11: start, start + delta, ... below the limit: range(1, 6, 2) = [1, 3, 5]."""
    start, limit, delta = (scalar(value) for value in (start, limit, delta))
    if delta == 0 or not np.isfinite([float(v) for v in (start, limit, delta)]).all():
        raise ValueError("delta: expected finite numbers and a step other than 0")
    count = max(0, math.ceil((float(limit) - float(start)) / float(delta)))
    check_size((count,), start.dtype.itemsize)
    return start + np.arange(count).astype(start.dtype) * delta


def eye_like(x, *, dtype=None, k=0):
    """EyeLike-9: ones on diagonal k of a matrix of x's shape."""
    kind = x.dtype if dtype is None else data_type(dtype, "dtype").dtype
    return np.eye(*x.shape, k=max(-x.shape[0], min(k, x.shape[1])), dtype=kind)


def cast(x, *, to, saturate=1, round_mode="up"):
    """Cast-6: numbers of another type; float16 and bfloat16 are computed in float32."""
    kind = data_type(to, "to")
    if kind.name.endswith("int4"):
        return ((x.astype(np.int64) + 8) % 16 - 8 if kind.name == "int4" else x % 16).astype("i1")
    return x.astype(kind.dtype, copy=False)


def depth_to_space(x, *, blocksize, mode="DCR"):
    """DepthToSpace-1: blocks of channels become blocks of pixels; CRD is PyTorch's PixelShuffle."""
    N, C, H, W = x.shape
    b = blocksize
    if b < 1 or C % (b * b):
        raise ValueError(f"blocksize: expected its square to divide {C} channels, got {b}")
    if mode == "DCR":
        y = x.reshape(N, b, b, C // b**2, H, W).transpose(0, 3, 4, 1, 5, 2)
    else:
        y = x.reshape(N, C // b**2, b, b, H, W).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(N, C // b**2, H * b, W * b)


def space_to_depth(x, *, blocksize, mode="DCR"):
    """SpaceToDepth-1: blocks of pixels become blocks of channels; CRD, from 28, is PyTorch's."""
    (N, C, H, W), b = x.shape, blocksize
    if b < 1 or H % b or W % b:
        raise ValueError(f"blocksize: expected {H} x {W} pixels to be a multiple of it, got {b}")
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    y = x.reshape(N, C, H // b, b, W // b, b).transpose(order)
    return y.reshape(N, C * b * b, H // b, W // b)


def dropout(x, ratio=None, training_mode=None, *, seed=0, is_test=1, outputs):
    """Dropout-7: nothing, outside of training; the mask is all true."""
    if scalar(training_mode, False) and scalar(ratio, 0.5) > 0:
        raise ValueError("training_mode: expected false, since training is not provided")
    return (x, np.ones(x.shape, bool)) if outputs == 2 else x


def trilu(x, k=None, *, upper=1):
    """Trilu-14: the upper or lower triangle of matrices, zeros elsewhere."""
    k = max(-x.shape[-2], min(int(scalar(k, 0)), x.shape[-1]))
    return np.triu(x, k) if upper else np.tril(x, k)


OPS = {
    "Shape": {1: lambda x, *, start=0, end=None: np.array(x.shape[start:end], np.int64)},
    "Size": {1: lambda x: np.array(x.size, np.int64)},
    "Transpose": {1: lambda x, *, perm=None: np.transpose(x, perm and check_axes(perm, x.ndim))},
    "CastLike": {15: lambda x, like, *, saturate=1, round_mode="up": x.astype(like.dtype)},
    "Reshape": {5: reshape}, "Flatten": {1: flatten}, "Squeeze": {1: squeeze},
    "Unsqueeze": {1: unsqueeze}, "Concat": {4: concat}, "Split": {2: split}, "Slice": {1: slice_},
    "Pad": {2: pad}, "Expand": {8: expand}, "Tile": {6: tile}, "Constant": {1: constant},
    "ConstantOfShape": {9: constant_of_shape}, "Range": {11: range_}, "EyeLike": {9: eye_like},
    "Trilu": {14: trilu}, "Cast": {6: cast}, "DepthToSpace": {1: depth_to_space},
    "SpaceToDepth": {1: space_to_depth}, "Dropout": {7: dropout},
}  # fmt: skip
