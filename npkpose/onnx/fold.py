"""One graph for one shape of its inputs: what follows from the shape alone is computed once.

The graph is run on the first inputs of a shape. A value is static if all that it depends on are
constants and shapes of values; it becomes a constant, and the node that made it goes. Exporters
with free sizes write hundreds of such nodes (Shape, Gather, Concat for a Reshape). The shape of a
value is static if those of the node's inputs are, and the inputs that determine it, such as the
shape of a Reshape. An If whose condition is static is replaced by its branch.
"""

from dataclasses import dataclass, replace
from itertools import repeat

from npkpose.onnx.graph import Graph, Node, keep_needed, rename_graph
from npkpose.onnx.limits import count_bytes
from npkpose.onnx.run import CONTROL, run_node

# Inputs whose numbers determine the shape of the output; None: all.
_SHAPED_BY = {
    "Reshape": (1,), "Expand": (1,), "Tile": (1,), "Slice": (1, 2, 3, 4), "Pad": (1, 3),
    "Resize": (1, 2, 3), "Upsample": (1,), "TopK": (1,), "ConstantOfShape": (0,), "OneHot": (1,),
    "Squeeze": (1,), "Unsqueeze": (1,), "Split": (1,), "Range": (0, 1, 2),
}  # fmt: skip
_SHAPED_BY_NUMBERS = {"NonZero", "NonMaxSuppression", "Compress", "SequenceAt", *CONTROL}
_ONLY_SHAPES = {"Shape", "Size"}


@dataclass
class Specialised:
    """A graph for one shape of the inputs, {name: (dtype, shape)} of all values, the outputs.

    ``fixed`` are the names whose shape follows from that of the inputs.
    """

    graph: Graph
    shapes: dict
    fixed: set
    outputs: list


def fold_constants(graph):
    """Return the graph without nodes that depend on constants alone."""
    values, nodes = dict(graph.constants), []
    for node in graph.nodes:
        if all(name in values for name in node.reads()) and node.op not in CONTROL:
            values |= {name: value for name, value in _run(node, values) if name}
        else:
            nodes.append(node)
    return keep_needed(replace(graph, nodes=nodes, constants=values))


def specialise(graph, feeds):
    """Return the `Specialised` graph for the shapes of ``feeds``, {name: array}."""
    return _Tracer(graph, feeds).run()


def _run(node, values):
    """Run a node, and return [(name, value), ...] of its outputs."""
    found = list(zip(node.outputs, run_node(node, values)))
    for _, value in found:
        count_bytes(value, 1)
    return found


class _Tracer:
    def __init__(self, graph, feeds):
        self.graph, self.values, self.shapes = graph, {**graph.constants, **feeds}, {}
        self.static, self.shaped = set(graph.constants), set(self.values)
        self.nodes, self.branches = [], 0

    def run(self):
        self.note_shapes(self.values.items())
        self.trace(self.graph.nodes, self.graph.freed)
        outputs = [self.values[value.name] for value in self.graph.outputs]
        constants = {name: self.values[name] for name in self.static}
        graph = replace(self.graph, nodes=self.nodes, constants=constants)
        return Specialised(keep_needed(graph), self.shapes, self.shaped, outputs)

    def trace(self, nodes, freed):
        """Run nodes, those of the branch for an If; free after each what nothing reads later."""
        for node, names in zip(nodes, freed):
            if node.op == "If" and self.is_one(node.inputs[0]):
                self.trace(self.branch(node), repeat(()))
            else:
                found = _run(node, self.values)
                self.values.update(found)
                self.note(node)
                self.note_shapes(found)
            for name in set(names) - self.static:
                count_bytes(self.values.pop(name, None), -1)

    def note_shapes(self, values):
        self.shapes |= {n: (v.dtype, v.shape) for n, v in values if hasattr(v, "shape")}

    def is_one(self, name):
        """Return whether a value is one static number: an If by another is refused when it runs."""
        return name in self.static and getattr(self.values[name], "size", 0) == 1

    def note(self, node):
        """Sort a node that has run: its outputs are constants, or it stays in the graph."""
        outputs, reads = [name for name in node.outputs if name], node.reads()
        only_shapes = node.op in _ONLY_SHAPES and node.inputs[0] in self.shaped
        if only_shapes or all(name in self.static for name in reads):
            self.static.update(outputs)
            self.shaped.update(outputs)
            return
        self.nodes.append(node)
        wanted = _SHAPED_BY.get(node.op, (1,) if node.op.startswith("Reduce") else ())
        by = [node.inputs[i] for i in wanted if i < len(node.inputs) and node.inputs[i]]
        known = all(name in self.shaped for name in reads) and self.static.issuperset(by)
        if known and node.op not in _SHAPED_BY_NUMBERS:
            self.shaped.update(outputs)

    def branch(self, node):
        """Return the nodes of the branch that an If takes, under names of their own."""
        taken = "then_branch" if self.values[node.inputs[0]].item() else "else_branch"
        graph = node.attributes[taken]
        self.branches += 1
        own = {name for n in graph.nodes for name in n.outputs if name} | set(graph.constants)
        names = {name: f"{name}#{self.branches}" for name in own}
        graph = rename_graph(graph, lambda name: names.get(name, name))
        self.values |= graph.constants
        self.static |= set(graph.constants)
        self.shaped |= set(graph.constants)
        return graph.nodes + [
            Node("Identity", (value.name,), (name,), {}, "", node.version, "", node.place)
            for name, value in zip(node.outputs, graph.outputs)
        ]
