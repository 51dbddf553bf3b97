import threading

import numpy as np
import pytest

from npkpose.engine import openblas as blas
from npkpose.engine import threads
from npkpose.engine.openblas import one_thread_each


@pytest.fixture
def openblas(monkeypatch):
    """A stand-in for the library, that remembers the number of its threads."""
    state = [4]
    monkeypatch.setattr(
        blas, "_functions", lambda: (lambda: state[0], lambda n: state.__setitem__(0, n))
    )
    return state


def test_products_have_one_thread_within_and_all_of_them_after(openblas):
    with one_thread_each():
        assert openblas == [1]
        with one_thread_each():
            assert openblas == [1]
        assert openblas == [1]
    assert openblas == [4]


def test_the_number_of_threads_comes_back_after_an_error(openblas):
    with pytest.raises(KeyError), one_thread_each():
        raise KeyError
    assert openblas == [4]


def test_two_threads_within_at_once_leave_it_as_it_was(openblas):
    inside, done = threading.Barrier(2, timeout=10), threading.Event()

    def other():
        with one_thread_each():
            inside.wait()
            done.wait(10)

    thread = threading.Thread(target=other)
    with one_thread_each():
        thread.start()
        inside.wait()
    assert openblas == [1]  # the other is still within
    done.set()
    thread.join()
    assert openblas == [4]


def test_the_real_library_is_found_and_put_back():
    functions = blas._functions()
    if functions is None:
        pytest.skip("this NumPy does not come with an OpenBLAS of its own")
    before = functions[0]()
    with one_thread_each():
        assert functions[0]() == 1
        np.ones((64, 64)) @ np.ones((64, 64))
    assert functions[0]() == before


def test_without_the_library_there_are_no_threads_of_ours(monkeypatch):
    monkeypatch.setattr(blas, "_functions", lambda: None)
    assert blas.allowed_threads() == threads.num_threads() == 1


def test_what_the_library_was_told_holds_for_us_too(openblas):
    openblas[0] = 1
    assert blas.allowed_threads() == threads.num_threads() == 1
    openblas[0] = 4
    with one_thread_each():
        assert blas.allowed_threads() == 4
