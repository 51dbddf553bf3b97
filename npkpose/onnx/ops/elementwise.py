"""Operators on each number alone, and on pairs of numbers, broadcast as in NumPy.

Every function of `npkpose.onnx.ops` is called with the inputs by position, None for one that is
left out, and the attributes by name. Where an attribute became an input in a later version, it
keeps its argument, so that one function serves both. ``OPS`` has {name: {first version: function}};
a function of one expression is written there.
Specification: ONNX, github.com/onnx/onnx/blob/main/docs/Operators.md, versions 6 to 24.
"""

import math

import numpy as np

from npkpose.onnx.limits import check_size


def unary(function):
    """Return an operator of one input from a NumPy function."""
    return lambda x: function(x)


def binary(function):
    """Return an operator of two inputs that are broadcast to a common shape."""

    def operator(a, b):
        check_size(np.broadcast_shapes(a.shape, b.shape), a.itemsize)
        return function(a, b)

    return operator


def variadic(function):
    """Return an operator of one or more inputs, which ``function`` joins two at a time."""
    join = binary(function)

    def operator(first, *others):
        for other in others:
            first = join(first, other)
        return first

    return operator


def _divide(a, b):
    """Div-7: integers are rounded towards zero: -7 / 2 = -3."""
    if a.dtype.kind not in "iu":
        return np.divide(a, b)
    quotient = np.floor_divide(a, b)
    return quotient + ((quotient < 0) & (quotient * b != a)) if a.dtype.kind == "i" else quotient


def power(a, b):
    """Pow-7: a^b, of the type of a."""
    check_size(np.broadcast_shapes(a.shape, b.shape), a.itemsize)
    if b.size == 1 and b.ndim <= a.ndim and b.reshape(-1)[0] == 2:
        return a * a
    if a.dtype.kind in "iu" and (b.dtype.kind == "f" or b.min(initial=0) < 0):
        return np.power(a.astype(np.float64), b).astype(a.dtype)
    return np.power(a, b).astype(a.dtype, copy=False)


def where(condition, a, b):
    """Where-9: a where the condition is true, else b: where([1, 0], [2, 3], [4, 5]) = [2, 5]."""
    check_size(np.broadcast_shapes(condition.shape, a.shape, b.shape), a.itemsize)
    return np.where(condition, a, b)


def clip(x, min=None, max=None):
    """Clip-6, with inputs from 11: no less than min, then no more than max."""
    if min is not None:
        x = np.maximum(x, np.asarray(min, x.dtype))
    return x if max is None else np.minimum(x, np.asarray(max, x.dtype))


def erf(x):
    """Erf-9: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return np.array([math.erf(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)


_SHIFTS = {"LEFT": np.left_shift, "RIGHT": np.right_shift}
OPS = {
    name: {since: unary(function)}
    for since, name, function in [
        (6, "Abs", np.abs), (7, "Acos", np.arccos), (9, "Acosh", np.arccosh),
        (7, "Asin", np.arcsin), (9, "Asinh", np.arcsinh), (7, "Atan", np.arctan),
        (9, "Atanh", np.arctanh),
        (6, "Ceil", np.ceil), (7, "Cos", np.cos), (9, "Cosh", np.cosh), (6, "Exp", np.exp),
        (6, "Floor", np.floor), (9, "IsNaN", np.isnan), (6, "Log", np.log), (6, "Neg", np.negative),
        (1, "Not", np.logical_not), (11, "Round", np.round), (9, "Sign", np.sign),
        (7, "Sin", np.sin), (9, "Sinh", np.sinh), (6, "Sqrt", np.sqrt), (7, "Tan", np.tan),
        (6, "Tanh", np.tanh), (18, "BitwiseNot", np.invert),
        (6, "Reciprocal", lambda x: x.dtype.type(1) / x), (1, "Identity", lambda x: x),
    ]
} | {
    name: {since: binary(function)}
    for since, name, function in [
        (7, "Add", np.add), (7, "Sub", np.subtract), (7, "Mul", np.multiply), (7, "Div", _divide),
        (7, "And", np.logical_and), (7, "Or", np.logical_or), (7, "Xor", np.logical_xor),
        (7, "Equal", np.equal), (7, "Greater", np.greater), (7, "Less", np.less),
        (12, "GreaterOrEqual", np.greater_equal), (12, "LessOrEqual", np.less_equal),
        (18, "BitwiseAnd", np.bitwise_and), (18, "BitwiseOr", np.bitwise_or),
        (18, "BitwiseXor", np.bitwise_xor),
    ]
} | {
    "Max": {8: variadic(np.maximum)}, "Min": {8: variadic(np.minimum)},
    "Sum": {8: variadic(np.add)}, "Pow": {7: power}, "Where": {9: where}, "Clip": {6: clip},
    "Mean": {8: lambda *x: variadic(np.add)(*x) / x[0].dtype.type(len(x))}, "Erf": {9: erf},
    "Mod": {10: lambda a, b, *, fmod=0: binary(np.fmod if fmod else np.mod)(a, b)},
    "BitShift": {11: lambda a, b, *, direction: binary(_SHIFTS[direction])(a, b)},
    "IsInf": {10: lambda x, *, detect_negative=1, detect_positive=1:
              np.isinf(x) & np.where(x > 0, detect_positive == 1, detect_negative == 1)},
}  # fmt: skip
