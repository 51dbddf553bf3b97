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
        return last_readers(self)


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
    return replace(graph, nodes=[_sort_subgraphs(node, inside) for node in nodes])


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
    followers, missing = [[] for _ in nodes], [0] * len(nodes)
    for i, node in enumerate(nodes):
        before = {writers[name] for name in node.reads() if name in writers}
        missing[i] = len(before)
        for j in before:
            followers[j].append(i)
    ready = [i for i, count in enumerate(missing) if count == 0]
    order = []
    while ready:
        i = heapq.heappop(ready)
        order.append(nodes[i])
        for j in followers[i]:
            missing[j] -= 1
            if missing[j] == 0:
                heapq.heappush(ready, j)
    if len(order) < len(nodes):
        stuck = next(node for node, count in zip(nodes, missing) if count)
        raise ValueError(f"{stuck}: expected nodes without a cycle, got one that waits for itself")
    return order


def _sort_subgraphs(node, known):
    graphs = {
        name: sort_graph(value, known)
        for name, value in node.attributes.items() if isinstance(value, Graph)
    }  # fmt: skip
    return replace(node, attributes=node.attributes | graphs) if graphs else node


def rename_node(node, name, resolve=lambda value: value):
    """Return a node with ``name(old)`` for each name, in its subgraphs too.

    ``resolve`` gives the value of each attribute; None leaves it out.
    """
    values = {key: resolve(value) for key, value in node.attributes.items()}
    attributes = {
        key: _rename_graph(value, name, resolve) if isinstance(value, Graph) else value
        for key, value in values.items() if value is not None
    }  # fmt: skip
    inputs, outputs = tuple(map(name, node.inputs)), tuple(map(name, node.outputs))
    return replace(node, inputs=inputs, outputs=outputs, attributes=attributes)


def _rename_graph(graph, name, resolve):
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


def last_readers(graph):
    """Return, for each node, the names that no later node reads, nor the graph's caller."""
    seen = {value.name for value in graph.outputs} | set(graph.constants)
    freed = []
    for node in reversed(graph.nodes):
        names = [n for n in dict.fromkeys([*node.reads(), *node.outputs]) if n and n not in seen]
        seen.update(names)
        freed.append(names)
    return freed[::-1]
