"""Functions of a model: nodes that a file defines in terms of others, written out at each call.

A function has names for its inputs and outputs, and attributes that its nodes refer to. At a call
these are replaced: an input by the caller's name, an output likewise, any other name by one of its
own, an attribute by the caller's value or the function's default. Specification: ONNX, IR.md,
section "Functions".
"""

from dataclasses import dataclass, replace

from npkpose.onnx.graph import Graph, Value

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
        attributes = {
            name: self.graph(value, depth) if isinstance(value, Graph) else value
            for name, value in node.attributes.items()
        }
        function = self.functions.get((node.domain, node.op))
        self.count += 1
        if self.count > _MAX_NODES or depth > _MAX_DEPTH:
            raise ValueError(f"{node}: expected functions that end, got too many calls inside them")
        if function is None:
            return [replace(node, attributes=attributes)]
        self.calls += 1
        names = dict(zip(function.inputs, [*node.inputs, *[""] * len(function.inputs)]))
        names |= dict(zip(function.outputs, node.outputs))
        rename = _Renamer(names, f"{node.name or node.op}#{self.calls}/", attributes, function)
        inner = [rename.node(n, node) for n in function.nodes]
        return [n for each in inner for n in self.node(each, depth + 1)]


class _Renamer:
    """Replaces a function's names and attributes by those of a call."""

    def __init__(self, names, prefix, attributes, function):
        self.names, self.prefix = names, prefix
        self.attributes = function.defaults | attributes

    def name(self, name):
        return self.names.setdefault(name, self.prefix + name) if name else ""

    def node(self, node, call):
        attributes = {}
        for key, value in node.attributes.items():
            if isinstance(value, Reference):
                if value.name not in self.attributes:
                    continue  # left out by the call: the operator's own default
                value = self.attributes[value.name]
            elif isinstance(value, Graph):
                value = self.graph(value, call)
            attributes[key] = value
        return replace(
            node, inputs=tuple(map(self.name, node.inputs)),
            outputs=tuple(map(self.name, node.outputs)), attributes=attributes,
            name=self.prefix + node.name, place=call.place,
        )  # fmt: skip

    def graph(self, graph, call):
        def value(v):
            return Value(self.name(v.name), v.kind, v.shape)

        return Graph(
            [self.node(node, call) for node in graph.nodes], list(map(value, graph.inputs)),
            list(map(value, graph.outputs)),
            {self.name(name): array for name, array in graph.constants.items()}, graph.name,
        )  # fmt: skip
