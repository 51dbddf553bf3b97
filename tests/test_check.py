import numpy as np
import pytest

from npkpose._check import (
    check_array,
    check_choice,
    check_flag,
    check_float_dtype,
    check_integer,
    check_kind,
    check_memory,
    check_number,
    check_read_only,
    check_rng,
    check_size,
    check_weight,
    shown,
)

NESTED = 1.0
for _ in range(3000):
    NESTED = [NESTED]
HUGE = 10**400


class Foreign:
    """An object whose conversion to an array fails in its own way."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("call detach first")


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
        (lambda: check_array("a", Foreign(), (1,)), "a: .* got Foreign .call detach first"),
        (lambda: check_array("a", NESTED, (1,)), "a: expected an array of real numbers, got list"),
        (lambda: check_array("a", [HUGE], (1,)), "a: expected real numbers, got dtype object"),
        (lambda: check_array("a", [[0, 1e300]], (1, 2), np.float32), r"a\[0, 1\]: .* range"),
        (lambda: check_array("a", np.array(np.nan), ()), "a: expected a finite value, got nan"),
        (lambda: check_weight("w", [1, 2], (2, 3)), "w: expected a shape that broadcasts"),
        (lambda: check_weight("w", np.nan, (2, 3)), r"w: expected a finite value, got nan"),
        (lambda: check_number("n", None), "n: expected a finite number, got None"),
        (lambda: check_number("n", HUGE), r"n: expected a finite number, got 10+\.\.\.0+$"),
        (lambda: check_number("n", np.timedelta64(1)), "n: expected a finite number, got np.time"),
        (lambda: check_number("n", [[1], [1, 2]]), "n: expected a finite number, got .*1, 2"),
        (lambda: check_number("n", Foreign()), "n: expected a finite number, got <.*Foreign"),
        (lambda: check_number("n", 2, at_most=1), "n: expected at most 1, got 2"),
        (lambda: check_number("n", np.inf), "n: expected a finite number, got inf"),
        (lambda: check_number("n", 1, above=1), "n: expected more than 1, got 1"),
        (lambda: check_number("n", 0, at_least=1), "n: expected at least 1, got 0"),
        (lambda: check_integer("n", True), "n: expected an integer, got True"),
        (lambda: check_integer("n", 2.0), "n: expected an integer, got 2.0"),
        (lambda: check_integer("n", np.timedelta64(5)), "n: expected an integer, got np.timedelta"),
        (lambda: check_integer("n", 2**63), "n: expected at most 9223372036854775807, got 9223"),
        (lambda: check_integer("n", 10**5000), "n: expected at most 9223372036854775807, got <int"),
        (lambda: check_integer("n", 7, at_most=6), "n: expected at most 6, got 7"),
        (lambda: check_size("s", (1, 2, 3)), r"s: expected an int or \(H, W\)"),
        (lambda: check_size("s", [[1], [2, 3]]), r"s: expected an integer, got \[1\]"),
        (lambda: check_size("s", 2**64), "s: expected at most 1000000"),
        (lambda: check_choice("c", "x", ("a", "b")), "c: expected one of a, b, got 'x'"),
        (lambda: check_choice("c", NESTED, ("a", "b")), r"c: expected one of a, b, got \[\["),
        (lambda: check_flag("f", 1), "f: expected True or False, got 1"),
        (lambda: check_flag("f", None), "f: expected True or False, got None"),
        (lambda: check_kind("g", 4, Foreign), "g: expected a Foreign, got 4"),
        (lambda: check_kind("g", 4, ArithmeticError), "g: expected an ArithmeticError, got 4"),
        (lambda: check_rng(0), "rng: expected a numpy.random.Generator, got 0"),
        (lambda: check_float_dtype("d", int), "d: expected one of float32, float64, got <class"),
        (lambda: check_float_dtype("d", None), "d: expected one of float32, float64, got None"),
        (lambda: check_float_dtype("d", "text"), "d: expected one of float32, float64, got 'text'"),
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


@pytest.mark.parametrize(
    "value, dtype, message",
    [
        ([1.9], np.int64, r"a\[0\]: expected an integer .int64., got 1.9"),
        ([0, np.nan], np.int64, r"a\[1\]: expected an integer .int64., got nan"),
        (np.array([2**63], np.uint64), np.int64, r"a\[0\]: .* 9223372036854775808"),
        ([2.0**53], np.int64, r"a\[0\]: expected an integer"),  # 2^53 + 1 is the same float
        ([True], np.int64, "a: expected integers .int64., got dtype bool"),
        ([0, 300], np.uint8, r"a\[1\]: expected an integer .uint8., got 300"),
        ([-1], np.uint8, r"a\[0\]: expected an integer .uint8., got -1"),
        ([1.0], np.uint8, "a: expected integers .uint8., got dtype float64"),  # 1 may mean white
        ([0, 0.5], np.bool_, r"a\[1\]: expected True or False, got 0.5"),
        ([np.nan], np.bool_, r"a\[0\]: expected True or False, got nan"),
    ],
)
def test_no_number_is_changed_to_become_an_integer_or_a_flag(value, dtype, message):
    with pytest.raises(ValueError, match=message):
        check_array("a", value, ("N",), dtype)


def test_whole_numbers_become_integers_and_zeros_and_ones_become_flags():
    assert check_array("a", [3.0, -(2.0**52)], ("N",), np.int64).tolist() == [3, -(2**52)]
    assert check_array("a", np.array([255], np.int64), ("N",), np.uint8).tolist() == [255]
    assert check_array("a", [0, 1.0], ("N",), np.bool_).tolist() == [False, True]
    assert check_array("a", [], ("N",), np.uint8).dtype == np.uint8


@pytest.mark.parametrize("first", [np.float32, np.float64])
def test_a_float_keeps_its_precision_in_any_byte_order(first):
    either = (first, np.float32, np.float64)
    for name, kept in ((">f8", np.float64), (">f4", np.float32), ("longdouble", np.float64)):
        array = check_array("a", np.array([1 / 3], name), ("N",), either)
        assert array.dtype == np.dtype(kept) and array.dtype.isnative
        assert array[0] == kept(np.array([1 / 3], name)[0])
    assert check_array("a", [1], ("N",), either).dtype == first


def test_a_masked_value_is_missing():
    masked = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[False, True], [False, False]])
    for value in (masked, masked.astype(np.int64), [masked[0], masked[1]]):
        np.testing.assert_array_equal(
            check_array("a", value, (2, 2), finite=False), [[1, np.nan], [3, 4]]
        )
        with pytest.raises(ValueError, match=r"a\[0, 1\]: expected a finite value, got nan"):
            check_array("a", value, (2, 2))
    assert masked.data[0, 1] == 2 and masked.mask[0, 1]
    unmasked = np.ma.masked_array([1, 2], [False, False])
    assert check_array("a", unmasked, (2,), np.int64).tolist() == [1, 2]


def test_an_array_that_is_only_read_is_not_copied():
    frozen = np.arange(6.0).reshape(2, 3)
    frozen.flags.writeable = False
    for array in (frozen, frozen.copy()):
        view = check_read_only("a", array, ("H", "W"), np.float64)
        assert np.shares_memory(view, array) and not view.flags.writeable
        assert array.flags.writeable == (array is not frozen)
    assert check_read_only("a", frozen.T, ("W", "H"), np.float64).flags.c_contiguous


def test_a_result_too_large_for_memory_is_refused_by_the_name_of_its_size():
    with pytest.raises(ValueError, match="size: expected a result that fits in memory, got Unable"):
        with check_memory("size"):
            np.empty((10**6, 10**6, 10**3))


def test_what_a_message_shows_is_short_and_never_fails():
    assert shown(np.float64(0.5)) == "np.float64(0.5)" and shown([1, 2]) == "[1, 2]"
    for value in (NESTED, HUGE, 10**5000, Foreign(), "a" * 10**6, list(range(10**5))):
        assert len(shown(value)) < 200
