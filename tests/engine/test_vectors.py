"""Copies of every length up to some vectors, with sentinels around."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from npkpose.engine.vectors import (
    ROWS,
    VECTOR_BYTES,
    copy_every_second,
    copy_numbers,
    copy_to_every_second,
    split_pairs,
    tile_heights,
)

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")


@numba.njit
def run_copy(source, s, target, t, count):
    copy_numbers(source, s, target, t, count)


@numba.njit
def run_copy_every_second(source, s, target, t, count):
    copy_every_second(source, s, target, t, count)


@numba.njit
def run_copy_to_every_second(source, s, target, t, count):
    copy_to_every_second(source, s, target, t, count)


@numba.njit
def run_split_pairs(source, s, count, target, t, u):
    split_pairs(source, s, count, target, t, u)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("copy, step, least", [(run_copy, 1, 0), (run_copy_every_second, 2, 1)])
@pytest.mark.parametrize("s, t", [(0, 0), (3, 5)])
def test_every_count_is_copied_and_nothing_else_is_touched(copy, step, least, s, t, dtype):
    for count in range(least, 71):
        source = np.arange(s + step * count, dtype=dtype)  # ends with the last number to copy
        before, target = source.copy(), np.full(t + count + 70, -1, dtype)
        copy(source, s, target, t, count)
        expected = np.full(target.shape, -1, dtype)
        expected[t : t + count] = source[s::step]
        np.testing.assert_array_equal(target, expected)
        np.testing.assert_array_equal(source, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("s, t", [(0, 0), (3, 5)])
def test_numbers_are_spread_two_apart_and_those_between_stay(s, t, dtype):
    for count in range(71):
        source = np.arange(s + count, dtype=dtype)
        target = np.full(t + 2 * count + 70, -1, dtype)
        expected = target.copy()
        expected[t : t + 2 * count : 2] = source[s:]
        run_copy_to_every_second(source, s, target, t, count)
        np.testing.assert_array_equal(target, expected)


def test_pairs_are_split_and_nothing_else_is_touched():
    for count in range(71):
        source, target = np.arange(3 + count, dtype=np.float32), np.full(150, -1, np.float32)
        expected = target.copy()
        for start, half in ((5, source[3::2]), (80, source[4::2])):
            expected[start : start + len(half)] = half
        run_split_pairs(source, 3, count, target, 5, 80)
        np.testing.assert_array_equal(target, expected)


def test_tiles_of_some_heights_make_up_any_number_of_rows():
    assert tile_heights() == [ROWS, ROWS // 2, 1]
    assert VECTOR_BYTES in (16, 32, 64)
