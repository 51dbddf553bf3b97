"""The reader of frozen graphs, against protobuf messages assembled byte by byte here."""

import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose.weights import load_tensorflow, read_graph
from npkpose.weights.protobuf import read_fields


def varint(value):
    """The simplest encoder: base 128, lowest digit first."""
    value %= 2**64
    digits = [value % 128]
    while value := value // 128:
        digits.append(value % 128)
    return bytes(digit + 128 for digit in digits[:-1]) + bytes(digits[-1:])


def number(field, value):
    return varint(8 * field) + varint(value)


def blob(field, *parts):
    content = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(8 * field + 2) + varint(len(content)) + content


def shape(*sizes):
    return blob(2, *(blob(2, number(1, size)) for size in sizes))


def attr(key, *value):
    return blob(5, blob(1, key), blob(2, *value))


def node(name, op, *rest):
    return blob(1, blob(1, name), blob(2, op), *rest)


def const(name, *tensor):
    return node(name, "Const", attr("dtype", number(6, 1)), attr("value", blob(8, *tensor)))


WEIGHT = np.array([[1.5, -2.0, 3.25], [0.0, 1e-3, 7.0]], "<f4")
NODES = [
    node(
        "y", "Conv2D", blob(3, "image:0"), blob(3, "w"), blob(3, "^axis"),
        attr("strides", blob(1, blob(3, b"\x01\x02\x02\x01"))),
        attr("padding", blob(2, "SAME")),
        attr("epsilon", b"\x25" + struct.pack("<f", 0.5)),
        attr("is_training", number(5, 1)),
    ),
    node("image", "Placeholder"),
    const("w", number(1, 1), shape(2, 3), blob(4, WEIGHT.tobytes())),
    const("axis", number(1, 3), shape(), number(7, -1)),
]
GRAPH = b"".join(NODES) + blob(2)  # ends with an empty function library, as real files do


@pytest.fixture
def path(tmp_path):
    return tmp_path / "graph.pb"


def load_bytes(path, content):
    path.write_bytes(content)
    return load_tensorflow(path)


def refuses(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        load_tensorflow(path)
    assert str(error.value).startswith(str(path))
    assert str(error.value).isprintable() and len(str(error.value)) < 500


def test_nodes_have_names_operations_inputs_and_attributes(path):
    path.write_bytes(GRAPH)
    y, image, w, axis = read_graph(path)
    assert (image.name, image.op, image.inputs) == ("image", "Placeholder", ())
    assert (w.op, axis.op) == ("Const", "Const")
    assert y.inputs == ("image:0", "w", "^axis")
    assert y.attributes == {
        "strides": [1, 2, 2, 1], "padding": "SAME", "epsilon": 0.5, "is_training": 1
    }


def test_constants_become_arrays(path):
    arrays = load_bytes(path, GRAPH)
    assert list(arrays) == ["w", "axis"]
    np.testing.assert_array_equal(arrays["w"], WEIGHT)
    assert arrays["w"].dtype == np.float32
    assert arrays["axis"].dtype == np.int32 and arrays["axis"].shape == () and arrays["axis"] == -1


FLOATS = struct.pack("<3f", 1, 2, 3)
INTS = b"".join(map(varint, (1, -2, 300)))
LISTS = {
    "packed floats": (1, blob(5, FLOATS), [1, 2, 3]),
    "single floats": (1, b"".join(b"\x2d" + FLOATS[i : i + 4] for i in (0, 4, 8)), [1, 2, 3]),
    "floats in two packed lists": (1, blob(5, FLOATS[:4]) + blob(5, FLOATS[4:]), [1, 2, 3]),
    "one float for all elements": (1, blob(5, FLOATS[4:8]), [2, 2, 2]),
    "no float": (1, b"", [0, 0, 0]),
    "packed doubles": (2, blob(6, struct.pack("<3d", 1, 2, 3)), [1, 2, 3]),
    "packed int32": (3, blob(7, INTS), [1, -2, 300]),
    "single int16": (5, number(7, 1) + number(7, -2) + number(7, 300), [1, -2, 300]),
    "packed int64": (9, blob(10, INTS), [1, -2, 300]),
    "bytes of int8": (6, blob(4, b"\x01\xfe\x7f"), [1, -2, 127]),
    "bytes of uint8": (4, blob(4, b"\x01\xfe\x7f"), [1, 254, 127]),
}


@pytest.mark.parametrize("case", LISTS)
def test_every_way_of_storing_numbers_is_read(path, case):
    dtype, values, expected = LISTS[case]
    array = load_bytes(path, const("a", number(1, dtype), shape(3), values))["a"]
    assert array.tolist() == expected


def test_text_and_bool_constants_are_omitted(path):
    text = const("t", number(1, 7), shape(1), blob(8, "hello"))
    truth = const("b", number(1, 10), shape(1), number(11, 1))
    assert list(load_bytes(path, GRAPH + text + truth)) == ["w", "axis"]


def test_arrays_share_the_files_bytes_and_are_read_only(path):
    array = load_bytes(path, GRAPH)["w"]
    with pytest.raises(ValueError):
        array[0, 0] = 1


def test_a_truncated_file_is_refused(path):
    for end in range(len(GRAPH) - 2):
        refuses(path, GRAPH[:end], "expected")
    refuses(path, GRAPH[:-1], "expected")
    assert list(load_bytes(path, GRAPH[:-2])) == ["w", "axis"]  # only the empty library is missing


def test_a_file_truncated_between_nodes_has_missing_inputs(path):
    refuses(path, b"".join(NODES[:3]), r"node 'y': expected its input '\^axis', got no such node")


FLOAT32 = number(1, 1)
MALFORMED = {
    "empty": (b"", "expected a frozen graph, got an empty file"),
    "only a library": (blob(2), "expected the nodes"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(50), "expected"),
    "text": (b"hello, this is no graph", "expected a frozen graph, got text"),
    "a zip archive": (b"PK\x03\x04" + bytes(50), "expected a frozen graph, got .* a zip archive"),
    "an ONNX file": (number(1, 8) + blob(2, "pytorch"), "expected a frozen graph, got an ONNX m"),
    "field number zero": (GRAPH + number(0, 1), f"byte {len(GRAPH)}: expected a field number"),
    "a huge field number": (GRAPH + number(2**40, 1), "expected a field number"),
    "a varint without end": (GRAPH + b"\xff" * 30, f"byte {len(GRAPH)}: expected a varint of at"),
    "a varint of 65 bits": (GRAPH + b"\x18" + b"\xff" * 9 + b"\x02", "expected a varint of at"),
    "a varint cut short": (GRAPH + b"\x18\xff", "expected a varint, got the end"),
    "a length beyond the end": (b"\x0a\xff\xff\xff\x07abc", "byte 0: expected 16777215 .* got 3"),
    "a length of 2^63": (b"\x0a" + varint(2**63) + b"abc", "byte 0: expected 9223372036854775808"),
    "a group": (GRAPH + b"\x1b\x1c", "expected wire type 0, 1, 2 or 5, got 3"),
    "wire type 7": (GRAPH + b"\x1f", "expected wire type 0, 1, 2 or 5, got 7"),
    "a name that is not text": (blob(1, blob(1, b"ab\xff")), "byte 6: expected UTF-8"),
    "a name that is a number": (blob(1, number(1, 5)), "expected wire type .* for name"),
    "two nodes of one name": (GRAPH + node("w", "Relu"), "node 'w': expected a unique name"),
    "no constants": (NODES[1], "expected constants that are numbers"),
    "a missing input": (node("y", "Relu", blob(3, "x")), "node 'y': expected its input 'x'"),
    "no value": (node("c", "Const"), "node 'c', .*expected a constant's value"),
    "no dtype": (const("c", shape(1), blob(4, bytes(4))), "node 'c', .*expected dtype .* got 0"),
    "dtype 99": (const("c", number(1, 99), shape(1)), "expected dtype .* got 99"),
    "too little content": (
        const("c", FLOAT32, shape(2, 3), blob(4, bytes(20))),
        r"node 'c', byte \d+: expected 24 bytes for float32 of shape \(2, 3\), got 20",
    ),
    "too much content": (const("c", FLOAT32, shape(2), blob(4, bytes(12))), "expected 8 bytes"),
    "too few values": (const("c", FLOAT32, shape(4), blob(5, FLOATS)), "1 or 4 values"),
    "too many values": (const("c", FLOAT32, shape(2), blob(5, FLOATS)), "1 or 2 values"),
    "an empty list": (const("c", FLOAT32, shape(1), blob(5)), "packed list, got none"),
    "an empty list of ints": (const("c", number(1, 3), shape(1), blob(7)), "packed list, got none"),
    "a long name of another node": (node("n\x1b" * 9000, "Relu", blob(3, "x" * 9000)), "its input"),
    "a long name given twice": (node("n\x1b" * 9000, "Relu") * 2, "a unique name"),
    "65,537 fields": (const("c", FLOAT32, blob(4) * 65_536), "expected at most 65536 fields"),
    "half a float": (const("c", FLOAT32, shape(1), blob(5, bytes(3))), "expected whole float32s"),
    "an int8 of 300": (const("c", number(1, 6), shape(1), number(7, 300)), "values of int8"),
    "a negative size": (const("c", FLOAT32, shape(2, -1)), r"got shape \[2, -1\]"),
    "2^40 elements": (const("c", FLOAT32, shape(2**40)), "2147483647 elements"),
    "2^64 elements": (const("c", FLOAT32, shape(2**32, 2**32)), "2147483647 elements"),
    "an empty giant": (const("c", FLOAT32, shape(0, 2**62)), "2147483647 elements"),
    "2^40 elements and content": (
        const("c", FLOAT32, shape(2**20, 2**20), blob(4, bytes(8))), "2147483647 elements"
    ),
    "many axes": (const("c", FLOAT32, shape(*[1] * 33)), "at most 32 axes"),
    "an unknown rank": (const("c", FLOAT32, blob(2, number(3, 1))), "unknown rank"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_with_its_path_and_byte(path, case):
    content, message = MALFORMED[case]
    refuses(path, content, message)


def test_a_small_file_cannot_claim_a_large_array(path):
    path.write_bytes(const("c", FLOAT32, shape(2**31 - 1), blob(5, bytes(4))))
    tracemalloc.start()
    array = load_tensorflow(path)["c"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert array.shape == (2**31 - 1,) and peak < 100_000


COUNT = 40_000
MANY_FIELDS = {  # (allowed memory as a multiple of the file's size, content)
    "empty lists": (2, const("c", FLOAT32, blob(5) * COUNT)),
    "lists of one float": (2, const("c", FLOAT32, shape(COUNT), blob(5, bytes(4)) * COUNT)),
    "lists of one int": (4, const("c", number(1, 3), shape(COUNT), blob(7, b"\1") * COUNT)),
    "a list of ints": (16, const("c", number(1, 9), shape(COUNT), blob(10, b"\1" * COUNT))),
    "contents": (2, const("c", FLOAT32, shape(1), blob(4, bytes(4)) * COUNT)),
    "axes": (2, const("c", FLOAT32, blob(2, blob(2) * COUNT))),
    "names": (2, node("c", "Const", blob(1) * COUNT)),
    "values of one attribute": (2, node("c", "NoOp", blob(5, blob(2) * COUNT))),
    "numbers of one value": (2, node("c", "NoOp", attr("a", number(3, 2**40) * COUNT))),
    "a list in an attribute": (30, node("c", "NoOp", attr("a", blob(1, blob(3, b"~" * COUNT))))),
    "attributes": (30, node("c", "NoOp", *(blob(5, blob(1, f"{i:x}")) for i in range(COUNT)))),
    "nodes": (30, b"".join(blob(1, blob(1, f"{i:x}")) for i in range(COUNT))),
}


@pytest.mark.parametrize("case", MANY_FIELDS)
def test_many_small_fields_take_little_memory(path, case):
    times, content = MANY_FIELDS[case]
    path.write_bytes(content)
    tracemalloc.start()
    try:
        load_tensorflow(path)
    except ValueError as error:
        assert str(error).startswith(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < times * len(content) + 50_000


def test_damage_gives_arrays_or_an_error_and_takes_little_memory(endures):
    assert endures(load_tensorflow, GRAPH, "damaged.pb") > 150


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(GRAPH) - 1), st.integers(0, 255)), max_size=4))
def test_changed_bytes_give_arrays_or_a_value_error(tmp_path_factory, changes):
    content = bytearray(GRAPH)
    for position, byte in changes:
        content[position] = byte
    path = tmp_path_factory.getbasetemp() / "changed.pb"
    try:
        assert all(isinstance(a, np.ndarray) for a in load_bytes(path, content).values())
    except ValueError as error:
        assert str(error).startswith(str(path)) and "expected" in str(error)


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_give_arrays_or_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "arbitrary.pb"
    try:
        load_bytes(path, content)
    except ValueError as error:
        assert "expected" in str(error)


def test_a_missing_file_is_reported_as_such(path):
    with pytest.raises(FileNotFoundError):
        load_tensorflow(path)


@pytest.fixture
def real_graph(shared_data):
    return (shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb").read_bytes()


def test_the_real_graph_has_its_nodes_and_numbers(path, real_graph):
    path.write_bytes(real_graph)
    nodes = read_graph(path)
    assert len(nodes) == 916
    assert sum(node.op == "FusedBatchNorm" for node in nodes) == 99
    assert sum(node.attributes.get("is_training", 0) for node in nodes) == 39
    arrays = load_tensorflow(path)
    assert len(arrays) == 565
    assert arrays["MobilenetV2/Conv/weights/read/_2__cf__2"].shape == (3, 3, 3, 16)


def test_the_real_graph_truncated_anywhere_is_refused(path, real_graph):
    ends = [end for _, _, _, end in read_fields(real_graph, 0, len(real_graph))]
    rng = np.random.default_rng(0)
    cuts = [*rng.integers(0, len(real_graph) - 2, 25), *rng.choice(ends[1:-1], 25)]
    for cut in cuts:
        refuses(path, real_graph[:cut], "expected")
