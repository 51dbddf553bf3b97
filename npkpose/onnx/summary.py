"""A network as a table: each node with its output's shape, its parameters and its cost.

Cost is counted in multiply-adds of convolutions and matrix products, which take nearly all time.
Shapes are those of the last inputs that were run; before a run, of zeros with every free size 1.
"""

import math

import numpy as np

from npkpose._check import plain

_COLUMNS = ("layer", "operator", "output", "parameters", "multiply-adds")


def summarise(session, graph, shapes):
    """Return the text for a graph; ``shapes`` is {name: (dtype, shape)}, empty if not known."""
    rows = [_row(node, graph.constants, shapes) for node in graph.nodes]
    parameters = sum(a.size for a in graph.constants.values() if a.dtype.kind == "f")
    total = ("in all", f"{len(rows)} layers", "", parameters, sum(row[4] for row in rows))
    opsets = ", ".join(f"{name or 'ai.onnx'} {v}" for name, v in session.opsets.items() if v)
    lines = [f"{plain(session.path)}: {opsets}; {session.producer}".rstrip("; ")]
    lines += [f"input   {value}" for value in session.inputs]
    lines += [f"output  {value}" for value in session.outputs]
    lines += [f"{plain(key)}: {plain(text)}" for key, text in session.metadata.items()]
    return "\n".join([*lines, "", *_table([_COLUMNS, *map(_written, [*rows, total])])])


def _row(node, constants, shapes):
    own = [constants[name] for name in node.reads() if name in constants]
    parameters = sum(a.size for a in own if a.dtype.kind == "f")
    shape = shapes.get(node.outputs[0], (None, None))[1] if node.outputs else None
    kind = node.kind()
    return node.name or node.place, kind, shape, parameters, multiply_adds(node, constants, shapes)


def multiply_adds(node, constants, shapes):
    """Return a node's multiply-adds: of each output number, as many as it has terms."""
    found = [shapes.get(name, (None, None))[1] for name in (*node.inputs[:2], node.outputs[0])]
    if None in found or node.op not in _TERMS:
        return 0
    return math.prod(found[2]) * _TERMS[node.op](*found[:2])


_TERMS = {  # numbers summed for one of the output, by the shapes of both inputs
    "Conv": lambda x, w: math.prod(w[1:]),
    "FusedConv": lambda x, w: math.prod(w[1:]),
    "ConvTranspose": lambda x, w: w[0],
    "MatMul": lambda a, b: a[-1],
    "Gemm": lambda a, b: a[-1],
}


def _written(row):
    name, kind, shape, *numbers = row
    shape = "?" if shape is None else " x ".join(map(str, shape)) if shape != "" else ""
    return plain(name)[-40:], plain(kind), shape, *(f"{n:,}" for n in numbers)


def _table(rows):
    """Return lines with columns of equal width; numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if i > 2 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        yield "  ".join(cells).rstrip()


def zeros_for(inputs):
    """Return {name: array} of zeros of the declared shapes, or None where one is not declared."""
    feeds = {}
    for value in inputs:
        if value.shape is None:
            return None
        kind = "float32" if value.kind == "bfloat16" else value.kind.replace("int4", "int8")
        shape = [n if isinstance(n, int) and n >= 0 else 1 for n in value.shape]
        if math.prod(shape) > 2**26:
            return None
        feeds[value.name] = np.zeros(shape, kind)
    return feeds

