import os
import sys
import threading
import time

import pytest

from npkpose.sources import ahead
from npkpose.sources.ahead import read_ahead


def test_items_come_in_order_and_at_most_two_are_made_ahead():
    made = []
    found = read_ahead(made.append(i) or i for i in range(50))
    for i, item in enumerate(found):
        assert item == i and len(made) <= i + 3  # one waits, one is in the maker's hand
    assert len(made) == 50


def test_an_error_is_raised_when_its_item_is_due():
    def items():
        yield 1
        raise KeyError("two")

    found = read_ahead(items())
    assert next(found) == 1
    with pytest.raises(KeyError, match="two"):
        next(found)


def test_a_reader_that_stops_ends_the_thread_and_closes_the_source():
    closed, before = [], threading.active_count()

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.current_thread().name)

    found = read_ahead(endless())
    next(found)
    found.close()
    assert closed == ["npkpose-ahead"] and threading.active_count() == before


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
@pytest.mark.parametrize("background", [False, True])
def test_a_thread_in_the_background_has_a_lower_priority(background):
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    (found,) = read_ahead((priority() for _ in range(1)), background=background)
    assert found == min(priority() + ahead.NICE * background, 19)


def test_of_a_camera_only_the_newest_item_waits():
    turn = threading.Semaphore(1)

    def items():
        for i in range(100):
            if i == 99:
                turn.acquire()
            yield i

    found = read_ahead(items(), newest=True)
    turn.acquire()
    first = next(found)
    time.sleep(0.05)
    turn.release()
    rest = list(found)
    assert first < 99 and rest[-1] == 99 and len(rest) < 99
