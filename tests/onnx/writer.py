"""Writes small ONNX files: protobuf by hand, so that tests need no other package."""

import struct

import numpy as np

CODES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10,
         "float64": 11}  # fmt: skip


def varint(n):
    """Return an integer in base 128."""
    n %= 2**64
    digits = []
    while n > 127:
        digits.append(n & 127 | 128)
        n >>= 7
    return bytes([*digits, n])


def field(number, *values):
    """Return a field for each value: an int, a float, a text or the bytes of a message."""
    parts = []
    for value in values:
        if isinstance(value, float):
            parts += [varint(8 * number + 5), struct.pack("<f", value)]
        elif isinstance(value, (int, np.integer)):
            parts += [varint(8 * number), varint(int(value))]
        else:
            value = value.encode() if isinstance(value, str) else value
            parts += [varint(8 * number + 2), varint(len(value)), value]
    return b"".join(parts)


def tensor(array, name="", external=None):
    """Return a TensorProto; its bytes are in it, or where ``external`` says, {key: text}."""
    array = np.asarray(array)
    head = field(1, *array.shape) + field(2, CODES[array.dtype.name]) + field(8, name)
    if external is None:
        return head + field(9, array.tobytes())
    pairs = [field(1, key) + field(2, value) for key, value in external.items()]
    return head + field(13, *pairs) + field(14, 1)


def attribute(name, value):
    """Return an AttributeProto of an int, float, text, array, graph (bytes) or list of ints."""
    kind, number = {
        int: (2, 3), float: (1, 2), str: (3, 4), bytes: (5, 6), list: (7, 8), np.ndarray: (4, 5),
    }[type(value)]  # fmt: skip
    values = value if isinstance(value, list) else [value]
    values = [tensor(v) if isinstance(v, np.ndarray) else v for v in values]
    return field(1, name) + field(number, *values) + field(20, kind)


def node(op, inputs, outputs, domain="", name="", **attributes):
    """Return a NodeProto; ``inputs`` and ``outputs`` are names with spaces, "-" for left out."""
    names = [["" if n == "-" else n for n in text.split()] for text in (inputs, outputs)]
    pairs = [attribute(key, value) for key, value in attributes.items()]
    return (
        field(1, *names[0]) + field(2, *names[1]) + field(3, name) + field(4, op)
        + field(5, *pairs) + field(7, domain)
    )  # fmt: skip


def value(name, kind="float32", shape=None):
    """Return a ValueInfoProto; a size is an int or a text, a shape of None is not written."""
    dims = [field(2 if isinstance(n, str) else 1, n) for n in shape or ()]
    shape = b"" if shape is None else field(2, field(1, *dims))
    return field(1, name) + field(2, field(1, field(1, CODES[kind]) + shape))


def graph(nodes, inputs, outputs, **constants):
    """Return a GraphProto; ``constants`` are arrays, or TensorProtos."""
    tensors = [
        each if isinstance(each, bytes) else tensor(each, name)
        for name, each in constants.items()
    ]
    return (
        field(1, *nodes) + field(2, "graph") + field(5, *tensors) + field(11, *inputs)
        + field(12, *outputs)
    )  # fmt: skip


def model(content, opset=17, functions=(), **domains):
    """Return the bytes of a file."""
    opsets = [field(1, name) + field(2, v) for name, v in {"": opset, **domains}.items()]
    return field(1, 8) + field(7, content) + field(8, *opsets) + field(25, *functions)


def image_model():
    """A small network of images: shapes computed in the graph, convolutions, pooling, Resize."""
    rng = np.random.default_rng(0)
    weights = {
        "w1": rng.standard_normal((8, 3, 3, 3)).astype("f4"), "b1": np.zeros(8, "f4"),
        "w2": rng.standard_normal((8, 1, 5, 5)).astype("f4"),
        "w3": rng.standard_normal((8, 4, 2, 2)).astype("f4"), "zero": np.array(0),
        "scales": np.array([1, 1, 2, 2], "f4"), "rest": np.array([-1]), "k": np.array([3]),
        "ends": np.array([2**62]), "starts": np.array([1]), "axes": np.array([1]),
    }  # fmt: skip
    nodes = [
        node("Conv", "x w1 b1", "a", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Sigmoid", "a", "s"), node("Mul", "a s", "b"),
        node("Conv", "b w2", "c", group=8, pads=[2, 2, 2, 2], dilations=[1, 1]),
        node("MaxPool", "c", "d", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("Resize", "d - scales", "e", mode="linear"),
        node("ConvTranspose", "e w3", "f", strides=[2, 2], output_padding=[1, 1]),
        node("Shape", "f", "shape"), node("Gather", "shape zero", "n", axis=0),
        node("Unsqueeze", "n zero_list", "batch"), node("Concat", "batch rest", "wanted", axis=0),
        node("Reshape", "f wanted", "g"), node("Slice", "g starts ends axes", "h"),
        node("TopK", "h k", "y i", axis=-1), node("Softmax", "h", "z", axis=-1),
    ]
    inputs = [value("x", shape=("batch", 3, 12, 10))]
    outputs = [value("y", shape=("batch", 3)), value("i", "int64", ("batch", 3)), value("z")]
    return model(graph(nodes, inputs, outputs, zero_list=np.array([0]), **weights))


def loop_model():
    """A Loop around an If, which read names of the graph around them, and a Scan."""
    then = graph([node("Add", "s one", "t")], [], [value("t")])
    other = graph([node("Sub", "s one", "t2")], [], [value("t2")])
    body = graph(
        [node("Less", "i three", "c"), node("Identity", "c", "go"),
         node("If", "c", "u", then_branch=then, else_branch=other), node("Identity", "u", "v")],
        [value("i", "int64", ()), value("g", "bool", ()), value("s", shape=(2,))],
        [value("go", "bool", ()), value("u", shape=(2,)), value("v", shape=(2,))],
        three=np.array(3),
    )  # fmt: skip
    two = [value(name, shape=(2,)) for name in ("p", "q", "r", "r2")]
    step = graph([node("Add", "p q", "r"), node("Identity", "r", "r2")], two[:2], two[2:])
    nodes = [
        node("Loop", "most yes x", "l all", body=body),
        node("Scan", "l all", "m rows", body=step, num_scan_inputs=1),
    ]
    return model(graph(
        nodes, [value("x", shape=(2,))], [value("m", shape=(2,)), value("rows", shape=("k", 2))],
        most=np.array(9), yes=np.array(True), one=np.ones(1, "f4"),
    ))  # fmt: skip


def external_model():
    """A product whose weight lies in weights.bin, beside the file: see `EXTERNAL`."""
    external = {"location": "weights.bin", "offset": "16", "length": "48"}
    weight = tensor(np.zeros((3, 4), "f4"), "w", external)
    nodes = [node("MatMul", "x w", "p"), node("Relu", "p", "y")]
    inputs, outputs = [value("x", shape=(2, 3))], [value("y", shape=(2, 4))]
    return model(graph(nodes, inputs, outputs, w=weight))


EXTERNAL = np.arange(20, dtype="<f4").tobytes()


def quantised_model():
    """Quantised products, a function of the file, boxes that suppress each other."""
    function = (
        field(1, "Twice") + field(4, "a") + field(5, "b") + field(10, "local")
        + field(7, node("Add", "a a", "b")) + field(9, field(1, "") + field(2, 17))
    )  # fmt: skip
    nodes = [
        node("QuantizeLinear", "x scale zero", "q"),
        node("MatMulInteger", "q w zero", "p"), node("Cast", "p", "r", to=1),
        node("Twice", "r", "t", domain="local"), node("ReduceMax", "t", "m", axes=[1], keepdims=1),
        node("Transpose", "m", "mt", perm=[1, 0]), node("Unsqueeze", "mt front", "scores"),
        node("Unsqueeze", "t front", "boxes"),
        node("NonMaxSuppression", "boxes scores most iou", "chosen"),
        node("Gather", "t last", "row", axis=1), node("Expand", "row shape", "y"),
    ]
    inputs, outputs = [value("x", shape=(6, 3))], [value("chosen", "int64"), value("y")]
    constants = {
        "scale": np.array(0.1, "f4"), "zero": np.array(7, "u1"), "front": np.array([0]),
        "w": np.arange(12, dtype="i1").reshape(3, 4), "most": np.array([3]),
        "iou": np.array([0.5], "f4"), "last": np.array([-1]), "shape": np.array([2, 6, 5]),
    }  # fmt: skip
    return model(graph(nodes, inputs, outputs, **constants), 17, [function], local=1)
