"""Activation functions, and softmax.

Specification: ONNX, Operators.md, versions 6 to 24; the formulas of the papers are in `npkpose.nn`.
A function of one expression is written in ``OPS``.
"""

import math

import numpy as np

from npkpose.nn.gelu import gelu as exact_gelu
from npkpose.nn.softmax import softmax
from npkpose.onnx.ops.arguments import check_axis

SELU_ALPHA, SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875


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


def softplus(x):
    """Softplus-1: log(1 + exp(x))."""
    return np.logaddexp(x, x.dtype.type(0))


def elu(x, *, alpha=1.0):
    """Elu-6: x, or alpha (exp(x) - 1) below zero."""
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x).astype(x.dtype, copy=False)


def hard_sigmoid(x, *, alpha=0.2, beta=0.5):
    """HardSigmoid-6: alpha x + beta, from 0 to 1."""
    return np.clip(x * x.dtype.type(alpha) + x.dtype.type(beta), 0, 1)


def gelu(x, *, approximate="none"):
    """Gelu-20: x Phi(x), or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    if approximate == "none":
        return exact_gelu(x, False)[0]
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))) / 2


def log_softmax(x, axis):
    """LogSoftmax: x - log(sum exp(x)) along one axis."""
    y = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    return y - np.log(np.exp(y).sum(axis=axis, keepdims=True))


def hardmax(x, axis):
    """Hardmax: 1 at the first maximum along an axis, else 0."""
    y = np.zeros_like(x)
    np.put_along_axis(y, x.argmax(axis=axis, keepdims=True), 1, axis=axis)
    return y


def along_axis(function):
    """Return the versions of an operator: before 13, all axes from ``axis`` on are as one."""

    def flattened(x, *, axis=1):
        axis = check_axis(axis, x.ndim)
        rows = x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))
        return function(rows, 1).reshape(x.shape)

    return {1: flattened, 13: lambda x, *, axis=-1: function(x, check_axis(axis, x.ndim))}


OPS = {
    "Relu": {6: relu}, "Sigmoid": {6: sigmoid}, "LeakyRelu": {6: leaky_relu},
    "PRelu": {7: lambda x, slope: np.where(x < 0, x * slope, x).astype(x.dtype, copy=False)},
    "Elu": {6: elu}, "Celu": {12: lambda x, *, alpha=1.0: alpha * elu(x / alpha)},
    "Selu": {6: lambda x, *, alpha=SELU_ALPHA, gamma=SELU_GAMMA: gamma * elu(x, alpha=alpha)},
    "ThresholdedRelu": {10: lambda x, *, alpha=1.0: np.where(x > alpha, x, x.dtype.type(0))},
    "HardSigmoid": {6: hard_sigmoid}, "HardSwish": {14: lambda x: x * hard_sigmoid(x, alpha=1 / 6)},
    "Swish": {24: lambda x, *, alpha=1.0: x * sigmoid(x * x.dtype.type(alpha))},
    "Softplus": {1: softplus}, "Softsign": {1: lambda x: x / (1 + np.abs(x))},
    "Mish": {18: lambda x: x * np.tanh(softplus(x))}, "Gelu": {20: gelu},
    "Softmax": along_axis(softmax), "LogSoftmax": along_axis(log_softmax),
    "Hardmax": along_axis(hardmax),
}  # fmt: skip
