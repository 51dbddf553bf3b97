"""Independent pieces of work on all cores, with Python's own threads.

NumPy lets go of the interpreter inside its loops and products, so two threads that each work on
their own part of an image take little more than half the time. A piece of work that has pieces
itself does them one by one, so that none waits for a thread that it occupies.

Shares of one work, such as the images of a batch, run all at once (`run_shares`): they know their
number (`this_share`) and can tell each other something on the way (`everyones`).

Each thread keeps some memory to calculate in: asking the system for megabytes anew, page
by page, would take as long as filling them.
"""

import math
import os
import threading
from functools import partial

import numpy as np

from npkpose.engine.openblas import allowed_threads, one_thread_each

_this_thread = threading.local()


def num_threads():
    """Return how many cores and threads this process may use; 1 inside a piece of work."""
    return 1 if getattr(_this_thread, "busy", False) else _cores()


def run_all(works):
    """Call the functions of a list and return their results in order.

    Thread t of T calls works t, t + T, t + 2 T and so on; the first thread is the caller's. An
    exception in one of them is raised here, once all threads have ended. While another thread of
    the program has the workers, the caller does everything itself.
    """
    T = min(num_threads(), len(works))
    if T < 2 or not _turn.acquire(blocking=False):
        with one_thread_each():
            return [work() for work in works]
    return _on_threads(works, T)


def run_shares(works):
    """Call the functions of a list at once, each on a thread; return their results in order.

    In work t, and there alone, `this_share` is t, and `everyones` can be called. Not to be
    called by a piece of work, whose threads are taken. If one raises, those that wait for it do
    too, and its exception is raised here.
    """
    meeting = _Meeting(len(works))
    _turn.acquire()
    try:
        calls = [partial(meeting.call, t, work) for t, work in enumerate(works)]
        return _on_threads(calls, len(works))
    except BaseException as error:
        raise meeting.cause or error


def this_share():
    """Return which share of a work this thread has; 0 where nothing is shared out."""
    return getattr(_this_thread, "share", 0)


def everyones(value):
    """Return what each share gives here, a list in their order; all of them must come."""
    meeting = getattr(_this_thread, "meeting", None)
    return [value] if meeting is None else meeting.exchange(this_share(), value)


def _on_threads(works, T):
    """Call the functions on T threads, then let go of `_turn`, which the caller holds."""
    try:
        while len(_workers) < T - 1:
            _workers.append(_Worker())
        helpers = _workers[: T - 1]
        with one_thread_each():
            for t, helper in enumerate(helpers, start=1):
                helper.give(works[t::T])
            shares = [_call_each(works[::T])] + [helper.take() for helper in helpers]
    except BaseException:  # Ctrl-C while waiting: they may still be at it
        _workers.clear()
        raise
    finally:
        _turn.release()
    results = [None] * len(works)
    for t, (share, error) in enumerate(shares):
        if error is not None:
            raise error
        results[t::T] = share
    return results


class _Worker:
    """A thread that waits for works. Two bare locks: a queue would take three times as long."""

    def __init__(self):
        self._given, self._taken = threading.Lock(), threading.Lock()
        self._given.acquire()
        self._taken.acquire()
        threading.Thread(target=self._run, name="npkpose", daemon=True).start()

    def give(self, works):
        """Have the functions called, one after the other."""
        self._share = works
        self._given.release()

    def take(self):
        """Wait for the results; return them and None, or None and the exception."""
        self._taken.acquire()
        share, self._share = self._share, None
        return share

    def _run(self):
        while True:
            self._given.acquire()
            self._share = _call_each(self._share)
            self._taken.release()


class _Meeting:
    """Where T threads wait for each other, as often as they like, and exchange values."""

    def __init__(self, T):
        self._lock, self._gates = threading.Lock(), [threading.Lock() for _ in range(T)]
        for gate in self._gates:
            gate.acquire()
        self._values, self._missing = [None] * T, T
        self.cause = None  # the first exception

    def call(self, t, work):
        """Return ``work()``, called as share t."""
        _this_thread.share, _this_thread.meeting = t, self
        try:
            return work()
        except BaseException as error:
            self.cause = self.cause or error
            self._open()  # those who wait, or will, shall not wait for this one
            raise
        finally:
            _this_thread.share, _this_thread.meeting = 0, None

    def exchange(self, t, value):
        """Return the list of all values, once all are there."""
        self._values[t] = value
        with self._lock:
            self._missing -= 1
            last = self._missing == 0
        if last:
            # Nobody comes again before all have left: `_all` stays until then.
            self._all, self._missing = list(self._values), len(self._values)
            self._open(but=t)
        else:
            self._gates[t].acquire()
        if self.cause is not None:
            raise RuntimeError("another share of this work has failed")
        return self._all

    def _open(self, but=None):
        for t, gate in enumerate(self._gates):
            if t != but and gate.locked():
                gate.release()


def scratch(shape, dtype, name):
    """Return an array of anything, to be used until this thread asks again under this name."""
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    memory = getattr(_this_thread, name, None)
    if memory is None or memory.size < wanted:
        memory = np.empty(wanted, np.uint8)
        setattr(_this_thread, name, memory)
    return memory[:wanted].view(dtype).reshape(shape)


def _call_each(works):
    """Return the results and None, or None and the first exception."""
    _this_thread.busy = True
    try:
        return [work() for work in works], None
    except BaseException as error:
        return None, error
    finally:
        _this_thread.busy = False


def _cores():
    affinity = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return min(len(affinity(0)), allowed_threads())


_workers = []
_turn = threading.Lock()  # one caller has them at a time


def _after_fork():
    """A forked child has none of its parent's threads: it makes its own."""
    global _turn
    _turn = threading.Lock()
    _workers.clear()
    _this_thread.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
