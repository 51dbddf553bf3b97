"""Operators that reduce axes to one number, or accumulate along one.

Specification: ONNX, Operators.md, versions 1 to 22. ``axes`` is an attribute up to version 12 or
17, then an input. Without axes all are reduced, or none if ``noop_with_empty_axes``.
"""

import numpy as np

from npkpose.onnx.ops.arguments import check_axes, check_axis, ints, scalar


def reduction(function):
    """Return an operator from ``function(x, axis=, keepdims=)``."""

    def operator(x, axes=None, *, keepdims=1, noop_with_empty_axes=0):
        axes = ints(axes) or None
        if axes is None and noop_with_empty_axes:
            return function(x, axis=(), keepdims=True)
        axis = tuple(range(x.ndim)) if axes is None else check_axes(axes, x.ndim)
        return np.asarray(function(x, axis=axis, keepdims=bool(keepdims))).astype(x.dtype)

    return operator


def _extreme(function, sign):
    """Return np.max or np.min, where no number gives the lowest or the highest one."""

    def reduced(x, **options):
        kind = x.dtype.kind
        ends = (False, True) if kind == "b" else (-np.inf, np.inf) if kind == "f" else (
            np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)  # fmt: skip
        return function(x, initial=ends[sign], **options)

    return reduced


def _mean(x, axis, keepdims):
    count = np.prod([x.shape[a] for a in axis], dtype=np.int64)
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return total / x.dtype.type(count) if x.dtype.kind == "f" else total // count


def _log_sum_exp(x, axis, keepdims):
    highest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    highest = np.where(np.isfinite(highest), highest, 0)
    total = np.log(np.sum(np.exp(x - highest), axis=axis, keepdims=True)) + highest
    return total if keepdims else np.squeeze(total, axis)


def arg_extreme(function):
    """Return ArgMax or ArgMin: the first, or the last, index of the extreme along an axis."""

    def operator(x, *, axis=0, keepdims=1, select_last_index=0):
        axis = check_axis(axis, x.ndim)
        if not x.shape[axis]:
            raise ValueError(f"x: expected numbers along axis {axis}, got shape {list(x.shape)}")
        if not select_last_index:
            return np.asarray(function(x, axis=axis, keepdims=bool(keepdims)))
        last = function(np.flip(x, axis), axis=axis, keepdims=bool(keepdims))
        return np.asarray(x.shape[axis] - 1 - last)

    return operator


def cumsum(x, axis, *, exclusive=0, reverse=0):
    """CumSum-11: partial sums along an axis, from its end if ``reverse``; exclusive of each own."""
    axis = check_axis(scalar(axis), x.ndim)
    x = np.flip(x, axis) if reverse else x
    y = np.cumsum(x, axis, dtype=x.dtype)
    y = y - x if exclusive else y
    return np.flip(y, axis) if reverse else y


OPS = {
    "ReduceMax": {1: reduction(_extreme(np.max, 0))},
    "ReduceMin": {1: reduction(_extreme(np.min, 1))},
    "ReduceSum": {1: reduction(np.sum)}, "ReduceProd": {1: reduction(np.prod)},
    "ReduceMean": {1: reduction(_mean)},
    "ReduceL2": {1: reduction(lambda x, **options: np.sqrt(np.sum(x * x, **options)))},
    "ReduceL1": {1: reduction(lambda x, **options: np.sum(np.abs(x), **options))},
    "ReduceSumSquare": {1: reduction(lambda x, **options: np.sum(x * x, **options))},
    "ReduceLogSum": {1: reduction(lambda x, **options: np.log(np.sum(x, **options)))},
    "ReduceLogSumExp": {1: reduction(_log_sum_exp)},
    "ArgMax": {1: arg_extreme(np.argmax)}, "ArgMin": {1: arg_extreme(np.argmin)},
    "CumSum": {11: cumsum},
}  # fmt: skip
