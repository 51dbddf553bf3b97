"""Normalisation: numbers less their mean, over their standard deviation.

    y = scale (x - mean) / sqrt(variance + epsilon) + bias

Which numbers share a mean makes the difference; see `npkpose.nn.batchnorm` and `layernorm` for the
papers. Specification: ONNX, Operators.md, versions 7 to 23.
"""

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import along, check_axis


def batch_normalization(
    x, scale, bias, mean, variance, *, epsilon=1e-5, momentum=0.9, training_mode=0, spatial=1,
    outputs,
):  # fmt: skip
    """BatchNormalization-7: by given statistics, or those of the batch in ``training_mode``."""
    running = mean, variance
    if training_mode:
        axes = 0, *range(2, x.ndim)
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        m = x.dtype.type(momentum)
        running = [old * m + new * (1 - m) for old, new in zip(running, (mean, variance))]
    slope = scale / np.sqrt(variance + x.dtype.type(epsilon))
    y = x * along(slope, 1, x.ndim) + along(bias - slope * mean, 1, x.ndim)
    return (y, *running)[:outputs] if outputs > 1 else y


def _normalise(x, axes, epsilon):
    """Return (x - mean) / deviation, mean and 1 / deviation over some axes."""
    mean = x.mean(axis=axes, keepdims=True, dtype=x.dtype)
    away = x - mean
    variance = np.mean(away * away, axis=axes, keepdims=True, dtype=x.dtype)
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    return away * inverse, mean, inverse


def instance_normalization(x, scale, bias, *, epsilon=1e-5):
    """InstanceNormalization-6: each channel of each image by itself."""
    y, _, _ = _normalise(x, tuple(range(2, x.ndim)), epsilon)
    return y * along(scale, 1, x.ndim) + along(bias, 1, x.ndim)


def layer_normalization(x, scale, bias=None, *, axis=-1, epsilon=1e-5, stash_type=1, outputs):
    """LayerNormalization-17: over the last axes, from ``axis`` on."""
    y, mean, inverse = _normalise(x, tuple(range(check_axis(axis, x.ndim), x.ndim)), epsilon)
    y = y * scale if bias is None else y * scale + bias
    return (y, mean, inverse)[:outputs] if outputs > 1 else y


def group_normalization(x, scale, bias, *, num_groups, epsilon=1e-5, stash_type=1):
    """GroupNormalization-21: groups of channels; scale and bias of each channel."""
    groups = x.reshape(len(x), num_groups, -1)
    y = _normalise(groups, 2, epsilon)[0].reshape(x.shape)
    return y * along(scale, 1, x.ndim) + along(bias, 1, x.ndim)


def group_normalization_18(x, scale, bias, *, num_groups, epsilon=1e-5):
    """GroupNormalization-18: scale and bias of each group."""
    each = x.shape[1] // max(num_groups, 1)
    scale, bias = np.repeat(scale, each), np.repeat(bias, each)
    return group_normalization(x, scale, bias, num_groups=num_groups, epsilon=epsilon)


def rms_normalization(x, scale, *, axis=-1, epsilon=1e-5, stash_type=1):
    """RMSNormalization-23: x over the root of its mean square, without the mean."""
    axes = tuple(range(check_axis(axis, x.ndim), x.ndim))
    square = np.mean(x * x, axis=axes, keepdims=True, dtype=x.dtype)
    return x / np.sqrt(square + x.dtype.type(epsilon)) * scale


def lp_normalization(x, *, axis=-1, p=2):
    """LpNormalization-1: x over its norm along an axis; 0 where that is 0."""
    axis = check_axis(axis, x.ndim)
    norm = np.sum(np.abs(x) ** p, axis=axis, keepdims=True) ** x.dtype.type(1 / p)
    return np.where(norm == 0, x.dtype.type(0), x / norm)


def lrn(x, *, size, alpha=1e-4, beta=0.75, bias=1.0):
    """LRN-1: x over a power of the squares of ``size`` neighbouring channels."""
    before = (size - 1) // 2
    check_size((max(x.size, 1), size), x.itemsize)
    squares = np.pad(x * x, [(0, 0), (before, size - 1 - before)] + [(0, 0)] * (x.ndim - 2))
    total = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    return x / (bias + alpha / size * total) ** x.dtype.type(beta)


def mean_variance_normalization(x, *, axes=(0, 2, 3)):
    """MeanVarianceNormalization-9: over some axes, with epsilon 1e-9 outside of the root."""
    away = x - x.mean(axis=tuple(axes), keepdims=True)
    deviation = np.sqrt(np.mean(away * away, axis=tuple(axes), keepdims=True))
    return away / (deviation + x.dtype.type(1e-9))


OPS = {
    "BatchNormalization": {7: batch_normalization},
    "InstanceNormalization": {6: instance_normalization},
    "LayerNormalization": {17: layer_normalization},
    "GroupNormalization": {18: group_normalization_18, 21: group_normalization},
    "RMSNormalization": {23: rms_normalization}, "LpNormalization": {1: lp_normalization},
    "LRN": {1: lrn}, "MeanVarianceNormalization": {9: mean_variance_normalization},
}  # fmt: skip
