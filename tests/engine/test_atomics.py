"""Atomic instructions: what each does alone, and with several threads."""

import threading

import numpy as np
import pytest

numba = pytest.importorskip("numba")
from numba import carray, types

from npkpose.engine import atomics

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")
RECORD = np.dtype([("first", np.int64), ("second", np.int64)])


@numba.njit(nogil=True)
def add(state, i, value, times):
    for _ in range(times):
        atomics.fetch_add(state, i, value)


@numba.njit(nogil=True)
def add_by_compare_exchange(state, i, times):
    for _ in range(times):
        done = False
        while not done:
            atomics.pause()
            seen = atomics.load(state, i)
            done = atomics.compare_exchange(state, i, seen, seen + 1)


@numba.njit(nogil=True)
def add_under_a_lock(state, times):
    for _ in range(times):
        while atomics.exchange(state, 0, 1) == 1:
            atomics.give_way()
        state[8] += 1
        atomics.exchange(state, 0, 0)


@numba.njit
def each(state):
    return (
        atomics.fetch_add(state, 1, 5),
        atomics.load(state, 1),
        atomics.exchange(state, 1, -3),
        atomics.load(state, 1),
        atomics.compare_exchange(state, 1, 4, 9),
        atomics.load(state, 1),
        atomics.compare_exchange(state, 1, -3, 9),
        atomics.load(state, 1),
    )


def test_each_returns_what_was_there_and_touches_one_number():
    state = np.array([100, 20, 300])
    assert each(state) == (20, 25, 25, -3, False, -3, True, 9)
    assert state.tolist() == [100, 9, 300]


def on_threads(count, function, *arguments):
    threads = [threading.Thread(target=function, args=arguments) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_addition_of_several_threads_is_lost():
    state = np.zeros(9, np.int64)
    add(state, 0, 1, 0)
    add_by_compare_exchange(state, 0, 0)
    on_threads(4, add, state, 2, 3, 50_000)
    on_threads(4, add_by_compare_exchange, state, 3, 20_000)
    assert state[2] == 3 * 4 * 50_000 and state[3] == 4 * 20_000


def test_an_exchange_is_a_lock():
    state = np.zeros(9, np.int64)
    add_under_a_lock(state, 0)
    on_threads(3, add_under_a_lock, state, 5_000)
    assert state[8] == 15_000


def write(record, thread):
    numbers = carray(atomics.numbers_at(record, 0), 2)
    numbers[0], numbers[1] = 7, thread


@numba.njit
def call_at(address, state):
    atomics.call(address, state.ctypes.data, 5)


def test_a_function_is_called_by_its_address():
    state = np.zeros(3, np.int64)
    compiled = numba.cfunc(types.void(types.uintp, types.intp))(write)
    call_at(compiled.address, state[1:])
    assert state.tolist() == [0, 7, 5]


def test_a_record_and_numbers_are_read_at_an_address():
    at = atomics.record_at(RECORD)

    @numba.njit
    def read(address, zero):
        numbers = carray(atomics.numbers_at(address, zero), 2)
        return at(address).first, at(address).second, numbers[0]

    numbers = np.array([11, 22])
    assert read(numbers.ctypes.data, 0) == (11, 22, 11)
    numbers = np.array([1.5, 2.5], np.float32)
    assert read(numbers.ctypes.data, np.float32(0))[2] == 1.5
