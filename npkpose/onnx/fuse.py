"""Nodes that are one operation become one node: what exporters spell out, and what follows a conv.

    Identity, a Cast to the same type                          nothing
    BatchNormalization after a convolution                     in its weight and bias
    x sigmoid(x); x hard_sigmoid(x); x clip(x + 3, 0, 6) / 6   Swish, HardSwish
    x (1 + erf(x / sqrt 2)) / 2                                Gelu
    (x - mean) / sqrt(mean of squares + eps) * w + b           LayerNormalization
    Pad with zeros, then a convolution                         its pads
    convolution, plus an array, then an activation             FusedConv, as onnxruntime has it
    matrix product by a number, plus a bias                    Gemm, here of stacks of matrices too

Each pattern is tried where its last node stands; the nodes before it must have no other reader.
"""

import math
from dataclasses import replace

import numpy as np

from npkpose.onnx.fuse_parts import bounds, fuse_parts
from npkpose.onnx.graph import Node, count_readers, keep_needed
from npkpose.onnx.ops.arguments import ints

FEW = 2**17  # numbers of a product whose bias is kept in its shape
_ACTIVATIONS = {  # operator: its parameters in FusedConv; None if it cannot be fused
    "Relu": lambda f, node: [],
    "Sigmoid": lambda f, node: [],
    "Swish": lambda f, node: [] if node.attributes.get("alpha", 1.0) == 1 else None,
    "LeakyRelu": lambda f, node: [node.attributes.get("alpha", 0.01)],
    "HardSigmoid": lambda f, node: [
        node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    ],
    "HardSwish": lambda f, node: [1 / 6, 0.5],
    "Clip": lambda f, node: None if None in bounds(f, node) else list(bounds(f, node)),
}  # fmt: skip


def fuse(graph, shapes):
    """Return the graph with patterns fused; ``shapes`` are {name: (dtype, shape)}."""
    last = _residual, _activated, _product
    for patterns in [(_alias,), (_batch_norm, _padded, fuse_parts), last]:
        graph = keep_needed(_Fuser(graph, shapes, patterns).run())
    return graph


class _Fuser:
    """Goes through the nodes; ``patterns`` return what replaces a node, or None."""

    def __init__(self, graph, shapes, patterns):
        self.graph, self.shapes, self.patterns = graph, shapes, patterns
        self.constants = dict(graph.constants)
        self.readers, self.writers, self.aliases = count_readers(graph), {}, {}
        self.kept = {value.name for value in graph.outputs}  # names that others know
        self.kept |= {name for n in graph.nodes if n.subgraphs() for name in n.reads()}

    def run(self):
        nodes = []
        for node in self.graph.nodes:
            if not node.subgraphs():
                names = tuple(self.aliases.get(name, name) for name in node.inputs)
                node = replace(node, inputs=names)
                found = (replaced_by(self, node) for replaced_by in self.patterns)
                node = next((new for new in found if new is not None), node)
            if node is not _GONE:
                nodes.append(node)
                self.writers |= {name: node for name in node.outputs}
        return replace(self.graph, nodes=nodes, constants=self.constants)

    def before(self, name, *ops, alone=True):
        """Return the node that writes a name, if it is one of ``ops`` and has no other reader."""
        node = self.writers.get(name)
        fits = node is not None and node.op in ops and len(node.outputs) == 1
        return node if fits and (not alone or self.readers[name] == 1) else None

    def number(self, name):
        """Return the single number in a constant, or None."""
        value = self.constants.get(name)
        return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def either(self, node):
        """Return both orders of a node's two inputs."""
        return (node.inputs, node.inputs[::-1]) if len(node.inputs) == 2 else ()

    def new(self, node, op, inputs, **attributes):
        """Return a node of another operator in the place of one."""
        attributes = {"attributes": attributes, "domain": "", "version": 24}
        return replace(node, op=op, inputs=tuple(inputs), **attributes)

    def shape(self, name):
        return self.shapes.get(name, (None, None))[1]


_GONE = Node("", (), ())


def _alias(f, node):
    """Drop a node that changes nothing."""
    same = f.shapes.get(node.inputs[0] if node.inputs else "") == f.shapes.get(node.outputs[0])
    free = node.op == "Identity" or node.op in ("Cast", "CastLike", "Dropout") and same
    free = free and node.domain == "" and not set(node.outputs) & f.kept
    if free and node.outputs[0] in f.shapes and len(node.outputs) == 1:
        f.aliases[node.outputs[0]] = node.inputs[0]
        f.readers[node.inputs[0]] += f.readers[node.outputs[0]] - 1
        return _GONE
    return None


def _batch_norm(f, node):
    """Put a normalisation by given statistics into the weight of the convolution before it."""
    if node.op != "BatchNormalization" or len(node.outputs) > 1:
        return None
    conv = f.before(node.inputs[0], "Conv", "ConvTranspose")
    own = [f.constants.get(name) for name in (conv.inputs[1:] if conv else ("",))]
    numbers = [f.constants.get(name) for name in node.inputs[1:]]
    groups = conv.attributes.get("group", 1) if conv else 1
    if any(a is None for a in own + numbers) or conv.op == "ConvTranspose" and groups > 1:
        return None
    scale, bias, mean, variance = (a.astype(np.float64) for a in numbers)
    slope = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    axis = 0 if conv.op == "Conv" else 1
    weight = own[0] * slope.reshape([-1 if a == axis else 1 for a in range(own[0].ndim)])
    shift = bias + slope * ((own[1] if len(own) > 1 else 0) - mean)
    names = [f"{node.outputs[0]}/{part}" for part in ("weight", "bias")]
    f.constants |= dict(zip(names, (weight.astype(np.float32), shift.astype(np.float32))))
    return replace(conv, inputs=(conv.inputs[0], *names), outputs=node.outputs)


def _padded(f, node):
    """Let a convolution do the zeros around its images."""
    if node.op != "Conv" or node.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return None
    pad = f.before(node.inputs[0], "Pad")
    shape = f.shape(pad.inputs[0]) if pad else None
    if shape is None or pad.attributes.get("mode", "constant") != "constant" or pad.inputs[3:]:
        return None
    pads = f.constants.get(pad.inputs[1]) if len(pad.inputs) > 1 else pad.attributes.get("pads")
    value = f.number(pad.inputs[2]) if len(pad.inputs) > 2 and pad.inputs[2] else 0
    pads, n = ints(pads), len(shape)
    if pads is None or value != 0 or min(pads) < 0 or any(pads[:2] + pads[n : n + 2]):
        return None
    outer = pads[2:n] + pads[n + 2 :]
    own = ints(node.attributes.get("pads")) or [0] * len(outer)
    new = node.attributes | {"pads": [a + b for a, b in zip(own, outer)]}
    return replace(node, inputs=(pad.inputs[0], *node.inputs[1:]), attributes=new)


def _residual(f, node):
    """A convolution plus an array of its output's shape."""
    if node.op != "Add":
        return None
    for product, other in f.either(node):
        conv = f.before(product, "Conv")
        if conv is not None and f.shape(other) == f.shape(product) == f.shape(node.outputs[0]):
            bias = (*conv.inputs[1:], "")[:2]
            return _fused(conv, node, (conv.inputs[0], *bias, other), activation="")
    return None


def _activated(f, node):
    """A convolution, perhaps with a residual, and an activation."""
    if node.op not in _ACTIVATIONS or node.domain != "":
        return None
    conv, numbers = f.before(node.inputs[0], "Conv", "FusedConv"), _ACTIVATIONS[node.op](f, node)
    if conv is None or numbers is None or conv.attributes.get("activation"):
        return None
    name = "Silu" if node.op == "Swish" else node.op
    return _fused(conv, node, conv.inputs, activation=name, activation_params=numbers)


def _product(f, node):
    """A matrix product by a number, or plus numbers along its rows if they are few."""
    for name, other in f.either(node) if node.op in ("Mul", "Add") and not node.domain else ():
        product, value = f.before(name, "MatMul", "Gemm"), f.constants.get(other)
        same = value is not None and f.shapes.get(name) == f.shapes.get(node.outputs[0])
        if product is None or not same or len(product.inputs) > 2 or value.dtype != np.float32:
            continue
        if any(len(f.shape(source) or ()) < 2 for source in product.inputs):
            continue
        if node.op == "Mul" and value.size == 1 and product.op == "MatMul":
            return f.new(node, "Gemm", product.inputs, alpha=float(value.reshape(-1)[0]))
        if node.op == "Add" and value.ndim == 1 and math.prod(f.shape(name)) <= FEW:
            return f.new(node, "Gemm", (*product.inputs, other), **product.attributes)
    return None


def _fused(conv, last, inputs, **activation):
    """Return the FusedConv of a convolution and what follows it."""
    attributes = conv.attributes | activation
    return replace(
        conv, op="FusedConv", inputs=inputs, outputs=last.outputs, attributes=attributes,
        domain="com.microsoft", version=1,
    )  # fmt: skip
