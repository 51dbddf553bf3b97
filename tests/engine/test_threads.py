import multiprocessing
import threading

import pytest

from npkpose.engine import num_threads, run_all, use_threads


@pytest.fixture(params=[1, 2, 3])
def cores(request):
    """A machine with this number of cores."""
    with use_threads(request.param):
        yield request.param


def test_results_come_in_the_order_of_the_tasks(cores):
    for count in range(6):
        assert run_all([lambda i=i: i * i for i in range(count)]) == [i * i for i in range(count)]


def test_tasks_run_side_by_side_one_per_thread(cores):
    meeting = threading.Barrier(cores, timeout=10)  # breaks unless all arrive together
    assert len(set(run_all(cores * [lambda: meeting.wait()]))) == cores


def test_tasks_within_tasks_run_one_by_one(cores):
    def outer():
        inner = run_all([threading.get_ident] * 4)
        return num_threads(), len(set(inner))

    assert run_all([outer, outer]) == [(1, 1), (1, 1)]
    assert num_threads() == cores


def test_an_error_is_raised_when_all_have_ended(cores):
    ended = []

    def fail():
        raise KeyError("one of them")

    for tasks in ([fail, lambda: ended.append(1)], [lambda: ended.append(1), fail]):
        ended.clear()
        with pytest.raises(KeyError, match="one of them"):
            run_all(tasks)
        assert cores == 1 or ended == [1]
    assert num_threads() == cores


def _in_child(results):
    with use_threads(2):
        results.put(run_all([lambda: 1, lambda: 2]))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_makes_threads_of_its_own():
    with use_threads(2):
        assert run_all([lambda: 1, lambda: 2]) == [1, 2]  # the parent's pool is there
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    child = fork.Process(target=_in_child, args=(results,))
    child.start()
    try:
        assert results.get(timeout=20) == [1, 2]
    finally:
        child.kill()


def test_a_second_caller_runs_its_tasks_itself(cores):
    inside, done = threading.Event(), threading.Event()

    def first():
        with use_threads(cores):
            run_all(4 * [lambda: (inside.set(), done.wait(10))])

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    assert set(run_all(6 * [threading.get_ident])) == {threading.get_ident()} or cores == 1
    done.set()
    thread.join(10)
    assert not thread.is_alive()
    if cores > 1:  # and has them again
        meeting = threading.Barrier(cores, timeout=10)
        assert len(set(run_all(cores * [lambda: meeting.wait()]))) == cores
