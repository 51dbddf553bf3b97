"""Activation functions, and softmax.

Specification: ONNX, Operators.md, versions 6 to 24; the formulas of the papers are in `npkpose.nn`.
"""

import math

import numpy as np

from npkpose.nn.gelu import gelu as exact_gelu
from npkpose.nn.softmax import softmax as softmax_along
from npkpose.onnx.ops.arguments import check_axis


def relu(x):
    """Relu-6: max(x, 0)."""
    return np.maximum(x, x.dtype.type(0))


def sigmoid(x):
    """Sigmoid-6: 1 / (1 + exp(-x))."""
    y = np.exp(-x)
    y += 1
    return np.reciprocal(y, out=y)


def leaky_relu(x, *, alpha=0.01):
    """LeakyRelu-6: x, or alpha x below zero."""
    return np.where(x < 0, x * x.dtype.type(alpha), x)


def prelu(x, slope):
    """PRelu-7: x, or slope x below zero; the slope is broadcast to x."""
    return np.where(x < 0, x * slope, x).astype(x.dtype, copy=False)


def elu(x, *, alpha=1.0):
    """Elu-6: x, or alpha (exp(x) - 1) below zero."""
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x).astype(x.dtype, copy=False)


def celu(x, *, alpha=1.0):
    """Celu-12: max(x, 0) + min(alpha (exp(x / alpha) - 1), 0)."""
    return np.maximum(x, 0) + np.minimum(alpha * np.expm1(np.minimum(x, 0) / alpha), 0)


def selu(x, *, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    """Selu-6: gamma elu(x)."""
    return x.dtype.type(gamma) * elu(x, alpha=alpha)


def hard_sigmoid(x, *, alpha=0.2, beta=0.5):
    """HardSigmoid-6: alpha x + beta, from 0 to 1."""
    return np.clip(x * x.dtype.type(alpha) + x.dtype.type(beta), 0, 1)


def hard_swish(x):
    """HardSwish-14: x min(max(x / 6 + 1/2, 0), 1)."""
    return x * hard_sigmoid(x, alpha=1 / 6)


def swish(x, *, alpha=1.0):
    """Swish-24: x sigmoid(alpha x)."""
    return x * sigmoid(x * x.dtype.type(alpha))


def softplus(x):
    """Softplus-1: log(1 + exp(x))."""
    return np.logaddexp(x, x.dtype.type(0))


def mish(x):
    """Mish-18: x tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


def softsign(x):
    """Softsign-1: x / (1 + |x|)."""
    return x / (1 + np.abs(x))


def thresholded_relu(x, *, alpha=1.0):
    """ThresholdedRelu-10: x where it is above alpha, else 0."""
    return np.where(x > alpha, x, x.dtype.type(0))


def gelu(x, *, approximate="none"):
    """Gelu-20: x Phi(x), or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    if approximate == "none":
        return exact_gelu(x, False)[0]
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))) / 2


def softmax(x, *, axis=-1):
    """Softmax-13: exp(x) over its sum along one axis."""
    return softmax_along(x, check_axis(axis, x.ndim))


def log_softmax(x, *, axis=-1):
    """LogSoftmax-13: x - log(sum exp(x)) along one axis."""
    axis = check_axis(axis, x.ndim)
    y = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    return y - np.log(np.exp(y).sum(axis=axis, keepdims=True))


def hardmax(x, *, axis=-1):
    """Hardmax-13: 1 at the first maximum along an axis, else 0."""
    axis = check_axis(axis, x.ndim)
    y = np.zeros_like(x)
    np.put_along_axis(y, x.argmax(axis=axis, keepdims=True), 1, axis=axis)
    return y


def _flattened(function):
    """Return the operator before version 13: along all axes from ``axis`` on, as one."""

    def operator(x, *, axis=1):
        rows = math.prod(x.shape[: check_axis(axis, x.ndim)])
        columns = math.prod(x.shape[check_axis(axis, x.ndim) :])
        return function(x.reshape(rows, columns), axis=1).reshape(x.shape)

    return operator


OPS = {
    "Relu": {6: relu}, "Sigmoid": {6: sigmoid}, "LeakyRelu": {6: leaky_relu}, "PRelu": {7: prelu},
    "Elu": {6: elu}, "Celu": {12: celu}, "Selu": {6: selu}, "HardSigmoid": {6: hard_sigmoid},
    "HardSwish": {14: hard_swish}, "Swish": {24: swish}, "Softplus": {1: softplus},
    "Mish": {18: mish}, "Softsign": {1: softsign}, "ThresholdedRelu": {10: thresholded_relu},
    "Gelu": {20: gelu}, "Softmax": {1: _flattened(softmax), 13: softmax},
    "LogSoftmax": {1: _flattened(log_softmax), 13: log_softmax},
    "Hardmax": {1: _flattened(hardmax), 13: hardmax},
}  # fmt: skip
