"""An .onnx file: its bytes become a `Graph`.

Nothing is allocated for a size that a file claims; weights are views of the mapped file. Every
error is a ValueError with the path, and the byte or the node. Before IR version 4 a file lists
its weights among the inputs too: they are removed there. Source: onnx/onnx.proto, version 1.23.
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


def _floats(data, span):
    """Return the float32s at ``span``."""
    count, rest = divmod(span[1] - span[0], 4)
    if rest:
        raise ValueError(f"byte {span[0]}: expected whole float32s")
    return struct.unpack_from(f"<{count}f", data, span[0])


_MISSING = (0, 0)  # the span of a message that is not in the file
# How a field is read: its wire types, the values of one occurrence, and the value of none.
_KINDS = {
    "int": ((VARINT,), lambda data, value: [signed(value)], 0),
    "ints": ((VARINT, BYTES), read_integers, 0),
    "float": ((FOUR_BYTES,), _floats, 0.0),
    "floats": ((FOUR_BYTES, BYTES), _floats, 0.0),
    "text": ((BYTES,), lambda data, span: [read_text(data, span)], ""),
    "message": ((BYTES,), lambda data, span: [span], _MISSING),
}


def _message(text):
    """Return the fields "number name kind, ..." as a schema, and {name: (kind, is a list)}."""
    fields = [field.split() for field in text.split(", ")]
    kinds = {name: (kind.rstrip("*"), kind.endswith("*")) for _, name, kind in fields}
    return {int(number): (name, *_KINDS[kinds[name][0]][0]) for number, name, _ in fields}, kinds


# The messages, as far as they are read; a star marks a repeated field.
_MODEL = _message(
    "1 ir_version int, 2 producer text, 3 producer_version text, 7 graph message, "
    "8 opset message*, 14 metadata message*, 25 function message*"
)
_OPSET = _message("1 domain text, 2 version int")
_KEY_VALUE = _message("1 key text, 2 value text")
_GRAPH = _message(
    "1 node message*, 2 name text, 5 initializer message*, 11 input message*, "
    "12 output message*, 15 sparse_initializer message*"
)
_NODE = _message(
    "1 input text*, 2 output text*, 3 name text, 4 op text, 5 attribute message*, 7 domain text, "
    "8 overload text"
)
_ATTRIBUTE = _message(
    "1 name text, 2 f float*, 3 i int*, 4 s text*, 5 t message*, 6 g message*, 7 floats floats*, "
    "8 ints ints*, 9 strings text*, 20 type int, 21 reference text"
)
_TYPES = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings"}
_FUNCTION = _message(
    "1 name text, 4 input text*, 5 output text*, 6 attribute text*, 7 node message*, "
    "9 opset message*, 10 domain text, 11 default message*, 13 overload text"
)
_VALUE = _message("1 name text, 2 type message")
_TYPE = _message("1 tensor message, 4 sequence message, 5 map message, 7 opaque message, "
                 "8 sparse_tensor message, 9 optional message")  # fmt: skip
_TENSOR_TYPE = _message("1 kind int, 2 shape message")
_SHAPE = _message("1 dim message*")
_DIM = _message("1 size int*, 2 parameter text")

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
    return read_named(path, "an ONNX model", lambda path: _Reader(path).model())


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


class _Reader:
    """Reads the messages of one file, and counts its nodes."""

    def __init__(self, path):
        self.data, self.folder, self.nodes = map_file(path), path.parent, 0

    def fields(self, span, message):
        """Return {name: value} of a message; the last value of a field that is not a list."""
        schema, kinds = message
        found = {name: [] for name in kinds}
        for name, value in read_message(self.data, span, schema):
            _, read, _ = _KINDS[kinds[name][0]]
            found[name] += read(self.data, value)
        return {
            name: found[name] if is_list else (found[name] or [_KINDS[kind][2]])[-1]
            for name, (kind, is_list) in kinds.items()
        }

    def all_fields(self, spans, message):
        return [self.fields(span, message) for span in spans]

    def model(self):
        found = self.fields((0, len(self.data)), _MODEL)
        if found["graph"] == _MISSING:
            raise ValueError("byte 0: expected an ONNX model with a graph, got none")
        opsets = self.opsets(found["opset"])
        functions = [self.function(span) for span in found["function"]]
        graph = self.graph(found["graph"], opsets, 0)
        graph = sort_graph(inline_functions(graph, {f.key: f for f in functions}))
        metadata = {f["key"]: f["value"] for f in self.all_fields(found["metadata"], _KEY_VALUE)}
        producer = plain(f"{found['producer']} {found['producer_version']}".strip())
        return Model(keep_needed(graph), opsets, metadata, producer, found["ir_version"])

    def opsets(self, spans):
        """Return {domain: version}; the standard's own domain has two names."""
        return {_domain(f["domain"]): f["version"] for f in self.all_fields(spans, _OPSET)}

    def graph(self, span, opsets, depth):
        if depth > _MAX_DEPTH:
            raise ValueError(f"byte {span[0]}: expected at most {_MAX_DEPTH} nested subgraphs")
        found = self.fields(span, _GRAPH)
        if found["sparse_initializer"]:
            raise ValueError(f"byte {span[0]}: expected dense weights, got a sparse one")
        constants = dict(read_tensor(self.data, s, self.folder) for s in found["initializer"])
        inputs = [self.value(span) for span in found["input"]]
        nodes = self.all_nodes(found["node"], opsets, depth)
        outputs = [self.value(span) for span in found["output"]]
        inputs = [value for value in inputs if value.name not in constants]
        return Graph(nodes, inputs, outputs, constants, found["name"])

    def all_nodes(self, spans, opsets, depth):
        self.nodes += len(spans)
        if self.nodes > _MAX_NODES:
            raise ValueError(f"byte {spans[0][0]}: expected at most {_MAX_NODES} nodes in all")
        return [self.node(span, opsets, i, depth) for i, span in enumerate(spans)]

    def node(self, span, opsets, index, depth):
        found = self.fields(span, _NODE)
        domain = _domain(found["domain"])
        node = Node(
            found["op"], tuple(found["input"]), tuple(found["output"]), {}, domain,
            opsets.get(domain, 0), found["name"], f"node {index}",
        )  # fmt: skip
        try:
            node.attributes.update([self.attribute(s, opsets, depth) for s in found["attribute"]])
        except ValueError as error:
            raise ValueError(f"{node}: {error}") from None
        if found["overload"]:
            node.op += ":" + found["overload"]
        return node

    def attribute(self, span, opsets, depth):
        """Return (name, value); a missing type is told by the field that is there."""
        found = self.fields(span, _ATTRIBUTE)
        name, code = found["name"], found["type"]
        if found["reference"]:
            return name, Reference(found["reference"])
        kind = _TYPES.get(code) or next((k for k in _TYPES.values() if found[k] and not code), None)
        values = found.get(kind)
        if kind is None or kind in "tg" and not values:
            raise ValueError(f"attribute {name!r}: expected a number, text, tensor or graph")
        if kind == "t":
            return name, read_tensor(self.data, values[-1], self.folder)[1]
        if kind == "g":
            return name, self.graph(values[-1], opsets, depth + 1)
        missing = {"f": 0.0, "i": 0, "s": ""}
        return name, (values or [missing[kind]])[-1] if kind in missing else values

    def function(self, span):
        found = self.fields(span, _FUNCTION)
        opsets = self.opsets(found["opset"])
        name = ":".join(filter(None, [found["name"], found["overload"]]))
        return Function(
            (_domain(found["domain"]), name), found["input"], found["output"], found["attribute"],
            dict(self.attribute(s, opsets, 0) for s in found["default"]),
            self.all_nodes(found["node"], opsets, 0),
        )  # fmt: skip

    def value(self, span):
        """Return the `Value` of a ValueInfo."""
        found = self.fields(span, _VALUE)
        name, types = found["name"], self.fields(found["type"], _TYPE)
        if types["tensor"] == _MISSING:
            known = [kind for kind, inner in types.items() if inner != _MISSING]
            return Value(name, known[0].replace("_", " ") if known else "", None)
        tensor = self.fields(types["tensor"], _TENSOR_TYPE)
        kind = data_type(tensor["kind"], f"value {name!r} at byte {span[0]}").name
        if tensor["shape"] == _MISSING:
            return Value(name, kind, None)
        dims = self.all_fields(self.fields(tensor["shape"], _SHAPE)["dim"], _DIM)
        sizes = [(dim["size"] or [-1])[-1] for dim in dims]
        free = [dim["parameter"] or None for dim in dims]
        return Value(name, kind, tuple(n if n >= 0 else f for n, f in zip(sizes, free)))


def _domain(text):
    return "" if text == "ai.onnx" else text
