"""A network as a graph: nodes that each call one operator, and the values between them.

    Node     operator, the names of its inputs and outputs, attributes
    Value    what a file declares of an input or output: name, type, shape
    Graph    nodes in an order in which they can run, inputs, outputs, constants

The ONNX standard asks for nodes in topological order; files in the wild have others, so they are
sorted (Kahn, "Topological sorting of large networks", CACM 1962), in the file's order where that is
possible. A node with a subgraph (If, Loop, Scan) also waits for what the subgraph reads of the
graphs around it. Specification: ONNX, "Open Neural Network Exchange Intermediate Representation",
github.com/onnx/onnx/blob/main/docs/IR.md.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from npkpose._check import plain


@dataclass
class Value:
    """An input or output: ``kind`` is its type's name, a free size of ``shape`` is a str or None.

    ``shape`` is None where the file gives none.
    """

    name: str
    kind: str
    shape: tuple | None

    def __str__(self):
        sizes = "?" if self.shape is None else ", ".join(str(s or "?") for s in self.shape)
        return f"{plain(self.name)} {self.kind} ({sizes})"


@dataclass
class Node:
    """A call of an operator; ``version`` is the operator set's, ``place`` where the file has it."""

    op: str
    inputs: tuple
    outputs: tuple
    attributes: dict = field(default_factory=dict)
    domain: str = ""
    version: int = 0
    name: str = ""
    place: str = ""

    def __str__(self):
        return f"{self.place} {plain(self.name)!r} ({plain(self.kind())})".lstrip()

    def kind(self):
        """Return the operator's name, with its domain if that is not the standard's."""
        return f"{self.domain}.{self.op}" if self.domain else self.op

    def subgraphs(self):
        """Return the graphs among the attributes."""
        return [value for value in self.attributes.values() if isinstance(value, Graph)]

    def with_subgraphs(self, function):
        """Return the node with ``function(graph)`` for each graph among the attributes."""
        attributes = {
            name: function(value) if isinstance(value, Graph) else value
            for name, value in self.attributes.items()
        }
        return replace(self, attributes=attributes)

    def reads(self):
        """Return the names that must exist before this node runs."""
        names = [name for name in self.inputs if name]
        for graph in self.subgraphs():
            names += graph.outer
        return names


@dataclass
class Graph:
    """Nodes, declared inputs and outputs, and {name: array} of what is known beforehand."""

    nodes: list
    inputs: list
    outputs: list
    constants: dict
    name: str = ""

    @cached_property
    def outer(self):
        """The names that this subgraph reads of the graphs around it."""
        own = set(self.constants) | {value.name for value in self.inputs}
        own |= {name for node in self.nodes for name in node.outputs}
        names = [name for node in self.nodes for name in node.reads()]
        names += [value.name for value in self.outputs]
        return [name for name in dict.fromkeys(names) if name not in own]

    @cached_property
    def freed(self):
        """For each node, the names that no later node reads, nor the graph's caller."""
        seen = {value.name for value in self.outputs} | set(self.constants)
        freed = []
        for node in reversed(self.nodes):
            names = dict.fromkeys([*node.reads(), *node.outputs])
            freed.append([name for name in names if name and name not in seen])
            seen.update(freed[-1])
        return freed[::-1]


def sort_graph(graph, outer=frozenset()):
    """Return the graph with its nodes, and those of its subgraphs, in topological order.

    ``outer`` are names of graphs around it. Raises ValueError for a name that two nodes write, one
    that is read and never written, and nodes that wait for each other.
    """
    names = [value.name for value in graph.inputs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"input {twice!r}: expected it once, got it twice")
    known = set(outer) | set(graph.constants) | set(names)
    writers = _writers(graph, known)
    for node in graph.nodes:
        for name in node.reads():
            if name not in known and name not in writers:
                raise ValueError(f"{node}: expected input {name!r} from a node, got none")
    for value in graph.outputs:
        if value.name not in known and value.name not in writers:
            raise ValueError(f"output {value.name!r}: expected a node that writes it, got none")
    nodes = _in_order(graph.nodes, writers)
    inside = known | set(writers)
    sorted_nodes = [node.with_subgraphs(lambda g: sort_graph(g, inside)) for node in nodes]
    return replace(graph, nodes=sorted_nodes)


def _writers(graph, known):
    """Return {name: index of the node that writes it}."""
    writers = {}
    for i, node in enumerate(graph.nodes):
        for name in filter(None, node.outputs):
            if name in writers or name in known:
                raise ValueError(f"{node}: expected a new name for output {name!r}, got it twice")
            writers[name] = i
    return writers


def _in_order(nodes, writers):
    """Return nodes such that each comes after those whose outputs it reads."""
    sorter, ready, order = TopologicalSorter(), [], []
    for i, node in enumerate(nodes):
        sorter.add(i, *(writers[name] for name in node.reads() if name in writers))
    try:
        sorter.prepare()
    except CycleError as error:
        stuck = nodes[min(error.args[1])]
        raise ValueError(
            f"{stuck}: expected nodes without a cycle, got one that waits for itself"
        ) from None
    while sorter.is_active():
        for i in sorter.get_ready():
            heapq.heappush(ready, i)
        order.append(heapq.heappop(ready))  # the first one of the file
        sorter.done(order[-1])
    return [nodes[i] for i in order]


def rename_node(node, name, resolve):
    """Return a node with ``name(old)`` for each name, in its subgraphs too.

    ``resolve`` gives the value of each attribute; None leaves it out.
    """
    values = {key: resolve(value) for key, value in node.attributes.items()}
    attributes = {key: value for key, value in values.items() if value is not None}
    inputs, outputs = tuple(map(name, node.inputs)), tuple(map(name, node.outputs))
    node = replace(node, inputs=inputs, outputs=outputs, attributes=attributes)
    return node.with_subgraphs(lambda graph: rename_graph(graph, name, resolve))


def rename_graph(graph, name, resolve=lambda value: value):
    """Return a graph with ``name(old)`` for each name; see `rename_node`."""
    nodes = [rename_node(node, name, resolve) for node in graph.nodes]
    constants = {name(old): array for old, array in graph.constants.items()}
    inputs, outputs = ([replace(v, name=name(v.name)) for v in values]
                       for values in (graph.inputs, graph.outputs))  # fmt: skip
    return Graph(nodes, inputs, outputs, constants, graph.name)


def keep_needed(graph):
    """Return the graph without nodes and constants that no output needs."""
    needed = {value.name for value in graph.outputs}
    nodes = []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            nodes.append(node)
            needed.update(node.reads())
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    return replace(graph, nodes=nodes[::-1], constants=constants)


def count_readers(graph):
    """Return a Counter of how often each name is read; an output of the graph counts as one."""
    readers = Counter(name for node in graph.nodes for name in node.reads())
    readers.update(value.name for value in graph.outputs)
    return readers
