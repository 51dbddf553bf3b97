import numpy as np
import pytest

from npkpose.tflite import sparse
from npkpose.tflite.flatbuffer import FlatBuffer
from tests.tflite.writer import flatbuffer, sparsity


def fill(values, shape, *arguments):
    table = FlatBuffer(flatbuffer(sparsity(*arguments))).root()
    return sparse.fill(np.array(values, np.float32), table, shape, "tensor 0")


def test_a_row_lists_the_columns_that_are_not_zero():
    got = fill([5, 6, 7], (2, 4), [0, 1], [], [2, ([0, 1, 3], [3, 0, 2])])
    np.testing.assert_array_equal(got, [[0, 0, 0, 5], [6, 0, 7, 0]])


def test_columns_may_come_before_rows():
    got = fill([5, 6], (2, 3), [1, 0], [], [3, ([0, 0, 1, 2], [1, 0])])
    np.testing.assert_array_equal(got, [[0, 0, 6], [0, 5, 0]])


def test_a_block_has_all_its_numbers():
    got = fill([1, 2, 3, 4], (2, 4), [0, 1, 2], [1], [2, ([0, 1, 2], [1, 0]), 2])
    np.testing.assert_array_equal(got, [[0, 0, 1, 2], [3, 4, 0, 0]])


BAD = [
    ("levels in some order", [1, 2], (2, 2), [0, 0], [], [2, 2]),
    ("numbers, got", [1, 2, 3], (2, 4), [0, 1], [], [2, ([0, 1, 2], [3, 0])]),
    ("indices of 2 nodes", [1, 2], (2, 4), [0, 1], [], [2, ([0, 2], [3, 0])]),
    ("indices inside of shape", [1, 2], (2, 4), [0, 1], [], [2, ([0, 1, 2], [4, 0])]),
    ("at most 2 numbers, got more", [1, 2], (2, 4), [0, 1], [], [2, ([0, -1, 2], [3, 0])]),
    ("at most 1 numbers, got more", [1], (8, 8), [0, 1], [], [2**30, 8]),
    ("at most 64 times", [1], (2**20, 2**20), [0, 1], [], [1, ([0, 1], [0])]),
    ("blocks of an axis", [1, 2, 3, 4], (2, 4), [0, 1, 2], [5], [2, ([0, 1, 2], [1, 0]), 2]),
]


@pytest.mark.parametrize("message, values, shape, order, blocks, levels", BAD)
def test_damaged_levels_are_refused(message, values, shape, order, blocks, levels):
    with pytest.raises(ValueError, match=f"^tensor 0: expected .*{message}"):
        fill(values, shape, order, blocks, levels)
