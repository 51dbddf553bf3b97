"""A graph gives the same node by node, fused, and as jobs; and fusing finds its patterns."""

import numpy as np
import pytest

from npkpose import nn
from npkpose.nn.faster import current_engine
from npkpose.onnx import Session
from tests.onnx import writer
from tests.onnx.writer import graph, model, node, value

FLOAT = np.float32


@pytest.fixture
def session_of(tmp_path):
    """Return a function that writes a file and opens it."""

    def make(content, name="net.onnx"):
        path = tmp_path / name
        (tmp_path / "weights.bin").write_bytes(writer.EXTERNAL)
        path.write_bytes(content)
        return Session(path)

    return make


def operators(session, feeds):
    """Return the kinds of nodes of the graph that runs, and compare its outputs with the first."""
    first, second, third = (session.run(feeds) for _ in range(3))
    for name, expected in first.items():
        np.testing.assert_allclose(second[name], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(third[name], second[name])
    graph, _, _ = list(session._known.values())[-1]
    return [node.op for node in graph.nodes]


def test_loops_branches_functions_and_quantised_numbers_run(session_of, rng):
    x = rng.random((6, 3)).astype(FLOAT)
    found = session_of(writer.quantised_model()).run({"x": x})
    integers = np.clip(np.rint(x / FLOAT(0.1)) + 7, 0, 255)
    products = 2 * (integers - 7) @ np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(found["y"], np.broadcast_to(products[:, 3:], (2, 6, 5)))
    found = session_of(writer.loop_model()).run({"x": np.zeros(2, FLOAT)})
    # Rounds 0, 1, 2 add one; round 3 takes one away and stops. The last value is 2.
    np.testing.assert_array_equal(found["rows"][:, 0], np.cumsum([1, 2, 3, 2]) + 2)


def test_shapes_are_folded_and_a_network_of_images_is_the_same_at_any_size(session_of, rng):
    session = session_of(writer.image_model())
    for N in (1, 3):
        x = rng.standard_normal((N, 3, 12, 10)).astype(FLOAT)
        kinds = operators(session, {"x": x})
        assert {"Shape", "Gather", "Unsqueeze", "Mul", "Sigmoid"} & set(kinds) == set()
        assert "FusedConv" in kinds


def test_the_plain_engine_gives_the_same(session_of, rng):
    session = session_of(writer.image_model())
    feeds = {"x": rng.standard_normal((2, 3, 12, 10)).astype(FLOAT)}
    with nn.engine("plain"):
        plain = [session.run(feeds) for _ in range(2)]
    if current_engine() == "plain":
        return
    for outputs in (session.run(feeds), session.run(feeds)):
        np.testing.assert_allclose(outputs["z"], plain[1]["z"], rtol=1e-4, atol=1e-6)


def test_an_output_is_never_an_array_of_the_session(session_of):
    nodes = [node("Relu", "x", "y"), node("Identity", "x", "z"), node("Identity", "c", "k")]
    outputs = [value("y"), value("z"), value("k")]
    session = session_of(model(graph(nodes, [value("x", shape=(3,))], outputs,
                                     c=np.ones(3, FLOAT))))  # fmt: skip
    x = np.arange(3, dtype=FLOAT)
    for _ in range(3):
        found = session.run({"x": x})
        for name, expected in (("y", x), ("z", x), ("k", [1, 1, 1])):
            np.testing.assert_array_equal(found[name], expected)
            found[name] += 7
    np.testing.assert_array_equal(x, [0, 1, 2])


GELU = [
    node("Div", "x root", "a"), node("Erf", "a", "b"), node("Add", "b one", "c"),
    node("Mul", "x c", "d"), node("Mul", "d half", "y"),
]  # fmt: skip
LAYER_NORM = [
    node("ReduceMean", "x", "m", axes=[-1]), node("Sub", "x m", "d"), node("Pow", "d two", "q"),
    node("ReduceMean", "q", "v", axes=[-1]), node("Add", "v eps", "e"), node("Sqrt", "e", "s"),
    node("Div", "d s", "z"), node("Mul", "z weight", "u"), node("Add", "u bias", "y"),
]  # fmt: skip
HARD_SWISH = [
    node("Add", "x three", "a"), node("Clip", "a zero six", "b"), node("Mul", "x b", "c"),
    node("Div", "c six", "y"),
]  # fmt: skip
GELU_IN_ANOTHER_ORDER = [
    node("Mul", "half x", "h"), node("Mul", "inverse x", "a"), node("Erf", "a", "b"),
    node("Add", "one b", "c"), node("Mul", "c h", "y"),
]  # fmt: skip
LAYER_NORM_IN_ANOTHER_ORDER = [
    *LAYER_NORM[:2], node("Mul", "d d", "q"), LAYER_NORM[3], node("Add", "eps v", "e"),
    *LAYER_NORM[5:7], node("Mul", "weight z", "u"), node("Add", "bias u", "y"),
]  # fmt: skip
HARD_SWISH_IN_ANOTHER_ORDER = [
    node("Add", "three x", "a"), HARD_SWISH[1], node("Mul", "sixth b", "c"),
    node("Mul", "c x", "y"),
]  # fmt: skip
SWISH = [node("Sigmoid", "x", "a"), node("Mul", "x a", "y")]
CONSTANTS = {
    name: np.array(number, FLOAT)
    for name, number in {
        "root": 2**0.5, "one": 1, "half": 0.5, "two": 2, "eps": 1e-5, "three": 3, "six": 6,
        "zero": 0, "inverse": 0.5**0.5, "sixth": 1 / 6, "weight": np.arange(1, 9) / 4,
        "bias": np.arange(8) / 8,
    }.items()
}  # fmt: skip


@pytest.mark.parametrize("nodes, kind", [
    (GELU, "Gelu"), (LAYER_NORM, "LayerNormalization"), (HARD_SWISH, "HardSwish"), (SWISH, "Swish"),
    (GELU_IN_ANOTHER_ORDER, "Gelu"), (LAYER_NORM_IN_ANOTHER_ORDER, "LayerNormalization"),
    (HARD_SWISH_IN_ANOTHER_ORDER, "HardSwish"),
])  # fmt: skip
def test_a_function_in_parts_becomes_one_node(session_of, rng, nodes, kind):
    content = model(graph(nodes, [value("x", shape=(4, 8))], [value("y")], **CONSTANTS))
    assert operators(session_of(content), {"x": rng.standard_normal((4, 8)).astype(FLOAT)}) == [
        kind
    ]


def test_a_part_that_others_read_is_left(session_of, rng):
    outputs = [value("y"), value("a")]
    content = model(graph(SWISH, [value("x", shape=(4, 8))], outputs))
    x = rng.standard_normal((4, 8)).astype(FLOAT)
    assert operators(session_of(content), {"x": x}) == ["Sigmoid", "Mul"]


def test_inputs_are_read_where_they_are_and_stay(session_of, rng):
    nodes = [node("Relu", "x", "a"), node("Slice", "x first last axis", "part"),
             node("Concat", "a part", "y", axis=1)]  # fmt: skip
    constants = {"first": np.array([1]), "last": np.array([3]), "axis": np.array([1])}
    inputs, outputs = [value("x", shape=(4, 8))], [value("y")]
    session = session_of(model(graph(nodes, inputs, outputs, **constants)))
    x = rng.standard_normal((4, 8)).astype(FLOAT)
    for each in (x, x, -x, (2 * x).T.copy().T, x.astype(">f4"), x + 1, x):
        before = each.copy()
        expected = np.hstack([np.maximum(each, 0), each[:, 1:3]])
        np.testing.assert_array_equal(session.run({"x": each})["y"], expected)
        np.testing.assert_array_equal(each, before)


@pytest.mark.parametrize("stack, other", [((), (4, 6)), ((3,), (4, 6)), ((2, 3), (2, 3, 4, 6))])
def test_a_matrix_product_takes_its_factor_and_its_bias(session_of, rng, stack, other):
    nodes = [node("MatMul", "x w", "p"), node("Mul", "p half", "q"), node("Add", "bias q", "y")]
    w, x = (rng.random(shape).astype(FLOAT) for shape in (other, (*stack, 5, 4)))
    constants = {"half": CONSTANTS["half"], "bias": np.arange(6, dtype=FLOAT), "w": w}
    content = model(graph(nodes, [value("x", shape=x.shape)], [value("y")], **constants))
    assert operators(session_of(content), {"x": x}) == ["Gemm"]


def test_a_product_of_transposed_stacks_copies_neither(session_of, rng):
    nodes = [node("Transpose", "x", "p", perm=[1, 0, 2]),
             node("Transpose", "z", "q", perm=[1, 0, 2]), node("MatMul", "p q", "y")]  # fmt: skip
    inputs = [value("x", shape=(5, 3, 4)), value("z", shape=(4, 3, 6))]
    session = session_of(model(graph(nodes, inputs, [value("y")])))
    operators(session, {v.name: rng.random(v.shape).astype(FLOAT) for v in session.inputs})
    *_, plan = list(session._known.values())[-1]
    if plan is not None:
        assert [len(step.__self__) for step in plan._steps] == [1]


def test_numbers_found_at_indices_are_those_of_each_input(session_of, rng):
    nodes = [
        node("ArgMax", "x", "a", axis=1, keepdims=0), node("Cast", "a", "b", to=6),
        node("Div", "b three", "r"), node("Mul", "r three", "m"), node("Sub", "b m", "c"),
        node("Unsqueeze", "r axes", "i"), node("Unsqueeze", "c axes", "j"),
        node("Concat", "i j", "k", axis=1), node("Cast", "k", "n", to=7),
        node("Reshape", "x shape", "grid"), node("GatherND", "grid n", "y"),
        node("Cast", "k", "z", to=1),
    ]  # fmt: skip
    constants = {"three": np.array(3, np.int32), "axes": np.array([1]), "shape": np.array([5, 3])}
    outputs = [value("y"), value("z"), value("k", "int32")]
    session = session_of(model(graph(nodes, [value("x", shape=(1, 15))], outputs, **constants)))
    for _ in range(4):
        x = rng.random((1, 15)).astype(FLOAT)
        found, place = session.run({"x": x}), np.divmod(x.argmax(), 3)
        np.testing.assert_array_equal(found["y"], [x.max()])
        np.testing.assert_array_equal(found["z"], [place])
        np.testing.assert_array_equal(found["k"], [place])


def test_a_sum_with_another_number_than_the_function_has_is_left(session_of, rng):
    nodes = [node("Add", "x six", "a"), *HARD_SWISH[1:]]
    content = model(graph(nodes, [value("x", shape=(4, 8))], [value("y")], **CONSTANTS))
    found = operators(session_of(content), {"x": rng.standard_normal((4, 8)).astype(FLOAT)})
    assert found == ["Add", "Clip", "Mul", "Div"]


def test_a_convolution_takes_what_is_around_it(session_of, rng):
    normal = {
        name: rng.random(shape).astype(FLOAT)
        for name, shape in (("w", (4, 3, 3, 3)), ("s", 4), ("o", 4), ("m", 4), ("v", 4))
    }
    nodes = [
        node("Pad", "x pads", "p"), node("Conv", "p w", "c"),
        node("BatchNormalization", "c s o m v", "n"), node("Add", "n r", "a"),
        node("Relu", "a", "y"),
    ]  # fmt: skip
    inputs = [value("x", shape=(2, 3, 9, 8)), value("r", shape=(2, 4, 10, 9))]
    pads = np.array([0, 0, 1, 1, 0, 0, 2, 2])
    session = session_of(model(graph(nodes, inputs, [value("y")], pads=pads, **normal)))
    feeds = {v.name: rng.standard_normal(v.shape).astype(FLOAT) for v in session.inputs}
    assert operators(session, feeds) == ["FusedConv"]


def test_the_summary_has_every_layer_with_its_cost(session_of):
    text = str(session_of(writer.image_model()))
    conv = next(line for line in text.splitlines() if "Conv" in line)
    assert "1 x 8 x 6 x 5" in conv and "6,480" in conv  # 8 6 5 outputs of 27 terms each
    assert "input   x float32 (batch, 3, 12, 10)" in text
    assert text.splitlines()[-1].startswith("in all")
