import numpy as np
import pytest

from npkpose._check import (
    check_array,
    check_choice,
    check_integer,
    check_number,
    check_size,
    check_weight,
)


def test_valid_arrays_are_returned_unchanged_and_others_converted():
    array = np.zeros((2, 3))
    assert check_array("a", array, ("N", 3)) is array
    assert check_array("a", [[1, 2]], (1, 2)).dtype == np.float64
    single = np.zeros(2, np.float32)
    assert check_array("a", single, ("N",), (np.float64, np.float32)) is single
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    copy = check_array("a", frozen, ("N",))
    assert copy is not frozen and copy.flags.writeable
    assert check_array("a", np.zeros((4, 5, 2)), (..., "K", 2)).shape == (4, 5, 2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: check_array("a", np.ones(3), (2, "W")), r"a: expected shape \(2, W\), got \(3,\)"),
        (lambda: check_array("a", np.zeros(2), (..., "K", 2)), r"a: expected shape \(..., K, 2\)"),
        (lambda: check_array("a", [[0, np.nan]], (1, 2)), r"a\[0, 1\]: expected a finite value"),
        (lambda: check_array("a", [[1, -4]], (1, 2), largest=3), r"a\[0, 1\]: expected at most 3"),
        (lambda: check_array("a", [1j], (1,)), "a: expected real numbers, got dtype complex"),
        (lambda: check_array("a", ["1"], (1,)), "a: expected real numbers, got dtype <U1"),
        (lambda: check_array("a", [[1], [1, 2]], (1,)), "a: expected an array of real numbers"),
        (lambda: check_array("a", [1e300], (1,), np.float32), r"a\[0\]: expected a finite value"),
        (lambda: check_weight("w", [1, 2], (2, 3)), "w: expected a shape that broadcasts"),
        (lambda: check_weight("w", np.nan, (2, 3)), r"w\[\]: expected a finite value, got nan"),
        (lambda: check_number("n", None), "n: expected a finite number, got None"),
        (lambda: check_number("n", np.inf), "n: expected a finite number, got inf"),
        (lambda: check_number("n", 1, above=1), "n: expected more than 1, got 1"),
        (lambda: check_number("n", 0, at_least=1), "n: expected at least 1, got 0"),
        (lambda: check_integer("n", True), "n: expected an integer, got True"),
        (lambda: check_integer("n", 2.0), "n: expected an integer, got 2.0"),
        (lambda: check_size("s", (1, 2, 3)), r"s: expected an int or \(H, W\)"),
        (lambda: check_choice("c", "x", ("a", "b")), "c: expected one of a, b, got 'x'"),
    ],
)  # fmt: skip
def test_each_error_says_what_was_expected_and_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numpy_scalars_are_numbers():
    assert check_number("n", np.float32(0.5)) == 0.5
    assert check_number("n", np.array(2)) == 2.0
    assert check_integer("n", np.int64(3)) == 3
    assert check_size("s", 4) == (4, 4) and check_size("s", (np.int32(4), 5)) == (4, 5)


def test_a_weight_is_broadcast():
    weight = check_weight("w", [[2], [3]], (2, 3), np.float32)
    assert weight.tolist() == [[2, 2, 2], [3, 3, 3]] and weight.dtype == np.float32
