import multiprocessing
import threading

import numpy as np
import pytest

from npkpose.engine import threads
from npkpose.engine.threads import num_threads, run_all, scratch


@pytest.fixture(params=[1, 2, 3])
def cores(request, monkeypatch):
    """A machine of so many cores, with a pool of its own."""
    monkeypatch.setattr(threads, "_workers", [])
    monkeypatch.setattr(threads, "_cores", lambda: request.param)
    return request.param


def test_results_come_in_the_order_of_the_works(cores):
    for count in range(6):
        assert run_all([lambda i=i: i * i for i in range(count)]) == [i * i for i in range(count)]


def test_works_run_side_by_side_on_so_many_threads(cores):
    meeting = threading.Barrier(cores, timeout=10)  # breaks unless all arrive together
    assert len(set(run_all(cores * [lambda: meeting.wait()]))) == cores


def test_works_within_works_run_one_by_one(cores):
    def outer():
        inner = run_all([threading.get_ident] * 4)
        return num_threads(), len(set(inner))

    if cores > 1:
        assert run_all([outer, outer]) == [(1, 1), (1, 1)]
    assert num_threads() == cores


def test_an_error_is_raised_when_all_have_ended(cores):
    ended = []

    def fail():
        raise KeyError("one of them")

    for works in ([fail, lambda: ended.append(1)], [lambda: ended.append(1), fail]):
        ended.clear()
        with pytest.raises(KeyError, match="one of them"):
            run_all(works)
        assert cores == 1 or ended == [1]
    assert num_threads() == cores


def test_scratch_memory_is_the_threads_own_and_used_again():
    first = scratch((4, 5), np.float32, "a")
    assert first.shape == (4, 5) and first.dtype == np.float32
    assert np.shares_memory(first, scratch((3, 2), np.float64, "a"))
    assert not np.shares_memory(first, scratch((4, 5), np.float32, "b"))
    others = []
    other = threading.Thread(target=lambda: others.append(scratch((4, 5), np.float32, "a")))
    other.start()
    other.join()
    assert not np.shares_memory(first, others[0])


def _in_child(results):
    results.put(run_all([lambda: 1, lambda: 2]))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_makes_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    assert run_all([lambda: 1, lambda: 2]) == [1, 2]  # the parent's pool is there
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    child = fork.Process(target=_in_child, args=(results,))
    child.start()
    try:
        assert results.get(timeout=20) == [1, 2]
    finally:
        child.kill()


def test_a_second_caller_does_its_work_itself(cores):
    inside, done = threading.Event(), threading.Event()
    first = threading.Thread(target=lambda: run_all(4 * [lambda: (inside.set(), done.wait(10))]))
    first.start()
    assert inside.wait(10)
    assert set(run_all(6 * [threading.get_ident])) >= {threading.get_ident()}
    done.set()
    first.join(10)
    assert not first.is_alive()


def test_after_an_interrupted_wait_new_workers_are_made(cores, monkeypatch):
    def interrupted(worker):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threads._Worker, "take", interrupted)
        if cores > 1:
            with pytest.raises(KeyboardInterrupt):
                run_all([lambda: 1, lambda: 2, lambda: 3])
    assert run_all([lambda: 4, lambda: 5, lambda: 6]) == [4, 5, 6]
