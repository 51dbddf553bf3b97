"""Running a file: ``Session(path).run({"input": images})``.

    load       bytes to a graph, sorted; unknown operators are refused here
    specialise the first inputs of a shape are run node by node, which finds all shapes; what
               depends on shapes alone is computed once, and nodes are fused
    run        the fused graph, for every later input of that shape

float16 and bfloat16 graphs are computed in float32 from end to end: rounding after each node would
lose two digits, and NumPy is slower in float16. There is no backward pass.
"""

import numpy as np

from npkpose._check import check_integer, check_kind, shown
from npkpose.engine import num_threads
from npkpose.nn.faster import current_engine
from npkpose.onnx.file import load_model
from npkpose.onnx.fold import fold_constants, specialise
from npkpose.onnx.fuse import fuse
from npkpose.onnx.limits import limited
from npkpose.onnx.plan import Plan
from npkpose.onnx.run import check_graph, run_graph
from npkpose.onnx.summary import summarise, zeros_for
from npkpose.onnx.tensors import DATA_TYPES

_NARROW = ("float16", "bfloat16")
_TENSORS = {kind.name for kind in DATA_TYPES.values()}


class Session:
    """A network from an ONNX file, ready to run.

    ``inputs`` and ``outputs`` are lists of `Value` as the file declares them: name, kind (a dtype's
    name) and shape, in which a free size is a str or None. ``metadata`` is {key: text} of the file,
    ``opsets`` {domain: version}, ``producer`` a text. ``print(session)`` lists the layers.

    Parameters
    ----------
    path : path_like
    any_size : bool
        Accept inputs of other sizes than the file declares; some exporters write one size for a
        network that can take any.
    max_bytes : int
        Of the largest value inside; three times as much at a time. See `npkpose.onnx.limits` for
        the default.
    kept_shapes : int
        For how many shapes of inputs a specialised graph is kept.

    Raises
    ------
    ValueError
        A damaged file, or an operator, version or domain that is not provided, with where it
        stands.
    FileNotFoundError
        No such file.
    """

    load = staticmethod(load_model)  # from a path to a `Model`

    def __init__(self, path, any_size=False, max_bytes=None, kept_shapes=8):
        self.path, self.any_size = str(path), any_size
        self.max_bytes = None if max_bytes is None else check_integer("max_bytes", max_bytes, 1)
        self.kept_shapes = check_integer("kept_shapes", kept_shapes, 1)
        model = self.load(path)
        self.opsets, self.metadata, self.producer = model.opsets, model.metadata, model.producer
        self.inputs, self.outputs = model.graph.inputs, model.graph.outputs
        self._known = {}  # {shapes of inputs: (graph, shapes, plan)}, the last one used at the end
        self._weights = sum(a.nbytes for a in model.graph.constants.values())
        try:
            for value in self.inputs:
                if value.kind not in _TENSORS:
                    raise ValueError(f"input {value}: expected a tensor")
            check_graph(model.graph)
            with np.errstate(all="ignore"), limited(self._weights, self.max_bytes):
                self._graph = fold_constants(model.graph)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def run(self, feeds):
        """Return {name: array} of the outputs.

        Parameters
        ----------
        feeds : dict
            {name: array} of every input, of the type and shape the file declares. float16 may also
            be given as float32.

        Raises
        ------
        ValueError
            An input that is missing, unknown, or of another type or shape; a node that cannot
            process its inputs, or needs too much memory or too many steps.
        """
        arrays = self._check(feeds)
        shapes = tuple((name, a.dtype, a.shape) for name, a in arrays.items())
        key = current_engine(), num_threads(), shapes
        graph, shapes, plan = self._known.pop(key, (None, None, None))
        copied = plan is not None  # a plan's outputs are copies already
        try:
            given = self._weights + sum(a.nbytes for a in arrays.values())
            with np.errstate(all="ignore"), limited(given, self.max_bytes):
                if graph is None:
                    found = specialise(self._graph, arrays)
                    graph, shapes, outputs = found.graph, found.shapes, found.outputs
                    graph = fuse(graph, shapes)
                    if current_engine() == "fast":
                        plan = Plan(graph, shapes, found.fixed, arrays)
                elif plan is None:
                    outputs = run_graph(graph, arrays)
                else:
                    outputs = plan.run(arrays)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        self._known[key] = graph, shapes, plan
        while len(self._known) > self.kept_shapes:
            self._known.pop(next(iter(self._known)), None)
        own = [*arrays.values()] + ([] if copied else [*self._graph.constants.values()])
        own += [] if copied else graph.constants.values()
        return {v.name: _returned(v, a, own) for v, a in zip(self.outputs, outputs)}

    def _check(self, feeds):
        """Return {name: array} of all inputs in the file's order."""
        check_kind("feeds", feeds, dict)
        names = [value.name for value in self.inputs]
        unknown = [name for name in feeds if name not in names]
        missing = [name for name in names if name not in feeds]
        if unknown or missing:
            raise ValueError(f"feeds: expected inputs {names}, got {shown(list(feeds))}")
        return {value.name: self._check_input(value, feeds[value.name]) for value in self.inputs}

    def _check_input(self, value, given):
        array = np.asarray(given)
        allowed = (value.kind, "float32") if value.kind in _NARROW else (value.kind,)
        if array.dtype.name not in allowed:
            raise ValueError(f"{value.name}: expected {value.kind}, got {array.dtype.name}")
        fits = value.shape is None or len(value.shape) == array.ndim and (self.any_size or all(
            not isinstance(wanted, int) or wanted == got
            for wanted, got in zip(value.shape, array.shape)
        ))  # fmt: skip
        if not fits:
            raise ValueError(f"{value.name}: expected shape {value}, got {array.shape}")
        return array.astype(np.float32) if array.dtype == np.float16 else array

    def __str__(self):
        feeds = zeros_for(self.inputs) if not self._known else None
        try:
            if feeds is not None:
                self.run(feeds)
        except ValueError:  # zeros may be too few for a network that selects
            pass
        graph, shapes, _ = list(self._known.values())[-1] if self._known else (self._graph, {}, 0)
        return summarise(self, graph, shapes)

    def __repr__(self):
        return f"Session({self.path!r})"


def _returned(value, array, own):
    """Return an output as the file declares it, never one of the caller's arrays or ours."""
    if isinstance(array, list):
        return [np.array(each) for each in array]
    if value.kind == "float16":
        return array.astype(np.float16)
    return np.array(array) if any(np.may_share_memory(array, a) for a in own) else array
