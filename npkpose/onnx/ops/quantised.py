"""Integers that stand for real numbers: real = scale (integer - zero point).

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", CVPR 2018. Specification: ONNX, Operators.md, versions 10 to 25; and of domain
com.microsoft, onnxruntime's docs/ContribOperators.md. Sums of products of 8 bits are exact in
float64, so the convolutions and products of real numbers serve.
"""

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.activation import sigmoid
from npkpose.onnx.ops.arguments import along, check_axis
from npkpose.onnx.ops.conv import conv
from npkpose.onnx.ops.linear import matmul
from npkpose.onnx.tensors import data_type

_FOUR_BITS = {"int4": (-8, 7), "uint4": (0, 15)}


def _spread(numbers, x, axis, block_size):
    """Return scales or zero points in a shape that is broadcast to x."""
    if numbers is None or numbers.size == 1 and not block_size:
        return numbers if numbers is None else numbers.reshape(())
    axis = check_axis(axis, x.ndim)
    if block_size:
        check_size((max(numbers.size, 1), block_size), numbers.itemsize)
        return np.repeat(numbers, block_size, axis).take(range(x.shape[axis]), axis)
    if numbers.shape != (x.shape[axis],):
        raise ValueError(f"scale: expected {x.shape[axis]} numbers, got {numbers.shape}")
    return along(numbers, axis, x.ndim)


def quantize_linear(
    x, scale, zero_point=None, *, axis=1, block_size=0, output_dtype=0, precision=0, saturate=1
):
    """QuantizeLinear-10: round(x / scale) + zero point, to the nearest, to even, saturated."""
    kind = data_type(output_dtype or 2, "output_dtype")
    dtype = kind.dtype if zero_point is None else zero_point.dtype
    low, high = _FOUR_BITS.get(kind.name, (np.iinfo(dtype).min, np.iinfo(dtype).max))
    y = np.rint(x / _spread(scale, x, axis, block_size))
    if zero_point is not None:
        y += _spread(zero_point, x, axis, block_size)
    return np.nan_to_num(y).clip(low, high).astype(dtype)


def dequantize_linear(x, scale, zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    """DequantizeLinear-10: scale (x - zero point)."""
    y = x.astype(scale.dtype)
    if zero_point is not None:
        y = y - _spread(zero_point, x, axis, block_size).astype(scale.dtype)
    return y * _spread(scale, x, axis, block_size)


def dynamic_quantize_linear(x):
    """DynamicQuantizeLinear-11: to uint8, such that x's range with 0 fits; (y, scale, zero)."""
    low, high = x.min(initial=0), x.max(initial=0)
    scale = (high - low) / np.float32(255) or np.float32(1)
    zero = np.rint((0 - low) / scale).clip(0, 255).astype(np.uint8)
    return quantize_linear(x, scale, zero), np.asarray(scale, np.float32), np.asarray(zero)


def _centred(x, zero_point, axis=0):
    """Return integers less their zero point, as float64."""
    if zero_point is None:
        return x.astype(np.float64)
    return x.astype(np.float64) - _spread(zero_point, x, axis, 0)


def matmul_integer(a, b, a_zero_point=None, b_zero_point=None):
    """MatMulInteger-10: the product of integers less their zero points, int32."""
    a, b = _centred(a, a_zero_point, -2), _centred(b, b_zero_point, -1)
    return matmul(a, b).astype(np.int32)


def conv_integer(x, weight, x_zero_point=None, w_zero_point=None, *, group=1, **window):
    """ConvInteger-10: the convolution of integers less their zero points, int32."""
    x, weight = _centred(x, x_zero_point), _centred(weight, w_zero_point)
    return conv(x, weight, group=group, **window).astype(np.int32)


def qlinear_conv(
    x, x_scale, x_zero, weight, w_scale, w_zero, y_scale, y_zero, bias=None, *, group=1, **window
):
    """QLinearConv-10: a convolution of quantised numbers; the bias has scale x_scale w_scale."""
    y = conv(_centred(x, x_zero), _centred(weight, w_zero), group=group, **window)
    if bias is not None:
        y = y + along(bias, 1, y.ndim)
    factor = along(x_scale * w_scale, 1, y.ndim) / y_scale
    return quantize_linear(y.astype(np.float32) * factor, np.float32(1), y_zero)


def qlinear_matmul(a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero):
    """QLinearMatMul-10: a product of quantised matrices."""
    y = matmul(_centred(a, a_zero, -2), _centred(b, b_zero, -1))
    scale = np.asarray(_spread(a_scale, a, -2, 0) * _spread(b_scale, b, -1, 0) / y_scale)
    return quantize_linear(y * scale, np.float32(1), y_zero)


def _on_real_numbers(function):
    """Return com.microsoft's operator of two quantised inputs from one of real numbers."""

    def operator(a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero=None):
        a = dequantize_linear(a, a_scale, a_zero)
        return quantize_linear(function(a, dequantize_linear(b, b_scale, b_zero)), y_scale, y_zero)

    return operator


def qlinear_concat(y_scale, y_zero, *inputs, axis):
    """QLinearConcat: arrays (x, scale, zero point) along an axis, in one scale."""
    parts = [dequantize_linear(*inputs[i : i + 3]) for i in range(0, len(inputs), 3)]
    return quantize_linear(np.concatenate(parts, check_axis(axis, parts[0].ndim)), y_scale, y_zero)


def qlinear_global_average_pool(x, x_scale, x_zero, y_scale, y_zero, *, channels_last=0):
    """QLinearGlobalAveragePool: the mean of each channel."""
    axes = tuple(range(1, x.ndim - 1)) if channels_last else tuple(range(2, x.ndim))
    mean = dequantize_linear(x, x_scale, x_zero).mean(axis=axes, keepdims=True)
    return quantize_linear(mean, y_scale, y_zero)


OPS = {
    "QuantizeLinear": {10: quantize_linear}, "DequantizeLinear": {10: dequantize_linear},
    "DynamicQuantizeLinear": {11: dynamic_quantize_linear},
    "MatMulInteger": {10: matmul_integer}, "ConvInteger": {10: conv_integer},
    "QLinearConv": {10: qlinear_conv}, "QLinearMatMul": {10: qlinear_matmul},
}  # fmt: skip
MICROSOFT = {
    "QuantizeLinear": {1: quantize_linear}, "DequantizeLinear": {1: dequantize_linear},
    "QLinearAdd": {1: _on_real_numbers(np.add)}, "QLinearMul": {1: _on_real_numbers(np.multiply)},
    "QLinearSigmoid": {1: lambda x, x_scale, x_zero, y_scale, y_zero=None: quantize_linear(
        sigmoid(dequantize_linear(x, x_scale, x_zero)), y_scale, y_zero)},
    "QLinearConcat": {1: qlinear_concat},
    "QLinearGlobalAveragePool": {1: qlinear_global_average_pool},
}  # fmt: skip
