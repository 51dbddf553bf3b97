"""A TFLite file as a graph of ONNX's operators.

TFLite's images have their channels last, ONNX's first. Every tensor of four axes is kept with
channels first: "NAME:NCHW". It is transposed where the graph begins and ends, and for an operator
that depends on the order of the numbers. Weights are constants, which are turned here, once;
float16 becomes float32.
"""

import numpy as np

from npkpose.onnx.file import Model, read_named
from npkpose.onnx.graph import Graph, Node, Value, keep_needed, sort_graph
from npkpose.tflite.file import File
from npkpose.tflite.operators import OPERATORS
from npkpose.weights.files import map_file

OPSET = 18  # of the nodes
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
# Codes of fused_activation_function: an operator and its limits.
ACTIVATIONS = {1: ("Relu", ()), 2: ("Clip", (-1, 1)), 3: ("Clip", (0, 6)), 4: ("Tanh", ())}


def load_tflite(path):
    """Return the `npkpose.onnx.file.Model` of a TFLite file.

    Raises ValueError for a damaged file and for an operator that is not provided, with where it
    stands; FileNotFoundError for no file.
    """
    kind = "a TensorFlow Lite model"
    return read_named(path, kind, lambda path: Lowering(File(map_file(path))).model())


class Lowering:
    """Writes the nodes of a file; functions of operators.py call it."""

    def __init__(self, file):
        self.file, self.nodes, self.constants, self.known = file, [], {}, {}
        self.names = _names(file)
        self.last = {i: self.names[i] for i in file.inputs}  # names in the file's order
        self.op = None  # the operator that is being written

    def model(self):
        """Return the `Model`."""
        file = self.file
        unknown = [op for op in file.operators if op.name not in OPERATORS]
        if unknown:
            known = ", ".join(OPERATORS)
            raise ValueError(f"{unknown[0].place}: expected one of {known}; got {unknown[0].name}")
        for i in file.inputs:
            self._begin(i)
        for self.op in file.operators:
            write, least, most = OPERATORS[self.op.name]
            write(self, self.op, *self.op.given(least, most))
        for i in file.outputs:
            inner = self.read(i)
            if self.rank(i) == 4 and i not in file.inputs:
                self.node("Transpose", [inner], self.names[i], {"perm": TO_LAST})
        ends = ([Value(self.names[i], file.tensors[i].kind, file.tensors[i].shape) for i in each]
                for each in (file.inputs, file.outputs))  # fmt: skip
        graph = keep_needed(sort_graph(Graph(self.nodes, *ends, self.constants)))
        metadata = {"description": file.description} if file.description else {}
        return Model(graph, {"": OPSET}, metadata, "TensorFlow Lite", file.version)

    def _begin(self, i):
        """Begin with an input of the graph."""
        tensor = self.file.tensors[i]
        if tensor.kind != "float32" or tensor.span is not None:
            raise ValueError(f"{tensor.place}: expected an input of float32, got {tensor.kind}")
        if self.rank(i) == 4:
            self.node("Transpose", [self.names[i]], self.inner(i), {"perm": TO_FIRST})

    def shape(self, i):
        """Return the declared shape of a tensor, in the file's order."""
        return self.file.tensors[i].shape

    def rank(self, i):
        """Return the number of axes of a tensor."""
        return len(self.file.tensors[i].shape)

    def inner(self, i):
        """Return the name of a tensor's value; with channels first if it has four axes."""
        return self.names[i] + ":NCHW" * (self.rank(i) == 4)

    def constant(self, i):
        """Return the array of a tensor in the file's order, or None if it is computed."""
        tensor = self.file.tensors[i]
        if i not in self.known and tensor.span is not None:
            if tensor.sparsity:
                raise ValueError(f"{tensor.place}: expected DENSIFY after sparse numbers")
            self.known[i] = self.file.numbers(tensor)
        return self.known.get(i)

    def integers(self, i):
        """Return a constant of integers as a list."""
        found = self.constant(i)
        if found is None or found.dtype.kind not in "iu" or found.size > 64:
            raise ValueError(f"{self.file.tensors[i].place}: expected constant integers")
        return found.reshape(-1).tolist()

    def weights(self, i, rank=None):
        """Return a constant in float32."""
        found, tensor = self.constant(i), self.file.tensors[i]
        if found is None or found.dtype.kind != "f":
            raise ValueError(f"{tensor.place}: expected constant floats, got {tensor.kind}")
        if rank is not None and found.ndim != rank:
            raise ValueError(f"{tensor.place}: expected {rank} axes, got {list(found.shape)}")
        self.file.count(tensor, found.size)
        return found.astype(np.float32)

    def keep(self, array):
        """Return the name of a new constant."""
        name = f":constant {len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(array)
        return name

    def read(self, i, rank=None):
        """Return the name of a value; a constant is broadcast to ``rank`` axes."""
        rank = self.rank(i) if rank is None else rank
        if self.constant(i) is not None:
            array = self.weights(i)
            array = array.reshape((1,) * (rank - array.ndim) + array.shape)
            return self.keep(array.transpose(TO_FIRST) if array.ndim == 4 else array)
        if rank != self.rank(i):
            raise ValueError(f"{self.op.place}: expected {rank} axes, got {list(self.shape(i))}")
        return self.inner(i)

    def read_last(self, i):
        """Return the name of a value in the file's order."""
        if self.rank(i) != 4:
            return self.read(i)
        if i not in self.last:
            self.last[i] = f"{self.names[i]}:NHWC"
            self.node("Transpose", [self.read(i)], self.last[i], {"perm": TO_LAST})
        return self.last[i]

    def part(self, kind, i, *others):
        """Return the name of a node's output that a second node shall take."""
        name = f"{self.inner(self.op.outputs[0])}:{kind}" if self.op.outputs else ""
        self.node(kind, [self.read_last(i), *others], name, {})
        return name

    def write(self, kind, inputs, fused=0, in_order=False, **attributes):
        """Write the operator's output: a node, a fused activation, and a transposition.

        ``in_order`` says that the node's output is in the file's order.
        """
        (i,) = self.op.outputs[:1] or [None]
        tensor = None if i is None else self.file.tensors[i]
        if tensor is None or tensor.kind not in ("float32", "float16"):
            got = f"{tensor.kind} for {tensor.place}" if tensor else "none"
            raise ValueError(f"{self.op.place}: expected an output of floats, got {got}")
        steps = [(kind, inputs, attributes)]
        if fused:
            if fused not in ACTIVATIONS:
                raise ValueError(f"{self.op.place}: expected a fused activation, got {fused}")
            name, limits = ACTIVATIONS[fused]
            steps.append((name, map(np.float32, limits), {}))
        if in_order and self.rank(i) == 4:
            steps.append(("Transpose", [], {"perm": TO_FIRST}))
        source = []
        for k, (kind, others, attributes) in enumerate(steps):
            name = f"{self.names[i]}:{k}" if k < len(steps) - 1 else self.inner(i)
            self.node(kind, [*source, *others], name, attributes)
            source = [name]

    def node(self, kind, inputs, output, attributes):
        """Append a node; inputs that are not names become constants."""
        name, place = (self.op.name, self.op.place) if self.op else ("", "inputs")
        inputs = tuple(i if isinstance(i, str) else self.keep(i) for i in inputs)
        self.nodes.append(Node(kind, inputs, (output,), attributes, "", OPSET, name, place))


def _names(file):
    """Return the names of all tensors; one that is empty or taken gets its index."""
    taken, names = set(), []
    for i, tensor in enumerate(file.tensors):
        names.append(f"{tensor.name}#{i}" if tensor.name in taken | {""} else tensor.name)
        taken.add(names[-1])
    return names
