"""Patterns of nodes that are one function, as exporters spell it out in older operator sets.

A pattern takes a fuser of `npkpose.onnx.fuse` and the last node of what may be the function. It
returns the node that stands for all of it, or None.
"""

import math

import numpy as np

from npkpose.onnx.ops.arguments import ints


def bounds(f, node):
    """Return (least, largest) of a Clip with constant bounds; infinite where there is none."""
    found = []
    for i, (key, free) in enumerate((("min", -np.inf), ("max", np.inf)), 1):
        name = node.inputs[i] if len(node.inputs) > i else ""
        found.append(f.number(name) if name else node.attributes.get(key, free))
    return tuple(found)


def swish(f, node):
    """x sigmoid(x), x hard_sigmoid(x), x clip(x + 3, 0, 6) / 6."""
    if node.op == "Div" or node.op == "Mul":
        whole = _sixth(f, node)
        if whole is not None:
            return f.new(node, "HardSwish", [whole])
    if node.op != "Mul":
        return None
    for x, gate in f.either(node):
        inner = f.before(gate, "Sigmoid", "HardSigmoid")
        if inner is not None and inner.inputs[0] == x:
            a = inner.attributes
            hard = [a.get("alpha", 0.2), a.get("beta", 0.5)]
            if inner.op == "Sigmoid":
                return f.new(node, "Swish", [x])
            if np.allclose(hard, [1 / 6, 0.5]):
                return f.new(node, "HardSwish", [x])
        clipped = f.times(gate, 1 / 6)
        if clipped is not None and _relu6_of_3(f, clipped) == x:
            return f.new(node, "HardSwish", [x])
    return None


def _relu6_of_3(f, name):
    """Return x of clip(x + 3, 0, 6), or None."""
    clip = f.before(name, "Clip")
    if clip is None or bounds(f, clip) != (0, 6):
        return None
    add = f.before(clip.inputs[0], "Add")
    return next((x for x, three in f.either(add) if f.number(three) == 3), None) if add else None


def _sixth(f, node):
    """Return x of x clip(x + 3, 0, 6) / 6, where the product comes first, or None."""
    factor = f.number(node.inputs[1])
    if factor is None or not math.isclose(factor, 6 if node.op == "Div" else 1 / 6, rel_tol=1e-5):
        return None
    product = f.before(node.inputs[0], "Mul")
    for x, gate in f.either(product) if product else ():
        if _relu6_of_3(f, gate) == x:
            return x
    return None


def gelu(f, node):
    """x (1 + erf(x / sqrt 2)) / 2, the half at the end or at x."""
    if node.op != "Mul":
        return None
    for a, b in f.either(node):
        half = f.number(b) == 0.5
        product = f.before(a, "Mul") if half else node
        for x, gate in f.either(product) if product else ():
            add = f.before(gate, "Add")
            for erf, one in f.either(add) if add else ():
                inner = f.before(erf, "Erf") if f.number(one) == 1 else None
                source = f.times(inner.inputs[0], math.sqrt(0.5)) if inner else None
                if source is None:
                    continue
                if half and x == source or f.times(x, 0.5) == source:
                    return f.new(node, "Gelu", [source])
    return None


def layer_norm(f, node):
    """The last Add of a layer normalisation over the last axis."""
    if node.op != "Add":
        return None
    for product, bias in f.either(node):
        scaled = f.before(product, "Mul")
        for quotient, weight in f.either(scaled) if scaled else ():
            found = _normalised(f, quotient)
            if found and all(name in f.constants for name in (weight, bias)):
                x, eps = found
                shape = f.shape(x)
                if all(f.constants[name].shape == shape[-1:] for name in (weight, bias)):
                    return f.new(
                        node, "LayerNormalization", [x, weight, bias], axis=-1, epsilon=eps
                    )
    return None


def _normalised(f, name):
    """Return (x, eps) of (x - mean) / sqrt(mean of squares + eps), or None."""
    quotient = f.before(name, "Div")
    root = f.before(quotient.inputs[1], "Sqrt") if quotient else None
    add = f.before(root.inputs[0], "Add") if root else None
    for variance, eps in f.either(add) if add else ():
        mean = f.before(variance, "ReduceMean") if f.number(eps) is not None else None
        square = f.before(mean.inputs[0], "Pow", "Mul") if mean and _last_axis(f, mean) else None
        if square is None:
            continue
        away = square.inputs[0]
        twice = square.inputs[1] == away if square.op == "Mul" else f.number(square.inputs[1]) == 2
        difference = f.before(away, "Sub", alone=False)
        if not twice or difference is None or quotient.inputs[0] != away:
            continue
        x = difference.inputs[0]
        centre = f.before(difference.inputs[1], "ReduceMean")
        if centre is not None and centre.inputs[0] == x and _last_axis(f, centre):
            return x, f.number(eps)
    return None


def _last_axis(f, node):
    axes = node.attributes.get("axes")
    if len(node.inputs) > 1:
        axes = f.constants.get(node.inputs[1])
    shape = f.shape(node.inputs[0])
    return axes is not None and shape is not None and node.attributes.get("keepdims", 1) == 1 and (
        ints(axes) in ([-1], [len(shape) - 1])
    )
