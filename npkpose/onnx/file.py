"""An .onnx file: its bytes become a `Graph`.

The messages of onnx/onnx.proto (version 1.23) that are read; a star marks a repeated field:

    Model       ir_version, opset_import*, graph, functions*, metadata_props*, producer_name
    Graph       node*, name, initializer*, input*, output*
    Node        input*, output*, name, op_type, attribute*, domain
    Attribute   name, type, one of f, i, s, t, g, floats*, ints*, strings*; ref_attr_name
    ValueInfo   name, type (tensor_type: elem_type, shape: dim*: dim_value or dim_param)

Nothing is allocated for a size that a file claims; weights are views of the mapped file. Every
error is a ValueError with the path, and the byte or the node. Before IR version 4 a file lists
its weights among the inputs too: they are removed there.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from npkpose._check import plain
from npkpose.onnx.functions import Function, Reference, inline_functions
from npkpose.onnx.graph import Graph, Node, Value, keep_needed, sort_graph
from npkpose.onnx.tensors import data_type, read_tensor, read_text
from npkpose.weights.files import map_file
from npkpose.weights.identify import identify
from npkpose.weights.protobuf import (
    BYTES,
    FOUR_BYTES,
    VARINT,
    read_integers,
    read_message,
    signed,
)

# Each message: field number -> name and allowed wire types.
_MODEL = {
    1: ("ir_version", VARINT), 2: ("producer", BYTES), 3: ("producer_version", BYTES),
    7: ("graph", BYTES), 8: ("opset", BYTES), 14: ("metadata", BYTES), 25: ("function", BYTES),
}  # fmt: skip
_OPSET = {1: ("domain", BYTES), 2: ("version", VARINT)}
_KEY_VALUE = {1: ("key", BYTES), 2: ("value", BYTES)}
_GRAPH = {
    1: ("node", BYTES), 2: ("name", BYTES), 5: ("initializer", BYTES), 11: ("input", BYTES),
    12: ("output", BYTES), 15: ("sparse_initializer", BYTES),
}  # fmt: skip
_NODE = {
    1: ("input", BYTES), 2: ("output", BYTES), 3: ("name", BYTES), 4: ("op", BYTES),
    5: ("attribute", BYTES), 7: ("domain", BYTES), 8: ("overload", BYTES),
}  # fmt: skip
_ATTRIBUTE = {
    1: ("name", BYTES), 2: ("f", FOUR_BYTES), 3: ("i", VARINT), 4: ("s", BYTES), 5: ("t", BYTES),
    6: ("g", BYTES), 7: ("floats", FOUR_BYTES, BYTES), 8: ("ints", VARINT, BYTES),
    9: ("strings", BYTES), 20: ("type", VARINT), 21: ("reference", BYTES),
}  # fmt: skip
_KINDS = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings"}
_DEFAULTS = {"f": 0.0, "i": 0, "s": "", "floats": [], "ints": [], "strings": []}
_FUNCTION = {
    1: ("name", BYTES), 4: ("input", BYTES), 5: ("output", BYTES), 6: ("attribute", BYTES),
    7: ("node", BYTES), 9: ("opset", BYTES), 10: ("domain", BYTES), 11: ("default", BYTES),
    13: ("overload", BYTES),
}  # fmt: skip
_VALUE = {1: ("name", BYTES), 2: ("type", BYTES)}
_TYPE = {
    1: ("tensor", BYTES), 4: ("sequence", BYTES), 5: ("map", BYTES), 7: ("opaque", BYTES),
    8: ("sparse tensor", BYTES), 9: ("optional", BYTES),
}  # fmt: skip
_TENSOR_TYPE = {1: ("kind", VARINT), 2: ("shape", BYTES)}
_SHAPE = {1: ("dim", BYTES)}
_DIM = {1: ("size", VARINT), 2: ("parameter", BYTES)}

_MAX_NODES = 2**17  # in a file
_MAX_DEPTH = 12  # of subgraphs in subgraphs


@dataclass
class Model:
    """A file: its graph, {domain: version} of its operator sets, and what it says of itself."""

    graph: Graph
    opsets: dict
    metadata: dict
    producer: str
    ir_version: int


def load_model(path):
    """Return the `Model` in an ONNX file, its graph sorted and its functions written out.

    Raises ValueError for a damaged file, FileNotFoundError for none.
    """
    return read_named(path, "an ONNX model", lambda path: read_model(map_file(path), path.parent))


def read_named(path, kind, read):
    """Return ``read(path)``; an error names the path, and what the file is if not of the kind."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path}: expected {kind}, got a folder")
    try:
        return read(path)
    except RecursionError:
        raise ValueError(f"{path}: expected fewer messages inside each other") from None
    except ValueError as error:
        what, text = identify(path), str(error)
        if what is not None and not what.startswith(kind):
            raise ValueError(f"{path}: expected {kind}, got {what}") from None
        raise ValueError(text if text.startswith(str(path)) else f"{path}: {text}") from None


def read_model(data, folder):
    """Return the `Model` in the bytes of a file; ``folder`` has its external data."""
    return _Reader(data, folder).model()


class _Reader:
    """Reads the messages of one file, and counts its nodes."""

    def __init__(self, data, folder):
        self.data, self.folder, self.nodes = data, folder, 0

    def fields(self, span, schema):
        """Return {name: list of values} of a message, with every name of the schema."""
        found = {name: [] for name, *_ in schema.values()}
        for name, value in read_message(self.data, span, schema):
            found[name].append(value)
        return found

    def texts(self, spans):
        return [read_text(self.data, span) for span in spans]

    def text(self, spans):
        """Return the text of a field that is not repeated: the last one, or ""."""
        return read_text(self.data, spans[-1]) if spans else ""

    def model(self):
        found = self.fields((0, len(self.data)), _MODEL)
        if not found["graph"]:
            raise ValueError("byte 0: expected an ONNX model with a graph, got none")
        opsets = self.opsets(found["opset"])
        functions = [self.function(span) for span in found["function"]]
        graph = self.graph(found["graph"][-1], opsets, 0)
        graph = sort_graph(inline_functions(graph, {f.key: f for f in functions}))
        producer = f"{self.text(found['producer'])} {self.text(found['producer_version'])}"
        return Model(
            keep_needed(graph), opsets, dict(map(self.pair, found["metadata"])),
            plain(producer.strip()), (found["ir_version"] or [0])[-1],
        )  # fmt: skip

    def pair(self, span):
        found = self.fields(span, _KEY_VALUE)
        return self.text(found["key"]), self.text(found["value"])

    def opsets(self, spans):
        """Return {domain: version}; the standard's own domain has two names."""
        opsets = {}
        for span in spans:
            found = self.fields(span, _OPSET)
            opsets[_domain(self.text(found["domain"]))] = (found["version"] or [0])[-1]
        return opsets

    def graph(self, span, opsets, depth):
        if depth > _MAX_DEPTH:
            raise ValueError(f"byte {span[0]}: expected at most {_MAX_DEPTH} nested subgraphs")
        found = self.fields(span, _GRAPH)
        if found["sparse_initializer"]:
            raise ValueError(f"byte {span[0]}: expected dense weights, got a sparse one")
        constants = dict(read_tensor(self.data, s, self.folder) for s in found["initializer"])
        inputs = [self.value(span) for span in found["input"]]
        return Graph(
            self.all_nodes(found["node"], opsets, depth),
            [value for value in inputs if value.name not in constants],
            [self.value(span) for span in found["output"]], constants, self.text(found["name"]),
        )  # fmt: skip

    def all_nodes(self, spans, opsets, depth):
        self.nodes += len(spans)
        if self.nodes > _MAX_NODES:
            raise ValueError(f"byte {spans[0][0]}: expected at most {_MAX_NODES} nodes in all")
        return [self.node(span, opsets, i, depth) for i, span in enumerate(spans)]

    def node(self, span, opsets, index, depth):
        found = self.fields(span, _NODE)
        domain, name = _domain(self.text(found["domain"])), self.text(found["name"])
        node = Node(
            self.text(found["op"]), tuple(self.texts(found["input"])),
            tuple(self.texts(found["output"])), {}, domain, opsets.get(domain, 0),
            name, f"node {index}",
        )  # fmt: skip
        try:
            pairs = [self.attribute(s, opsets, depth) for s in found["attribute"]]
        except ValueError as error:
            raise ValueError(f"{node}: {error}") from None
        node.attributes.update(pairs)
        if found["overload"]:
            node.op += ":" + self.text(found["overload"])
        return node

    def attribute(self, span, opsets, depth):
        """Return (name, value); a missing type is told by the field that is there."""
        found = self.fields(span, _ATTRIBUTE)
        name = self.text(found["name"])
        if found["reference"]:
            return name, Reference(self.text(found["reference"]))
        code = (found["type"] or [0])[-1]
        kind = _KINDS.get(code) or next((k for k in _KINDS.values() if found[k] and not code), None)
        values = found.get(kind, [])
        if kind is None or kind in "tg" and not values:
            raise ValueError(f"attribute {name!r}: expected a number, text, tensor or graph")
        if kind == "t":
            return name, read_tensor(self.data, values[-1], self.folder)[1]
        if kind == "g":
            return name, self.graph(values[-1], opsets, depth + 1)
        return name, self.plain_value(kind, values)

    def plain_value(self, kind, values):
        if kind in ("s", "strings"):
            values = self.texts(values)
        elif kind == "i":
            values = [signed(value) for value in values]
        elif kind == "ints":
            return [number for value in values for number in read_integers(self.data, value)]
        else:
            values = [number for span in values for number in self.floats(span)]
        return (values or [_DEFAULTS[kind]])[-1] if len(kind) == 1 else values

    def floats(self, span):
        count, rest = divmod(span[1] - span[0], 4)
        if rest:
            raise ValueError(f"byte {span[0]}: expected whole float32s")
        return struct.unpack_from(f"<{count}f", self.data, span[0])

    def function(self, span):
        found = self.fields(span, _FUNCTION)
        opsets = self.opsets(found["opset"])
        name = ":".join(filter(None, [self.text(found["name"]), self.text(found["overload"])]))
        return Function(
            (_domain(self.text(found["domain"])), name), self.texts(found["input"]),
            self.texts(found["output"]), self.texts(found["attribute"]),
            dict(self.attribute(s, opsets, 0) for s in found["default"]),
            self.all_nodes(found["node"], opsets, 0),
        )  # fmt: skip

    def value(self, span):
        """Return the `Value` of a ValueInfo."""
        found = self.fields(span, _VALUE)
        name = self.text(found["name"])
        kinds = self.fields(found["type"][-1], _TYPE) if found["type"] else {}
        if not kinds.get("tensor"):
            return Value(name, next((kind for kind, spans in kinds.items() if spans), ""), None)
        tensor = self.fields(kinds["tensor"][-1], _TENSOR_TYPE)
        kind = data_type((tensor["kind"] or [0])[-1], f"value {name!r} at byte {span[0]}").name
        shape = self.shape(tensor["shape"][-1]) if tensor["shape"] else None
        return Value(name, kind, shape)

    def shape(self, span):
        dims = [self.fields(s, _DIM) for s in self.fields(span, _SHAPE)["dim"]]
        sizes = [signed(dim["size"][-1]) if dim["size"] else -1 for dim in dims]
        return tuple(
            size if size >= 0 else self.text(dim["parameter"]) or None
            for size, dim in zip(sizes, dims)
        )


def _domain(text):
    return "" if text == "ai.onnx" else text
