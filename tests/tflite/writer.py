"""Writes small TFLite files: tables as {field: value}, in the order in which they refer forward."""

import struct

import numpy as np

from npkpose.tflite.file import BUILTIN

KINDS = {"float32": 0, "float16": 1, "int32": 2}


def flatbuffer(root):
    """Return the bytes of a file: a table is {field: int, bytes, str, array, table or [table]}."""
    out = bytearray(struct.pack("<I4s", 0, b"TFL3"))
    struct.pack_into("<I", out, 0, _put(out, root))
    return bytes(out)


def _put(out, value):
    """Append a value; return its place."""
    out += bytes(-len(out) % 4)
    if isinstance(value, dict):
        return _put_table(out, value)
    place = len(out)
    if isinstance(value, list):
        out += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for k, item in enumerate(value, 1):
            struct.pack_into("<I", out, place + 4 * k, _put(out, item) - place - 4 * k)
        return place
    if isinstance(value, np.ndarray):
        out += struct.pack("<I", value.size) + value.tobytes()
        return place
    content = value.encode() if isinstance(value, str) else value
    out += struct.pack("<I", len(content)) + content + b"\0"
    return place


def _put_table(out, fields):
    numbers = sorted(fields)
    slots = {field: 4 + 4 * k for k, field in enumerate(numbers)}
    offsets = [slots.get(field, 0) for field in range(max(numbers, default=-1) + 1)]
    vtable = len(out)
    out += struct.pack(f"<{len(offsets) + 2}H", 4 + 2 * len(offsets), 4 + 4 * len(slots), *offsets)
    out += bytes(-len(out) % 4)
    place = len(out)
    out += struct.pack("<i", place - vtable) + bytes(4 * len(slots))
    for field, slot in slots.items():
        value = fields[field]
        if isinstance(value, int):
            struct.pack_into("<i", out, place + slot, value)
        else:
            struct.pack_into("<I", out, place + slot, _put(out, value) - place - slot)
    return place


def tensor(name, shape=(), array=None, sparsity=None):
    """Return a tensor: computed by default, else with the numbers of an array."""
    return name, shape or array.shape, array, sparsity


def network(tensors, operators, inputs=(0,), outputs=(-1,), kinds=None, **fields):
    """Return a file; an operator is (name, inputs, outputs, options).

    ``kinds`` are {index: number of a type} of tensors that are not of their array's.
    """
    buffers, tables = [{}], []
    for name, shape, array, sparsity in tensors:
        kind = KINDS["float32" if array is None else array.dtype.name]
        table = {0: np.array(shape, "<i4"), 1: kind, 3: name}
        if array is not None:
            table[2] = len(buffers)
            buffers.append({0: array.tobytes()})
        table |= {1: (kinds or {}).get(len(tables), kind)}
        tables.append(table | ({6: sparsity} if sparsity else {}))
    names = list(dict.fromkeys(name for name, *_ in operators))
    codes = [
        {0: min(BUILTIN.index(n), 127), 3: BUILTIN.index(n)} if n in BUILTIN else {0: 32, 1: n}
        for n in names
    ]
    outputs = [index % len(tensors) for index in outputs]
    graph = {
        0: tables, 1: np.array(inputs, "<i4"), 2: np.array(outputs, "<i4"),
        3: [_operator(names.index(name), *rest) for name, *rest in operators],
    }  # fmt: skip
    return flatbuffer({0: 3, 1: codes, 2: [graph], 4: buffers} | fields)


def _operator(code, inputs, outputs, options=None):
    table = {0: code, 1: np.array(inputs, "<i4"), 2: np.array(outputs, "<i4")}
    return table if options is None else table | {4: options}


def sparsity(order, blocks, levels):
    """Return SparsityParameters; a level is a size, or (segments, indices)."""
    tables = []
    for level in levels:
        if isinstance(level, int):
            tables.append({0: 0, 1: level})
        else:
            segments, indices = ({0: np.array(v, kind)} for v, kind in zip(level, ("<i4", "u1")))
            tables.append({0: 1, 2: 1, 3: segments, 4: 3, 5: indices})
    return {0: np.array(order, "<i4"), 1: np.array(blocks, "<i4"), 2: tables}


def floats(*shape, seed=0, kind="<f4"):
    """Return random numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(kind)


def image_network():
    """Return a network of an image with convolutions, pooling, a slope and a matrix."""
    tensors = [
        tensor("image", (1, 8, 8, 3)),  # 0
        tensor("filters", array=floats(4, 3, 3, 3)), tensor("bias", array=floats(4)),
        tensor("a", (1, 4, 4, 4)),  # 3
        tensor("half", array=floats(1, 3, 3, 4, kind="<f2")), tensor("whole", (1, 3, 3, 4)),  # 4, 5
        tensor("b", (1, 4, 4, 4)), tensor("slope", array=floats(1, 1, 4)),  # 6, 7
        tensor("c", (1, 4, 4, 4)), tensor("d", (1, 2, 2, 4)),  # 8, 9
        tensor("size", array=np.array([4, 4], "<i4")), tensor("e", (1, 4, 4, 4)),  # 10, 11
        tensor("f", (1, 4, 4, 8)), tensor("axes", array=np.array([1, 2], "<i4")),  # 12, 13
        tensor("g", (1, 8)), tensor("matrix", array=floats(5, 8)),  # 14, 15
        tensor("h", (1, 5)), tensor("out", (1, 5)),  # 16, 17
    ]
    operators = [
        ("DEQUANTIZE", [4], [5]), ("CONV_2D", [0, 1, 2], [3], {0: 0, 1: 2, 2: 2, 3: 3}),
        ("DEPTHWISE_CONV_2D", [3, 5, 2], [6], {0: 0, 1: 1, 2: 1, 3: 1, 4: 1}),
        ("PRELU", [6, 7], [8]), ("MAX_POOL_2D", [8], [9], {0: 0, 1: 2, 2: 2, 3: 2, 4: 2}),
        ("RESIZE_BILINEAR", [9, 10], [11], {3: 1}), ("CONCATENATION", [8, 11], [12], {0: 3}),
        ("MEAN", [12, 13], [14]), ("FULLY_CONNECTED", [14, 15, -1], [16]),
        ("LOGISTIC", [16], [17]),
    ]
    return network(tensors, operators)


def sparse_network():
    """Return a network whose filters are sparse, and whose image becomes rows."""
    levels = [2, 1, 1, ([0, 1, 2], [1, 0]), 2]
    filters = floats(4, kind="<f2")
    tensors = [
        tensor("image", (1, 4, 4, 4)),
        tensor("sparse", (2, 1, 1, 4), filters, sparsity([0, 1, 2, 3, 4], [3], levels)),
        tensor("half", (2, 1, 1, 4)), tensor("filters", (2, 1, 1, 4)),
        tensor("a", (1, 4, 4, 2)), tensor("widths", array=np.array([[0, 0]] + [[0, 1]] * 2
                                                                   + [[0, 2]], "<i4")),
        tensor("b", (1, 5, 5, 4)), tensor("shape", array=np.array([1, 25, 4], "<i4")),
        tensor("rows", (1, 25, 4)),
    ]  # fmt: skip
    operators = [
        ("DENSIFY", [1], [2]), ("DEQUANTIZE", [2], [3]),
        ("CONV_2D", [0, 3], [4], {0: 1, 1: 1, 2: 1}), ("PAD", [4, 5], [6]),
        ("RESHAPE", [6, 7], [8]),
    ]
    return network(tensors, operators)
