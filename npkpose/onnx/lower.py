"""Operators as jobs of the engine, where all shapes are fixed and numbers are float32.

A function takes a `npkpose.onnx.plan.Plan` and a node. It appends steps to the plan's program and
returns True, or returns None if the node is of a kind that NumPy shall do.
"""

import math

import numpy as np

from npkpose.engine import activations, channels, pointwise, rows, windows
from npkpose.engine.conv_forward import Epilogue
from npkpose.onnx.lower_moves import MOVES
from npkpose.onnx.ops.arguments import check_axis, ints, per_axis, resolve_pads
from npkpose.onnx.ops.conv import windows as conv_windows

_ACTIVATIONS = {
    "Relu": activations.CLIP, "Clip": activations.CLIP, "Sigmoid": activations.SIGMOID,
    "Silu": activations.SILU, "LeakyRelu": activations.LEAKY,
    "HardSigmoid": activations.HARD_SIGMOID, "HardSwish": activations.HARD_SWISH,
}  # fmt: skip
_RELU = 0.0, np.inf
_WINDOW = ("kernel_shape", "strides", "dilations", "pads", "auto_pad")


def _conv(plan, node):
    a = node.attributes
    x, weight, bias, residual = plan.reads(node, 4)
    kind = a.get("activation", "")
    if x.ndim != 4 or kind not in ("", *_ACTIVATIONS) or not plan.constant(node, 1):
        return None
    options = [a.get(name) for name in _WINDOW[:4]]
    kernel, strides, dilations, pads = conv_windows(
        x, weight, *options, a.get("auto_pad", "NOTSET")
    )
    if min(min(pair) for pair in pads) < 0:
        return None
    y = plan.write(node)
    window = kernel, dilations, tuple(before for before, _ in pads), strides
    activation = None
    if kind:
        numbers = _RELU if kind == "Relu" else (*a.get("activation_params", ()), 0.0, 0.0)[:2]
        activation = _ACTIVATIONS[kind], *numbers
    if 1 < a.get("group", 1) == x.shape[1] == len(weight) and residual is None:
        x = plan.contiguous(x)
        channels.add_channels(plan.program, x, weight, bias, y, window, activation)
        return True
    residual = None if residual is None else plan.contiguous(residual).reshape(y.shape)
    epilogue = Epilogue(None, bias, residual, activation=activation)
    x = x if plan.has_rows(x) else plan.contiguous(x)
    plan.program.add_convolution(x, weight, y, window, a.get("group", 1), epilogue)
    return True


def _activate(plan, x, y, kind, numbers):
    a, b = (*numbers, 0.0, 0.0)[:2]
    pointwise.add_activation(plan.program, kind, x, y, a, b)
    return True


def _conv_transpose(plan, node):
    a = node.attributes
    x, weight, bias = plan.reads(node, 3)
    unusual = {"output_shape", "output_padding", "auto_pad"} & set(a)
    if x.ndim != 4 or unusual or not plan.constant(node, 1):
        return None
    options = [a.get(name) for name in _WINDOW[:3]]
    kernel, strides, dilations, _ = conv_windows(x, weight, *options, None, "")
    pads = resolve_pads(x.shape[2:], kernel, strides, dilations, a.get("pads"), "")
    if any(before != after for before, after in pads):
        return None
    window = kernel, dilations, tuple(before for before, _ in pads), strides
    y, x = plan.write(node), plan.contiguous(x)
    plan.program.add_transposed(x, weight, y, window, a.get("group", 1), Epilogue(shift=bias))
    return True


def _product(plan, node):
    options = node.attributes
    a, b, c = plan.reads(node, 3)
    if options.get("beta", 1) != 1 or options.get("transA") or not plan.constant(node, 2):
        return None
    if options.get("transB"):
        if not plan.constant(node, 1):
            return None
        b = np.ascontiguousarray(b.T)
    if a.ndim < 2 or b.ndim < 2 or b.ndim > 2 and a.shape[:-2] != b.shape[:-2]:
        return None
    y, alpha, stack = plan.write(node), options.get("alpha", 1), math.prod(b.shape[:-2])
    residual = None if c is None else _stack(np.broadcast_to(c, y.shape).copy(), stack)
    scale = None if alpha == 1 else np.full(math.prod(y.shape[:-1]) // stack, alpha, np.float32)
    a = _stack(a, stack) if _is_stack(a, stack) else _stack(plan.contiguous(a), stack)
    rows = _is_stack(b, stack) and b.strides[-1] == b.itemsize
    b = _stack(b if rows else plan.contiguous(b), stack)
    plan.program.add_product(a, b, _stack(y, stack), Epilogue(scale, None, residual))
    return True


def _stack(x, count):
    """Return matrices (count, n, m) of an array."""
    return x.reshape(count, -1, x.shape[-1])


def _is_stack(x, count):
    """Return whether that is a view: their numbers may lie any steps apart."""
    return np.may_share_memory(_stack(x, count), x)


def _binary(kind):
    def lower(plan, node):
        y = plan.write(node)
        a, b = (
            _spread(x, y) if plan.constant(node, i) else x
            for i, x in enumerate(plan.reads(node, 2))
        )
        pointwise.add_binary(plan.program, kind, a, b, y)
        return True

    return lower


def _spread(x, y):
    """Return a constant in the shape of y, if it is broadcast along short rows."""
    short = y.shape[-1:] < (64,) and x.size > 1 and x.size % math.prod(y.shape[-2:]) != 0
    per_channel = x.ndim < y.ndim - 1 or x.shape[-1:] != (1,) or x.shape[-2:-1] != (1,)
    if short and per_channel and y.size < 2**22:
        return np.broadcast_to(x, y.shape).copy()
    return x


def _activation(kind, *numbers):
    """Return the lowering to an activation; a parameter is a number, or an attribute's default."""

    def lower(plan, node):
        (x,) = plan.reads(node, 1)
        if node.attributes.get("approximate", "none") != "none" or "Swish" == node.op and (
            node.attributes.get("alpha", 1.0) != 1
        ):
            return None
        found = [node.attributes.get(*n) if isinstance(n, tuple) else n for n in numbers]
        return _activate(plan, plan.contiguous(x), plan.write(node), kind, found)

    return lower


def _clip(plan, node):
    x, low, high = plan.reads(node, 3)
    low = node.attributes.get("min", -np.inf) if low is None else low
    high = node.attributes.get("max", np.inf) if high is None else high
    if np.size(low) != 1 or np.size(high) != 1 or not plan.constant(node, 1, 2):
        return None
    numbers = [float(np.reshape(v, -1)[0]) for v in (low, high)]
    return _activate(plan, plan.contiguous(x), plan.write(node), activations.CLIP, numbers)


def _power(plan, node):
    x, exponent = plan.reads(node, 2)
    if not plan.constant(node, 1) or np.size(exponent) != 1 or np.reshape(exponent, -1)[0] != 2:
        return None
    return _activation(activations.SQUARE)(plan, node)


def _max_pool(plan, node):
    a = node.attributes
    (x,) = plan.reads(node, 1)
    if x.ndim != 4 or len(node.outputs) > 1 or set(a.get("dilations", [1])) != {1}:
        return None
    kernel, strides = (per_axis(name, a.get(name), 2, 1, 1) for name in _WINDOW[:2])
    pads = resolve_pads(
        x.shape[2:], kernel, strides, (1, 1), a.get("pads"), a.get("auto_pad", "NOTSET")
    )
    before = [first for first, _ in pads]
    y = plan.write(node)
    windows.add_max_pool(plan.program, plan.contiguous(x), y, kernel, strides, before)
    return True


def _reduce(plan, node):
    (x, *_) = plan.reads(node, 1)
    if node.op == "GlobalAveragePool":
        axes = range(2, x.ndim)
    else:
        axes = ints(node.attributes.get("axes")) or plan.numbers(node, 1)
        if not axes or not node.attributes.get("keepdims", 1):
            return None
    axes = sorted(check_axis(axis, x.ndim) for axis in axes)
    if not axes or axes != list(range(axes[0], x.ndim)):
        return None
    flat = plan.contiguous(x).reshape(-1, math.prod(x.shape[axes[0] :]))
    kind = rows.LENGTH if node.op == "ReduceL2" else rows.MEAN
    rows.add_rows(plan.program, kind, flat, plan.write(node).reshape(-1))
    return True


def _softmax(plan, node):
    (x,) = plan.reads(node, 1)
    default = -1 if node.version >= 13 else 1
    if check_axis(node.attributes.get("axis", default), x.ndim) != x.ndim - 1:
        return None
    rows.add_rows(plan.program, rows.SOFTMAX, plan.contiguous(x), plan.write(node))
    return True


def _layer_norm(plan, node):
    x, weight, bias = plan.reads(node, 3)
    axis = check_axis(node.attributes.get("axis", -1), x.ndim)
    if axis != x.ndim - 1 or len(node.outputs) > 1 or not plan.constant(node, 1, 2):
        return None
    eps = node.attributes.get("epsilon", 1e-5)
    y = plan.write(node)
    rows.add_rows(plan.program, rows.NORMALISE, plan.contiguous(x), y, weight, bias, eps)
    return True


LOWERED = MOVES | {
    "Conv": _conv, "FusedConv": _conv, "ConvTranspose": _conv_transpose, "MatMul": _product,
    "Gemm": _product, "Add": _binary(pointwise.ADD), "Sub": _binary(pointwise.SUBTRACT),
    "Mul": _binary(pointwise.MULTIPLY), "Div": _binary(pointwise.DIVIDE),
    "PRelu": _binary(pointwise.SLOPE), "Relu": _activation(activations.CLIP, *_RELU),
    "Sigmoid": _activation(activations.SIGMOID), "Swish": _activation(activations.SILU),
    "HardSwish": _activation(activations.HARD_SWISH, 1 / 6, 0.5), "Clip": _clip,
    "Gelu": _activation(activations.GELU), "Exp": _activation(activations.EXP),
    "LeakyRelu": _activation(activations.LEAKY, ("alpha", 0.01)),
    "HardSigmoid": _activation(activations.HARD_SIGMOID, ("alpha", 0.2), ("beta", 0.5)),
    "Sqrt": _activation(activations.SQRT), "Neg": _activation(activations.AFFINE, -1.0, 0.0),
    "Pow": _power, "MaxPool": _max_pool, "GlobalAveragePool": _reduce, "ReduceMean": _reduce,
    "ReduceL2": _reduce, "Softmax": _softmax, "LayerNormalization": _layer_norm,
}  # fmt: skip
