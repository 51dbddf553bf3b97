import threading
import time

import pytest

from npkpose.training.prefetch import prefetch


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_come_in_order_for_any_number_of_workers(workers):
    def make(n):
        time.sleep(0.001 * (n % 3))
        return n * n

    assert list(prefetch(make, 2, 20, workers)) == [n * n for n in range(2, 20)]
    assert list(prefetch(make, 5, 5, workers)) == []


def test_the_next_batch_is_made_while_this_one_is_used():
    made = threading.Event()

    def make(n):
        if n == 1:
            made.set()
        return n

    batches = prefetch(make, 0, 5, 1)
    assert next(batches) == 0 and made.wait(5)
    batches.close()


def test_a_thread_is_at_most_two_batches_ahead():
    made = []
    batches = prefetch(made.append, 0, 100, 1)
    next(batches)
    time.sleep(0.05)
    assert len(made) <= 3
    batches.close()
    count = len(made)
    time.sleep(0.02)
    assert len(made) == count  # closing stops the threads


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_is_raised_when_its_batch_is_due(workers):
    batches = prefetch(lambda n: 1 // (2 - n), 0, 9, workers)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(batches)


def test_bad_workers_are_named():
    with pytest.raises(ValueError, match="workers: expected at least 0, got -1"):
        next(prefetch(str, 0, 1, -1))
