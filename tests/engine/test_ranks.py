"""Tasks that run at the same time and exchange values."""

import threading

import pytest

from npkpose.engine import all_gather, rank, run_all, run_ranks, use_threads

COUNTS = pytest.mark.parametrize("count", [1, 2, 3])


@COUNTS
def test_ranks_gather_each_others_values_again_and_again(count):
    def task(t):
        assert rank() == t
        return [all_gather((t, step)) for step in range(50)]

    results = run_ranks([lambda t=t: task(t) for t in range(count)])
    expected = [[(t, step) for t in range(count)] for step in range(50)]
    assert all(result == expected for result in results)
    assert rank() == 0 and all_gather(7) == [7] and run_ranks([]) == []


@COUNTS
def test_a_rank_that_fails_wakes_the_others(count):
    def task(t):
        all_gather(t)
        if t == count - 1:
            raise KeyError("this one")
        all_gather(t)
        all_gather(t)

    for _ in range(3):
        with pytest.raises(KeyError, match="this one"):
            run_ranks([lambda t=t: task(t) for t in range(count)])
    assert run_all([lambda: 3] * 4) == [3] * 4


@pytest.mark.parametrize("counts", [(1, 2), (2, 1), (0, 1), (3, 3, 2), (1, 0, 1)])
def test_ranks_that_gather_unequally_often_are_refused(counts):
    def task(count):
        return [all_gather(1) for _ in range(count)]

    with pytest.raises(RuntimeError, match="equally often"):
        run_ranks([lambda count=count: task(count) for count in counts])


def test_ranks_inside_a_task_are_refused():
    def inside():
        return run_ranks([lambda: 1, lambda: 2])

    with use_threads(2):
        for run in (run_all, run_ranks):
            with pytest.raises(RuntimeError, match="run_ranks: expected a call outside of tasks"):
                run([inside, inside])


def test_several_callers_at_once_get_their_own_answers():
    answers = []

    def call(n):
        tasks = [lambda t=t: [all_gather((n, t, i)) for i in range(20)] for t in range(3)]
        answers.append((n, run_ranks(tasks)))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(n for n, _ in answers) == [0, 1, 2, 3]
    for n, results in answers:
        assert results == 3 * [[[(n, t, i) for t in range(3)] for i in range(20)]]
