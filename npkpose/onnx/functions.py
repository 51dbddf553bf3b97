"""Functions of a model: nodes that a file defines in terms of others, written out at each call.

A function has names for its inputs and outputs, and attributes that its nodes refer to. At a call
these are replaced: an input by the caller's name, an output likewise, any other name by one of its
own, an attribute by the caller's value or the function's default. Specification: ONNX, IR.md,
section "Functions".
"""

from dataclasses import dataclass, replace

from npkpose.onnx.graph import rename_node

_MAX_DEPTH = 16
_MAX_NODES = 2**17


@dataclass
class Function:
    """``key`` is (domain, name); ``defaults`` are attributes that a call may leave out."""

    key: tuple
    inputs: list
    outputs: list
    attributes: list
    defaults: dict
    nodes: list


@dataclass
class Reference:
    """An attribute of a function's node that stands for the attribute ``name`` of the call."""

    name: str


def inline_functions(graph, functions):
    """Return the graph with each call of a function replaced by the function's nodes."""
    return _Inliner(functions).graph(graph, 0) if functions else graph


class _Inliner:
    """Writes out calls; counts nodes, since functions of functions double them at each level."""

    def __init__(self, functions):
        self.functions, self.calls, self.count = functions, 0, 0

    def graph(self, graph, depth):
        return replace(graph, nodes=[n for node in graph.nodes for n in self.node(node, depth)])

    def node(self, node, depth):
        """Return the nodes that stand for one."""
        node = node.with_subgraphs(lambda graph: self.graph(graph, depth))
        function = self.functions.get((node.domain, node.op))
        self.count += 1
        if self.count > _MAX_NODES or depth > _MAX_DEPTH:
            raise ValueError(f"{node}: expected functions that end, got too many calls inside them")
        if function is None:
            return [node]
        self.calls += 1
        names = dict(zip(function.inputs, [*node.inputs, *[""] * len(function.inputs)]))
        names |= dict(zip(function.outputs, node.outputs))
        prefix = f"{node.name or node.op}#{self.calls}/"
        known = function.defaults | node.attributes

        def name(old):
            return names.setdefault(old, prefix + old) if old else ""

        def resolve(value):  # None, left out by the call: the operator's own default
            return known.get(value.name) if isinstance(value, Reference) else value

        inner = [rename_node(n, name, resolve) for n in function.nodes]
        inner = [replace(n, name=prefix + n.name, place=node.place) for n in inner]
        return [n for each in inner for n in self.node(each, depth + 1)]
