"""Jobs: every chunk is done once, by any number of threads, whatever else the process does."""

import multiprocessing
import threading
import time
from functools import lru_cache

import numpy as np
import pytest

numba = pytest.importorskip("numba")
from numba import carray

from npkpose.engine import matmul, run_all, use_threads
from npkpose.engine.atomics import fetch_add, numbers_at, pause
from npkpose.engine.jobs import AWAKE, job, pool, run_job

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")
MOST = 8  # threads


def count_chunks(record, thread):
    """Add one to the count of each chunk, and to that of the thread that did it."""
    r = carray(numbers_at(record, 0), 5)
    done, by = carray(numbers_at(r[2], 0), r[1]), carray(numbers_at(r[3], 0), MOST)
    while True:
        i = fetch_add(r, 0, 1)
        if i >= r[1]:
            return
        for _ in range(r[4]):
            pause()
        fetch_add(done, i, 1)
        by[thread] += 1


compiled = lru_cache(job)


def run(threads, chunks, pauses=0):
    """Run a job of some chunks; return how often each was done, and how many by each thread."""
    done, by = np.zeros(max(chunks, 1), np.int64), np.zeros(MOST, np.int64)
    record = np.array([0, chunks, done.ctypes.data, by.ctypes.data, pauses])
    run_job(compiled(count_chunks).address, record, threads)
    return done[:chunks].copy(), by.copy()


def run_many(threads, times, failed):
    for n in range(times):
        done, by = run(threads, n % 40)
        if not (done == 1).all() or by.sum() != n % 40 or by[threads:].any():
            failed.append((n, done, by))


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_every_chunk_of_thousands_of_jobs_is_done_once(threads):
    failed = []
    run_many(threads, 3000, failed)
    assert not failed


def others_take_chunks():
    for _ in range(100):
        _, by = run(3, 1000, 1000)
        assert by.sum() == 1000
        if by[1:].any():
            return True
    return False


def test_other_threads_take_chunks_too():
    assert others_take_chunks()


def test_the_caller_waits_for_chunks_that_others_have_taken():
    for _ in range(40):
        assert (run(3, 4, 200_000)[0] == 1).all()


def test_several_callers_at_once():
    failed = []
    threads = [threading.Thread(target=run_many, args=(3, 1000, failed)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not failed


def test_tasks_do_their_jobs_alone(rng):
    a, b = rng.normal(size=(90, 80)), rng.normal(size=(80, 110))
    with use_threads(3):
        for y in run_all(6 * [lambda: matmul(a, b)]):
            np.testing.assert_allclose(y, a @ b, rtol=0, atol=1e-12)


def test_thepool_grows_and_smaller_jobs_keep_their_numbers_of_threads():
    failed = []
    for threads in (5, 2, 1, 3, 5):
        run_many(threads, 300, failed)
    assert not failed


def _in_child(results):
    failed = []
    run_many(3, 500, failed)
    results.put((len(failed), others_take_chunks()))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    assert others_take_chunks()
    long = threading.Thread(target=run, args=(3, 2000, 10_000))
    long.start()  # the parent's threads do a job while it forks
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    child = fork.Process(target=_in_child, args=(results,))
    child.start()
    try:
        assert results.get(timeout=60) == (0, True)
    finally:
        long.join()
        child.kill()
        child.join()
    assert (run(3, 1000)[0] == 1).all()


def test_idle_threads_fall_asleep():
    assert others_take_chunks()
    state, end = pool().state, time.monotonic() + 60
    while state[AWAKE] and time.monotonic() < end:
        time.sleep(0.01)
    assert state[AWAKE] == 0


def test_idle_threads_use_no_processor_time():
    least = np.inf
    for _ in range(20):  # something else in this process may have work at times
        run(3, 1000)
        time.sleep(0.05)
        start = time.process_time()
        time.sleep(0.2)
        least = min(least, time.process_time() - start)
        if least < 0.02:
            return
    pytest.fail(f"a sleep of 0.2 s took at least {least:.3f} s of the processors")
