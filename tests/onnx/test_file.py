"""Files that are damaged or hostile: each is refused with its path and the place, and quickly."""

import os

import numpy as np
import pytest

from npkpose.onnx import Session, load_model
from tests.onnx import writer
from tests.onnx.writer import field, graph, model, node, tensor, value

X, Y = value("x", shape=(2, 3)), value("y")
FEEDS = {"x": np.ones((2, 3), np.float32)}


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file of these bytes, or of a graph's nodes."""

    def write(nodes, **constants):
        path = tmp_path / "net.onnx"
        whole = isinstance(nodes, bytes)
        path.write_bytes(nodes if whole else model(graph(nodes, [X], [Y], **constants)))
        return path

    return write


def refused(path, *words):
    """Assert that loading, or else running, fails with the path and these words."""
    with pytest.raises(ValueError) as info:
        Session(path).run(FEEDS)
    for word in (str(path), *words):
        assert word in str(info.value)


def test_inputs_and_outputs_are_as_the_file_declares(written):
    path = written(writer.image_model())
    session = Session(path)
    assert [str(v) for v in session.inputs] == ["x float32 (batch, 3, 12, 10)"]
    assert [(v.name, v.kind) for v in session.outputs] == [
        ("y", "float32"), ("i", "int64"), ("z", "float32"),
    ]  # fmt: skip
    assert session.opsets == {"": 17}


def test_every_form_of_a_tensor_is_read(written):
    expected = np.array([[1, -2, 3.5], [0, 4, 5]], np.float32)
    floats = b"".join(np.float32(v).tobytes() for v in expected.reshape(-1))
    packed = field(1, 2, 3) + field(2, 1) + field(4, floats) + field(8, "w")
    apart = field(1, 2, 3) + field(2, 1) + field(4, *map(float, expected.flat)) + field(8, "w")
    halves = expected.astype(np.float16).view(np.uint16).astype(int).reshape(-1)
    bits = field(1, 2, 3) + field(2, 10) + field(5, *halves) + field(8, "w")
    upper = (expected.view(np.uint32) >> 16).astype(np.uint16)
    bfloat = field(1, 2, 3) + field(2, 16) + field(9, upper.tobytes()) + field(8, "w")
    for w in (tensor(expected, "w"), packed, apart, bits, bfloat):
        found = Session(written([node("Add", "x w", "y")], w=w)).run(FEEDS)["y"]
        np.testing.assert_array_equal(found, expected + 1)


def test_two_numbers_of_four_bits_lie_in_a_byte(written):
    w = field(1, 3) + field(2, 22) + field(9, bytes([0x7F, 0x08])) + field(8, "w")  # -1, 7, -8
    path = written([node("Cast", "w", "f", to=1), node("Add", "x f", "y")], w=w)
    np.testing.assert_array_equal(Session(path).run(FEEDS)["y"][0], [0, 8, -7])


def test_external_data_stay_in_the_folder(written, tmp_path):
    (tmp_path / "weights.bin").write_bytes(writer.EXTERNAL)
    expected = np.ones((2, 3), np.float32) @ np.arange(4, 16, dtype=np.float32).reshape(3, 4)
    found = Session(written(writer.external_model())).run(FEEDS)["y"]
    np.testing.assert_array_equal(found, expected)
    outside = tmp_path.parent / "outside.bin"
    outside.write_bytes(writer.EXTERNAL)
    os.symlink(outside, tmp_path / "link.bin")
    os.mkfifo(tmp_path / "pipe.bin")
    for place in ("../outside.bin", str(outside), "link.bin", "pipe.bin", "none.bin", "", "."):
        w = tensor(np.zeros((3, 4), "f4"), "w", {"location": place})
        refused(written([node("MatMul", "x w", "y")], w=w), "tensor 'w'")
    for offset, length in (("60", "48"), ("-1", "48"), ("9" * 40, "48"), ("0", "47")):
        external = {"location": "weights.bin", "offset": offset, "length": length}
        w = tensor(np.zeros((3, 4), "f4"), "w", external)
        refused(written([node("MatMul", "x w", "y")], w=w), "tensor 'w'")


def test_what_is_not_provided_is_named_before_anything_runs(written):
    for nodes, *words in (
        ([node("Foo", "x", "y", name="a")], "node 0 'a' (Foo)", "provided"),
        ([node("Relu", "x", "y", domain="org.acme")], "org.acme.Relu", "domain"),
        ([node("HardSwish", "x", "y")], "ok"),
        ([node("Mish", "x", "y")], "expected operator set 18 or newer, got 17"),
        ([node("Relu", "x", "y", slope=2)], "attributes", "slope"),
        ([node("ConvInteger", "x x", "y", spatial_scale=2.0)], "attributes", "spatial_scale"),
        ([node("Relu", "x x", "y")], "1 to 1 inputs, got 2"),
        ([node("Concat", "x x", "y")], "attribute 'axis', got none"),
    ):
        path = written(nodes)
        if words == ["ok"]:
            Session(path)
            continue
        with pytest.raises(ValueError) as info:
            Session(path)
        assert all(word in str(info.value) for word in (str(path), *words))


def test_graphs_that_cannot_run_are_refused(written):
    refused(written([node("Add", "x b", "a"), node("Add", "x a", "b"), node("Relu", "b", "y")]),
            "node 0", "cycle")  # fmt: skip
    refused(written([node("Relu", "z", "y")]), "input 'z'")
    refused(written([node("Relu", "x", "y"), node("Abs", "x", "y")]), "'y'", "twice")
    refused(written([node("Relu", "x", "z")]), "output 'y'")


def test_damaged_bytes_are_refused(written, tmp_path):
    whole = writer.image_model()
    for content in (whole[:-3], whole[: len(whole) // 2], b"\x08\x08", b"text", whole[::-1]):
        refused(written(content))
    huge = field(1, 2**40, 2**40) + field(2, 1) + field(9, b"1234") + field(8, "w")
    refused(written([node("Add", "x w", "y")], w=huge), "tensor 'w'")
    refused(written([node("Add", "x w", "y")], w=field(1, 1000, 1000) + field(2, 1) +
                    field(9, b"1234") + field(8, "w")), "4000000 bytes")  # fmt: skip
    refused(written([node("Add", "x w", "y")], w=field(2, 8) + field(8, "w")), "string")
    with pytest.raises(ValueError, match=r"node 0 '' \(Cast\), to: expected .*, got float8e4m3fn"):
        Session(written([node("Cast", "x", "y", to=17)]))  # before anything runs
    with pytest.raises(ValueError, match=r"node 0 '' \(Cast\), to: expected a number"):
        Session(written([node("Cast", "x", "y", to=[1])]))
    with pytest.raises(ValueError, match="got a folder"):
        load_model(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.onnx")


def test_a_loop_without_end_and_an_array_without_bound_are_refused(written):
    body = graph([node("Identity", "g", "go"), node("Add", "s s", "t")],
                 [value("i", "int64", ()), value("g", "bool", ()), value("s")],
                 [value("go", "bool"), value("t")])  # fmt: skip
    constants = {"most": np.array(2**62), "yes": np.array(True)}
    refused(written([node("Loop", "most yes x", "y", body=body)], **constants), "(Loop)", "steps")
    large = {"n": np.array([2**20, 2**20]), "one": np.ones((1, 1), np.float32)}
    refused(written([node("Expand", "one n", "e"), node("ReduceMax", "e", "y")], **large),
            "(Expand)", "bytes")  # fmt: skip
    nodes = [node("Concat", f"x{i} x{i}".replace("x0", "x"), f"x{i + 1}", axis=0)
             for i in range(40)]  # fmt: skip
    refused(written([*nodes, node("Relu", "x40", "y")]), "(Concat)", "bytes")


def test_branches_and_constants_of_a_wrong_form_are_refused(written):
    inner = graph([node("Relu", "x", "t")], [], [value("t")])
    branches = {"then_branch": inner, "else_branch": inner}
    refused(written([node("If", "c", "y", **branches)], c=np.array([True, False])), "(If)", "one")
    refused(written([node("If", "", "y", **branches)]), "(If)")
    refused(written([node("Constant", "", "y", value=5)]), "(Constant)", "a tensor")
    session = Session(written([node("ReduceMean", "x", "y", axes=-1)]))  # one axis, not a list
    assert [session.run(FEEDS)["y"].shape for _ in range(2)] == [(2, 1), (2, 1)]
    session = Session(written([node("GlobalAveragePool", "x", "y")]))  # of no image
    for _ in range(2):
        np.testing.assert_array_equal(session.run(FEEDS)["y"], FEEDS["x"])
    refused(written([node("LRN", "n", "y", size=2**40)], n=np.ones((0, 3), "f4")), "(LRN)", "bytes")
    refused(written([node("Split", "x", "y z", num_outputs=2**62)]), "(Split)", "expected 2")


def test_a_list_of_constants_is_a_constant_too(written):
    nodes = [node("SequenceConstruct", "a b", "s"), node("Size", "x", "n"),
             node("Sub", "n five", "i"), node("SequenceAt", "s i", "y")]  # fmt: skip
    two = np.float32([2, 2])
    constants = {"a": np.float32([1]), "b": np.float32([2]), "five": np.array(5)}
    session = Session(written(nodes, **constants))
    assert [session.run(FEEDS)["y"].tolist() for _ in range(2)] == [[2], [2]]
    session = Session(written([node("SequenceConstruct", "a b", "y")], a=constants["a"], b=two))
    for _ in range(2):
        assert [each.tolist() for each in session.run(FEEDS)["y"]] == [[1], [2, 2]]
    refused(written([node("Not", "-", "y")]), "(Not): expected its first 1 inputs")


def test_inputs_of_another_kind_are_refused_by_name(written):
    session = Session(written([node("Relu", "x", "y")]))
    for feeds, words in (
        ({}, "feeds: expected inputs"), ({"x": FEEDS["x"], "z": 1}, "feeds: expected inputs"),
        ({"x": np.ones((2, 3))}, "x: expected float32, got float64"),
        ({"x": np.ones((2, 4), np.float32)}, "x: expected shape"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            session.run(feeds)
    wide = np.ones((2, 4), np.float32)
    anything = Session(session.path, any_size=True)
    np.testing.assert_array_equal(anything.run({"x": wide})["y"], wide)
