import os
import threading
from contextlib import contextmanager
from contextvars import copy_context

import numpy as np
import pytest

from npkpose.engine import num_threads, openblas, run_all, use_threads
from npkpose.engine.openblas import allowed_threads, hold_one_thread, let_go


@pytest.fixture
def library(monkeypatch):
    """A stand-in for the library, that remembers the number of its threads."""
    state = [4]
    functions = (lambda: state[0]), (lambda n: state.__setitem__(0, n))
    monkeypatch.setattr(openblas, "_functions", lambda: functions)
    monkeypatch.setattr(openblas, "_holders", {})
    monkeypatch.setattr(openblas, "_allowed", [])
    return state


@contextmanager
def one_thread():
    holder = object()
    hold_one_thread(holder)
    try:
        yield
    finally:
        let_go(holder)


def test_products_have_one_thread_within_and_all_of_them_after(library):
    with one_thread():
        assert library == [1]
        with one_thread():
            assert library == [1]
        assert library == [1] and allowed_threads() == 4
    assert library == [4]


def test_two_threads_within_at_once_leave_it_as_it_was(library):
    inside, done = threading.Barrier(2, timeout=10), threading.Event()

    def other():
        with one_thread():
            inside.wait()
            done.wait(10)

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        inside.wait()
    assert library == [1]  # the other is still within
    done.set()
    thread.join()
    assert library == [4]


def test_a_call_that_was_interrupted_before_it_let_go_is_found_dead(library):
    context = copy_context()
    context.run(hold_one_thread, context)  # and never let go
    assert library == [1]
    with one_thread():
        pass
    assert library == [4]
    context = copy_context()
    context.run(lambda: (hold_one_thread(context), run_all([lambda: library[0]]), 0)[2])
    run_all([lambda: 0])
    assert library == [4]


def test_the_real_library_is_found_and_put_back():
    functions = openblas._functions()
    if functions is None:
        pytest.skip("this NumPy does not come with an OpenBLAS of its own")
    before = functions[0]()
    with one_thread():
        assert functions[0]() == 1
        np.ones((64, 64)) @ np.ones((64, 64))
    assert functions[0]() == before


def test_without_the_library_every_core_has_a_thread(monkeypatch):
    monkeypatch.setattr(openblas, "_functions", lambda: None)
    assert allowed_threads() == os.cpu_count()
    assert 1 <= num_threads() <= allowed_threads()
    with use_threads(2):
        assert num_threads() == 2  # as asked for


def test_what_the_library_was_told_is_our_limit_too(library):
    library[0] = 1
    assert allowed_threads() == num_threads() == 1
    with one_thread():
        pass
    assert library == [1]
