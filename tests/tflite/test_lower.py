import numpy as np
import pytest

from npkpose.tflite import Session, load_tflite
from tests.tflite.writer import floats, network, sparse_network, tensor


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.tflite"


def test_weights_are_turned_once_and_images_at_both_ends(path):
    path.write_bytes(sparse_network())
    model = load_tflite(path)
    ops = [node.op for node in model.graph.nodes]
    assert ops == ["Transpose", "Conv", "Pad", "Transpose", "Reshape"]
    weight = model.graph.constants[model.graph.nodes[1].inputs[1]]
    assert weight.shape == (2, 4, 1, 1) and weight.dtype == np.float32
    half = floats(4, kind="<f2")
    np.testing.assert_array_equal(weight.ravel(), [0, 0, half[0], half[1], half[2], half[3], 0, 0])


def test_tensors_without_a_name_of_their_own_get_their_number(path):
    tensors = [tensor("a", (1, 4)), tensor("a", (1, 4)), tensor("", (1, 4))]
    path.write_bytes(network(tensors, [("RELU", [0], [1]), ("RELU", [1], [2])]))
    session = Session(path)
    assert [v.name for v in session.inputs + session.outputs] == ["a", "#2"]
    x = floats(1, 4)
    np.testing.assert_array_equal(session.run({"a": x})["#2"], np.maximum(x, 0))


def test_an_input_may_be_an_output_and_a_constant_too(path):
    path.write_bytes(network([tensor("x", (1, 2, 2, 1)), tensor("c", array=floats(1, 2, 2, 3))], [],
                             outputs=(0, 1)))  # fmt: skip
    x = floats(1, 2, 2, 1, seed=1)
    outputs = Session(path).run({"x": x})
    np.testing.assert_array_equal(outputs["x"], x)
    np.testing.assert_array_equal(outputs["c"], floats(1, 2, 2, 3))


def test_damaged_graphs_are_refused_with_the_file(path):
    tensors = [tensor("x", (1, 4)), tensor("y", (1, 4)), tensor("z", (1, 4))]
    for operators, message in [
        ([("RELU", [0], [2]), ("RELU", [1], [2])], "expected a new name for output 'z'"),
        ([("RELU", [1], [2])], "expected input 'y' from a node"),
        ([("RELU", [2], [1]), ("RELU", [1], [2])], "without a cycle"),
        ([("RELU", [0], [])], "expected an output of floats, got none"),
        ([("RELU", [0], [1])], "output 'z': expected a node that writes it"),
    ]:
        path.write_bytes(network(tensors, operators))
        with pytest.raises(ValueError, match=f"^{path}: .*{message}"):
            load_tflite(path)
    with pytest.raises(ValueError, match="got a folder"):
        load_tflite(path.parent)
    with pytest.raises(FileNotFoundError):
        load_tflite(path.with_name("none.tflite"))


def test_integers_for_real_numbers_are_refused(path):
    tensors = [tensor("x", (1, 4)), tensor("y", array=np.ones((1, 4), "<i4")), tensor("z", (1, 4))]
    path.write_bytes(network(tensors, [("ADD", [0, 1], [2])]))
    with pytest.raises(ValueError, match="tensor 1 'y' at byte .*: expected constant floats"):
        load_tflite(path)


def test_quantised_values_are_refused_with_operator_and_tensor(path):
    tensors = [tensor("x", (1, 4)), tensor("y", (1, 4)), tensor("z", (1, 4))]
    path.write_bytes(network(tensors, [("RELU", [0], [1]), ("RELU", [1], [2])], kinds={1: 9}))
    place = "operator 0 at byte .*: expected an output of floats, got int8 for tensor 1 'y' at byte"
    with pytest.raises(ValueError, match=place):
        load_tflite(path)
    path.write_bytes(network(tensors, [("RELU", [0], [2])], kinds={0: 5}))
    with pytest.raises(ValueError, match="tensor 0 'x' at .*: expected an input of float32"):
        load_tflite(path)
