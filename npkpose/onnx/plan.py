"""A graph for one shape of inputs, ready to run often: arrays have places, nodes are jobs.

Every value whose shape is fixed has a place in memory that another takes over after its last
reader. Nodes of float32 that the engine has jobs for become steps of programs
(`npkpose.engine.program`), and those that only rename axes become views. Between programs, simple
functions of NumPy write right into their place; the other nodes are called as they are. If there
are none, the program reads inputs where the caller has them.
"""

import math
import threading
from functools import partial
from types import MethodType

import numpy as np

from npkpose.engine import copies
from npkpose.engine.conv_forward import address
from npkpose.engine.program import Program
from npkpose.engine.scratch import aligned
from npkpose.onnx.graph import Node
from npkpose.onnx.lower import LOWERED
from npkpose.onnx.lower_moves import VIEWS
from npkpose.onnx.ops.arguments import check_axis, ints
from npkpose.onnx.run import run_node

_FLOAT = np.dtype(np.float32)
_IN_PLACE = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Max": np.maximum}
_CASTS = (1, 6, 7)  # to float32, int32, int64


class Plan:
    """Runs a fused graph; see `Specialised` for ``shapes`` and ``fixed``."""

    def __init__(self, graph, shapes, fixed, inputs):
        self.graph, self._shapes, self._lock = graph, shapes, threading.Lock()
        fixed = (fixed | set(inputs)) & shapes.keys()
        self._fixed = {name for name in fixed if shapes[name][0].kind in "biuf"}
        self.values = dict(graph.constants)  # arrays that keep their places
        self._bases, self._free, self._owners = {}, [], {}
        self.program, self._steps = Program(), []
        self._targets = self._places_in_concats()
        for name in inputs:
            if name in self._fixed:
                self._allocate(name)
                self._bases.pop(name)  # no other value takes its place
        for node, freed in zip(graph.nodes, graph.freed):
            if not self._lower(node):
                self._call(node)
            self._release(freed)
        self._flush()
        self._readers = {name: self._addresses(name) for name in inputs if name in self._fixed}
        self._placed = self.values.keys() - graph.constants.keys()

    def run(self, feeds):
        """Return the outputs, given {name: array} of the inputs."""
        with self._lock:
            values = dict(self.values)
            for name, array in feeds.items():
                if name in self.values:
                    self._give(name, array)
                else:
                    values[name] = array
            for step in self._steps:
                if isinstance(step, Node):
                    self._run_node(step, values)
                else:
                    step()
            found = ((v.name in self.values, values[v.name]) for v in self.graph.outputs)
            return [
                np.array(value) if ours and isinstance(value, np.ndarray) else value
                for ours, value in found
            ]

    def _addresses(self, name):
        """Return the places of an input's addresses, if only the plan's one program reads it."""
        x = self.values[name]
        programs = [step.__self__ for step in self._steps if isinstance(step, MethodType)]
        returned = (self.values.get(value.name) for value in self.graph.outputs)
        kept = any(isinstance(y, np.ndarray) and np.may_share_memory(x, y) for y in returned)
        if kept or len(self._steps) != len(programs):
            return None
        return [found for program in programs for found in program.readers(x)]

    def _give(self, name, array):
        """Have the program read an input where it is, or copy it to its place."""
        readers, source = self._readers[name], array
        if readers is None or array.dtype != _FLOAT or not array.flags.carray:
            source = self.values[name]
            source[...] = array
        for record, i, offset in readers or ():
            record[i] = address(source) + offset

    def _run_node(self, node, values):
        """Call a function of NumPy; outputs with a place are copied there."""
        for name, value in zip(node.outputs, run_node(node, values)):
            if name in self.values:
                self.values[name][...] = value
            elif name:
                if isinstance(value, np.ndarray) and value.base is not None and any(
                    np.may_share_memory(value, self.values[n]) for n in node.reads()
                    if n in self._placed
                ):  # fmt: skip
                    value = np.array(value)
                values[name] = value

    def _lower(self, node):
        """Make a node steps of the program, if that is possible."""
        lower = LOWERED.get(node.op)
        names = [name for name in node.inputs if name and name not in self.graph.constants]
        names += node.outputs
        fits = self._fixed.issuperset(names)
        fits = fits and (node.op in VIEWS or all(map(self._is_float, names)))
        real = [self.graph.constants[n] for n in node.inputs[:2] if n in self.graph.constants]
        fits = fits and all(a.dtype == _FLOAT or node.op in _INTEGERS for a in real)
        sizes = [math.prod(self.shape(name)) for name in names] if fits else [0]
        if lower is None or node.domain not in ("", "com.microsoft") or 0 in sizes:
            return False
        count = len(self.program)
        done = bool(lower(self, node))
        if not done and len(self.program) != count:
            raise AssertionError(f"{node}: expected no steps of a node that is left to NumPy")
        return done

    def _call(self, node):
        """Leave a node to NumPy."""
        self._flush()
        for name in node.outputs:
            if name in self._fixed:
                self._allocate(name)
        self._steps.append(self._in_place(node) or node)

    def _in_place(self, node):
        """Return a call of NumPy that writes a node's output to its place, or None."""
        arrays = [self.values.get(name) for name in (*node.inputs, *node.outputs)]
        if node.domain or not all(isinstance(a, np.ndarray) for a in arrays):
            return None
        *reads, y = arrays
        if node.op == "Cast" and reads[0].dtype.kind in "biu" and node.attributes["to"] in _CASTS:
            return partial(np.copyto, y, reads[0], casting="unsafe")
        if any(x.dtype != y.dtype for x in reads):
            return None
        if node.op == "Concat":
            return partial(np.concatenate, reads, axis=node.attributes["axis"], out=y)
        if node.op in _IN_PLACE and len(reads) == 2:
            return partial(_IN_PLACE[node.op], *reads, out=y)
        return None

    def _is_float(self, name):
        return self._shapes[name][0] == _FLOAT

    def _flush(self):
        if len(self.program):
            self._steps.append(self.program.run)
            self.program = Program()

    def _allocate(self, name):
        """Give a value a place: in a concatenation that follows, in freed memory, or in new."""
        shape = self.shape(name)
        if name in self._targets:
            target, axis, start = self._targets[name]
            if target not in self.values:
                self._allocate(target)
            place = [slice(None)] * len(shape)
            place[axis] = slice(start, start + shape[axis])
            self.view(name, self.values[target][tuple(place)], target)
            return
        kind = self._shapes[name][0]
        size = kind.itemsize * math.prod(shape)
        fitting = [i for i, memory in enumerate(self._free) if size <= memory.size <= 2 * size]
        best = min(fitting, key=lambda i: self._free[i].size, default=None)
        memory = aligned(max(size, 1)) if best is None else self._free.pop(best)
        self._owners[name], self._bases[name] = {name}, (name, memory)
        self.values[name] = memory[:size].view(kind).reshape(shape)

    def _release(self, names):
        for name in names:
            if name in self._bases:
                owner, memory = self._bases.pop(name)
                self._owners[owner].discard(name)
                if not self._owners[owner]:
                    self._free.append(memory)

    def _places_in_concats(self):
        """Return {name: (concatenation, axis, start)} of values that can be written right there."""
        produced = {n for node in self.graph.nodes if node.op in _WRITE for n in node.outputs}
        places = {}
        for node in self.graph.nodes:
            names = *node.inputs, *node.outputs
            if node.op != "Concat" or not self._fixed.issuperset(names):
                continue
            if not all(map(self._is_float, names)):
                continue
            shape = self.shape(node.outputs[0])
            axis, start = check_axis(node.attributes["axis"], len(shape)), 0
            for name in node.inputs:
                whole = math.prod(shape[:axis]) == 1 and node.inputs.count(name) == 1
                if whole and name in produced and name not in places:
                    places[name] = node.outputs[0], axis, start
                start += self.shape(name)[axis]
        return places

    # What lowering asks for.

    def shape(self, name):
        """Return the shape of a value."""
        return self._shapes[name][1]

    def read(self, name):
        """Return the array of a value; None for one that is left out."""
        return self.values[name] if name else None

    def reads(self, node, count):
        """Return the arrays of the first inputs, None for those that are left out."""
        return [self.read(name) for name in (*node.inputs, *[""] * count)[:count]]

    def constant(self, node, *indices):
        """Return whether these inputs are constants or left out."""
        names = [node.inputs[i] for i in indices if i < len(node.inputs) and node.inputs[i]]
        return all(name in self.graph.constants for name in names)

    def numbers(self, node, index, kind=int):
        """Return the numbers in a constant input as a list; None where there is none."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if not name or name not in self.graph.constants:
            return None
        found = self.graph.constants[name]
        return (ints(found) if kind is int else [float(v) for v in found.reshape(-1)]) or None

    def write(self, node):
        """Return the array for a node's first output."""
        name = node.outputs[0]
        if name not in self.values:
            self._allocate(name)
        return self.values[name]

    def view(self, name, array, source):
        """Let a value be a view of another one's array."""
        self.values[name] = array
        if source in self._bases:
            owner, memory = self._bases[source]
            self._bases[name] = owner, memory
            self._owners[owner].add(name)

    def contiguous(self, array):
        """Return an array in C order: itself, or a copy that a step of the program makes."""
        if array.flags.c_contiguous:
            return array
        copy = aligned(4 * array.size).view(np.float32).reshape(array.shape)
        copies.add_copy(self.program, array, copy)
        return copy

    @staticmethod
    def has_rows(x):
        """Return whether the rows of images follow each other."""
        return x.strides[3] == 4 and x.strides[2] == 4 * x.shape[3]

    @staticmethod
    def is_same(a, b):
        """Return whether two arrays are the same place."""
        return a.ctypes.data == b.ctypes.data and a.shape == b.shape


_INTEGERS = {*VIEWS, "Expand", "ReduceMean", "ReduceL2"}
_WRITE = ("Conv", "FusedConv", "MaxPool", "Resize", "Add", "Mul", "Swish", "Relu", "Sigmoid")
