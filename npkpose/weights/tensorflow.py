"""TensorFlow 1 frozen graphs (.pb): the operations and the arrays of the constants.

A frozen graph is one protobuf message in which every trained variable has become a node
with the operation "Const". The part of the schema that is read here:

    GraphDef    node*
    NodeDef     name, op, input*, attr* (key, value)
    AttrValue   one of list (of i), s, i, f, b, type, tensor

Source: tensorflow/core/framework/{graph,node_def,attr_value}.proto. Function libraries
and attributes of other kinds are skipped.

A file truncated inside a node is not a valid message. Truncated between two nodes it is
valid, but the remaining nodes have missing inputs, which is refused too. If only nodes
that are no inputs are lost, the network reports its weights as missing.
"""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from npkpose._check import shown
from npkpose.weights.identify import identify
from npkpose.weights.protobuf import (
    BYTES,
    FOUR_BYTES,
    VARINT,
    read_integers,
    read_message,
    signed,
)
from npkpose.weights.tensorproto import read_tensor

# Each message: field number -> name and allowed wire types.
_GRAPH = {
    1: ("node", BYTES),
    2: ("library", BYTES),
    3: ("version", VARINT),
    4: ("versions", BYTES),
    5: ("debug_info", BYTES),
}
_NODE = {1: ("name", BYTES), 2: ("op", BYTES), 3: ("input", BYTES), 5: ("attr", BYTES)}
_ATTR = {1: ("key", BYTES), 2: ("value", BYTES)}
_VALUE = {
    1: ("list", BYTES),
    2: ("s", BYTES),
    3: ("i", VARINT),
    4: ("f", FOUR_BYTES),
    5: ("b", VARINT),
    6: ("type", VARINT),
    8: ("tensor", BYTES),
}
_LIST = {3: ("i", BYTES, VARINT)}


class Node(NamedTuple):
    """One operation. ``attributes`` maps names to str, int, float, list of int or array."""

    name: str
    op: str
    inputs: tuple
    attributes: dict


def read_graph(path):
    """Return the nodes of a frozen graph, in the file's order.

    Parameters
    ----------
    path : path_like

    Returns
    -------
    nodes : list of Node
        Arrays are read-only views of the file's bytes or of a single number. An
        attribute of another kind is None.

    Raises
    ------
    ValueError
        Not a GraphDef, damaged, or without nodes; the message names the path, the byte
        and, inside a node, the node.
    """
    data = Path(path).read_bytes()
    try:
        nodes = _read_nodes(data)
        _check_inputs(nodes)
    except ValueError as error:
        what = identify(path)
        found = f"expected a frozen graph, got {what}" if what else error
        raise ValueError(f"{path}: {found}") from None
    return list(nodes.values())


def load_tensorflow(path):
    """Return {node name: array} of the constants that are numbers.

    The arrays are read-only. Raises ValueError as `read_graph` does, and for a graph
    without such constants.
    """
    constants = {n.name: n.attributes["value"] for n in read_graph(path) if n.op == "Const"}
    arrays = {name: value for name, value in constants.items() if isinstance(value, np.ndarray)}
    if not arrays:
        raise ValueError(f"{path}: expected constants that are numbers, got none")
    return arrays


def _read_nodes(data):
    nodes = {}
    for field, value in read_message(data, (0, len(data)), _GRAPH, strict=True):
        if field == "node":
            node = _read_node(data, value)
            if node.name in nodes:
                raise ValueError(f"node {shown(node.name)}: expected a unique name, got it twice")
            nodes[node.name] = node
    if not nodes:
        raise ValueError("expected the nodes of a frozen graph, got none")
    return nodes


def _check_inputs(nodes):
    for node in nodes.values():
        for source in node.inputs:  # "name", "name:output" or "^name"
            if source.lstrip("^").split(":")[0] not in nodes:
                raise ValueError(
                    f"node {shown(node.name)}: expected its input {shown(source)}, got no such node"
                )


def _read_node(data, span):
    name, op, inputs, attrs = "", "", [], []
    for field, value in read_message(data, span, _NODE):
        if field == "name":
            name = _read_text(data, value)
        elif field == "op":
            op = _read_text(data, value)
        elif field == "input":
            inputs.append(_read_text(data, value))
        else:
            attrs.append(value)
    try:
        attributes = dict(_read_attribute(data, attr) for attr in attrs)
        if op == "Const" and "value" not in attributes:
            raise ValueError(f"byte {span[0]}: expected a constant's value, got none")
    except ValueError as error:
        raise ValueError(f"node {shown(name)}, {error}") from None
    return Node(name, op, tuple(inputs), attributes)


def _read_attribute(data, span):
    entry = dict(read_message(data, span, _ATTR))
    key = _read_text(data, entry.get("key", (0, 0)))
    result = None
    for field, value in read_message(data, entry.get("value", (0, 0)), _VALUE):
        result = _read_value(data, field, value)
    return key, result


def _read_value(data, field, value):
    if field == "tensor":
        return read_tensor(data, value)
    if field == "s":  # any bytes; a name where we read it
        return data[slice(*value)].decode(errors="backslashreplace")
    if field == "f":
        return struct.unpack_from("<f", data, value[0])[0]
    if field == "list":
        items = (item for _, item in read_message(data, value, _LIST))
        return [i for item in items for i in read_integers(data, item)]
    return signed(value)


def _read_text(data, span):
    try:
        return data[slice(*span)].decode()
    except UnicodeDecodeError as error:
        byte = span[0] + error.start
        raise ValueError(f"byte {byte}: expected UTF-8 text, got other bytes") from None
