import numpy as np
import pytest

from npkpose.tflite.file import BUILTIN, File
from tests.tflite.writer import flatbuffer, floats, image_network, network, tensor


def test_tensors_and_operators_are_as_the_file_lists_them():
    file = File(image_network())
    assert [op.name for op in file.operators][:2] == ["DEQUANTIZE", "CONV_2D"]
    assert file.tensors[0].shape == (1, 8, 8, 3) and file.tensors[0].span is None
    np.testing.assert_array_equal(file.numbers(file.tensors[1]), floats(4, 3, 3, 3))
    assert (file.inputs, file.outputs) == ([0], [17])


def test_numbers_of_operators_are_those_of_the_schema():
    known = {"ADD": 0, "CONV_2D": 3, "CUSTOM": 32, "PAD": 34, "MEAN": 40, "PRELU": 54,
             "RESIZE_NEAREST_NEIGHBOR": 97, "HARD_SWISH": 117, "DENSIFY": 124}  # fmt: skip
    assert {name: BUILTIN.index(name) for name in known} == known


def test_another_version_and_another_kind_of_file_are_refused():
    with pytest.raises(ValueError, match="^byte 4: expected b'TFL3'"):
        File(bytes(20))
    with pytest.raises(ValueError, match=r"^byte \d+: expected version 3 and one subgraph"):
        File(flatbuffer({0: 2}))


@pytest.mark.parametrize("message, arguments", [
    ("operator 0 at byte .*, inputs: expected indices of 2 tensors, got 5", {"inputs": [5]}),
    ("operator 0 at byte .*, outputs: expected indices of 2 tensors, got -1", {"outputs": [-1]}),
])  # fmt: skip
def test_an_index_outside_of_the_tensors_is_named(message, arguments):
    operator = {"inputs": [0], "outputs": [1]} | arguments
    tensors = [tensor("x", (1, 4)), tensor("y", (1, 4))]
    with pytest.raises(ValueError, match=message):
        File(network(tensors, [("RELU", operator["inputs"], operator["outputs"])]))


def test_a_constant_that_does_not_fill_its_shape_is_refused():
    name, _, array, _ = tensor("c", array=floats(6))
    file = File(network([tensor("x", (1, 4)), (name, (2, 4), array, None)], []))
    with pytest.raises(ValueError, match=r"tensor 1 'c' at byte \d+: expected \d+ bytes .*got 24"):
        file.numbers(file.tensors[1])


def test_shapes_that_are_negative_or_too_deep_are_refused():
    for shape in [(1, -4), (1,) * 9]:
        with pytest.raises(ValueError, match="tensor 0 'x' at byte .*: expected at most 8 lengths"):
            File(network([tensor("x", shape)], [], outputs=(0,)))
