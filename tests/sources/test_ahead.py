import threading
import time

import pytest

from npkpose.sources.ahead import read_ahead


def test_items_come_in_order_and_at_most_two_are_made_ahead():
    made = []
    ahead = read_ahead(made.append(i) or i for i in range(50))
    for i, item in enumerate(ahead):
        assert item == i and len(made) <= i + 3  # one waits, one is in the maker's hand
    assert len(made) == 50


def test_an_error_is_raised_when_its_item_is_due():
    def items():
        yield 1
        raise KeyError("two")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(KeyError, match="two"):
        next(ahead)


def test_a_reader_that_stops_ends_the_thread_and_closes_the_source():
    closed, before = [], threading.active_count()

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.current_thread().name)

    ahead = read_ahead(endless())
    next(ahead)
    ahead.close()
    assert closed == ["npkpose-ahead"] and threading.active_count() == before


def test_of_a_camera_only_the_newest_item_waits():
    turn = threading.Semaphore(1)

    def items():
        for i in range(100):
            if i == 99:
                turn.acquire()
            yield i

    ahead = read_ahead(items(), newest=True)
    turn.acquire()
    first = next(ahead)
    time.sleep(0.05)
    turn.release()
    rest = list(ahead)
    assert first < 99 and rest[-1] == 99 and len(rest) < 99
