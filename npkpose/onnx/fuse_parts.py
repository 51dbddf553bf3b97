"""Patterns of nodes that are one function, as exporters spell it out in older operator sets.

A pattern describes a value:

    ("Mul", a, b)   what a node writes whose inputs are a and b, in either order for Add and Mul
    [a, b]          one of several patterns
    "x"             any value, and the same one wherever the letter stands
    3, 0.5          this constant, a float to five digits

The nodes inside a pattern have no other reader. `fuse_parts` takes a fuser of `npkpose.onnx.fuse`
and the last node of what may be a function.
"""

import math

import numpy as np

from npkpose.onnx.ops.arguments import ints


def _times(x, factor):
    return [("Mul", x, factor), ("Div", x, 1 / factor)]


_RELU6 = ("Clip", ("Add", "x", 3))
_TWICE_PHI = ("Add", ("Erf", _times("x", math.sqrt(0.5))), 1)
_FUNCTIONS = [
    (("Mul", "x", ("Sigmoid", "x")), "Swish"),
    (("Mul", "x", ("HardSigmoid", "x")), "HardSwish"),
    (("Mul", "x", _times(_RELU6, 1 / 6)), "HardSwish"),
    (_times(("Mul", "x", _RELU6), 1 / 6), "HardSwish"),
    (("Mul", ("Mul", "x", _TWICE_PHI), 0.5), "Gelu"),
    (("Mul", _times("x", 0.5), _TWICE_PHI), "Gelu"),
]
_VARIANCE = ("ReduceMean", [("Pow", "away", 2), ("Mul", "away", "away")])
_SCALED = ("Mul", ("Div", "away", ("Sqrt", ("Add", _VARIANCE, "eps"))), "weight")
_LAYER_NORM = ("Add", _SCALED, "bias")
_AWAY = ("Sub", "x", ("ReduceMean", "x"))
# What the patterns ask of these operators besides their inputs.
_ATTRIBUTES = {
    "Clip": lambda f, node: bounds(f, node) == (0, 6),
    "HardSigmoid": lambda f, node: np.allclose(
        [node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)], [1 / 6, 0.5]
    ),
    "ReduceMean": lambda f, node: _is_last_axis(f, node),
}


def fuse_parts(f, node):
    """Return the node that stands for a whole function, or None."""
    for pattern, function in _FUNCTIONS:
        for found in _match_node(f, pattern, node, {}):
            return f.new(node, function, [found["x"]])
    for found in _match_node(f, _LAYER_NORM, node, {}):
        away = f.before(found["away"], "Sub", alone=False)
        for found in _match_node(f, _AWAY, away, found) if away else ():
            inputs, eps = [found[name] for name in ("x", "weight", "bias")], f.number(found["eps"])
            numbers, shape = [f.constants.get(name) for name in inputs[1:]], f.shape(inputs[0])
            if eps is not None and all(a is not None and a.shape == shape[-1:] for a in numbers):
                return f.new(node, "LayerNormalization", inputs, axis=-1, epsilon=eps)
    return None


def _match(f, pattern, name, bound):
    """Yield {letter: name} for each way in which a value fits; ``bound`` are letters until now."""
    if isinstance(pattern, str):
        if bound.get(pattern, name) == name:
            yield bound | {pattern: name}
    elif isinstance(pattern, (int, float)):
        number, tolerance = f.number(name), 1e-5 if isinstance(pattern, float) else 0
        if number is not None and math.isclose(number, pattern, rel_tol=tolerance):
            yield bound
    else:
        for each in _alternatives(pattern):
            node = f.before(name, each[0])
            yield from _match_node(f, each, node, bound) if node else ()


def _match_node(f, pattern, node, bound):
    """Yield {letter: name} for each way in which a node's output fits."""
    for op, *parts in _alternatives(pattern):
        if op != node.op or op in _ATTRIBUTES and not _ATTRIBUTES[op](f, node):
            continue
        for inputs in f.either(node) if op in ("Add", "Mul") else [node.inputs]:
            ways = [bound] if len(inputs) >= len(parts) else []
            for part, name in zip(parts, inputs):
                ways = [new for way in ways for new in _match(f, part, name, way)]
            yield from ways


def _alternatives(pattern):
    return pattern if isinstance(pattern, list) else [pattern]


def bounds(f, node):
    """Return (least, largest) of a Clip with constant bounds; infinite where there is none."""
    found = []
    for i, (key, free) in enumerate((("min", -np.inf), ("max", np.inf)), 1):
        name = node.inputs[i] if len(node.inputs) > i else ""
        found.append(f.number(name) if name else node.attributes.get(key, free))
    return tuple(found)


def _is_last_axis(f, node):
    axes = node.attributes.get("axes")
    if len(node.inputs) > 1:
        axes = f.constants.get(node.inputs[1])
    shape = f.shape(node.inputs[0])
    return axes is not None and shape is not None and node.attributes.get("keepdims", 1) == 1 and (
        ints(axes) in ([-1], [len(shape) - 1])
    )
