"""The operators, one file per family; each is a short function of arrays.

    arguments.py                    axes, windows, pads: what many operators check
    elementwise.py activation.py    numbers on their own
    shape.py selection.py           numbers moved, made, found, sorted
    reduce.py linear.py norm.py     sums and products of many
    conv.py pool.py attention.py    the parts of networks
    resize.py sample.py nms.py      images at other places; boxes that cover each other
    quantised.py sequence.py        integers for real numbers; lists of arrays
"""

import inspect
from functools import lru_cache
from typing import NamedTuple

from npkpose.onnx.ops import (
    activation,
    attention,
    conv,
    elementwise,
    linear,
    nms,
    norm,
    pool,
    quantised,
    reduce,
    resize,
    sample,
    selection,
    sequence,
    shape,
)
from npkpose.onnx.ops.arguments import read_window
from npkpose.onnx.tensors import data_type

NEWEST = 28  # version of the standard's operator set that has been read

_FAMILIES = (
    elementwise, activation, shape, selection, reduce, linear, norm, conv, pool, attention, resize,
    sample, nms, quantised, sequence,
)  # fmt: skip
# Inputs that were attributes in older versions.
_ONCE_ATTRIBUTES = {
    "axes", "split", "starts", "ends", "min", "max", "pads", "value", "k", "ratio", "scales",
}  # fmt: skip
# {domain: {operator: {first version: function}}}
TABLES = {
    "": {name: versions for family in _FAMILIES for name, versions in family.OPS.items()},
    "com.microsoft": quantised.MICROSOFT | conv.MICROSOFT,
}


class Operator(NamedTuple):
    """A function and what it takes: inputs from ``least`` to ``most``, and attributes by name."""

    function: object
    least: int
    most: float
    attributes: frozenset
    required: frozenset
    wants_outputs: bool


def find_operator(node):
    """Return the `Operator` for a node, or raise a ValueError that says what is not known."""
    if node.domain not in TABLES:
        known = ", ".join(repr(name or "ai.onnx") for name in TABLES)
        raise ValueError(f"{node}: expected an operator of domain {known}, got {node.domain!r}")
    versions = TABLES[node.domain].get(node.op)
    if versions is None:
        raise ValueError(f"{node}: expected an operator that is provided, got {node.op!r}")
    if not node.domain and node.version > NEWEST:
        raise ValueError(f"{node}: expected operator set {NEWEST} or older, got {node.version}")
    found = [function for since, function in versions.items() if since <= node.version]
    if not found:
        raise ValueError(
            f"{node}: expected operator set {min(versions)} or newer, got {node.version}"
        )
    return _operator(found[-1])  # versions are in ascending order


@lru_cache(maxsize=None)
def _operator(function):
    parameters = inspect.signature(function).parameters.values()
    by_position = [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
    many = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    by_name = [p for p in parameters if p.kind == p.KEYWORD_ONLY and p.name != "outputs"]
    required = [p.name for p in by_name if p.default is p.empty]
    names = {p.name for p in by_name} | {p.name for p in by_position} & _ONCE_ATTRIBUTES
    if any(p.kind == p.VAR_KEYWORD for p in parameters):  # **window
        names |= set(inspect.signature(read_window).parameters) - {"size"}
    return Operator(
        function, sum(p.default is p.empty for p in by_position),
        float("inf") if many else len(by_position), frozenset(names), frozenset(required),
        any(p.name == "outputs" for p in parameters),
    )  # fmt: skip


def check_node(node):
    """Raise a ValueError unless a node's operator, attributes and inputs are known."""
    operator = find_operator(node)
    unknown = sorted(set(node.attributes) - operator.attributes)
    if unknown:
        known = sorted(operator.attributes)
        raise ValueError(f"{node}: expected attributes {known}, got {unknown}")
    missing = sorted(operator.required - set(node.attributes))
    if missing:
        raise ValueError(f"{node}: expected attribute {missing[0]!r}, got none")
    for name in {"to", "dtype", "output_dtype"} & set(node.attributes):
        code = node.attributes[name]
        if not isinstance(code, int):
            raise ValueError(f"{node}, {name}: expected a number, got another attribute")
        if code:  # 0: as the operator's inputs say
            data_type(code, f"{node}, {name}")
    needed = len(node.inputs) if operator.most == float("inf") else operator.least
    if "" in node.inputs[:needed]:
        raise ValueError(f"{node}: expected its first {needed} inputs, got {node.inputs}")
    given = len(node.inputs) + len(set(node.attributes) - operator.required)
    if len(node.inputs) > operator.most or given < operator.least:
        raise ValueError(
            f"{node}: expected {operator.least} to {operator.most} inputs, got {len(node.inputs)}"
        )
