"""A job that all threads do together, in compiled code, without a hand-over through Python.

A job is a compiled function of (record, thread): the address of a record of numbers, and the
number of the calling thread. Every thread takes the next chunk of the job until none is left, so
that a slow one holds up nobody. To hand work to threads that sleep takes 50 to 200 microseconds,
as long as a small layer. So a thread that is done looks for another job for half a millisecond
before it sleeps, and the caller waits for nobody to begin: chunks that no other thread has taken
are its own.

They share an array of numbers, changed by atomic instructions:

    FUNCTION   the address of the job's function
    RECORD     and of its record
    OPEN       how many more threads may join it: OPEN itself numbers the next one
    BUSY       how many are in it, or about to see whether they may
    AWAKE      how many threads look for a job
    OWNED      whether a caller has the threads

When no chunk is left the caller sets OPEN to 0, and waits until BUSY is 0. Opening, working and
waiting are one call of compiled code, which Ctrl-C cannot divide. While one caller has the
threads, another does its whole job alone.
"""

import os
import threading
from functools import lru_cache
from queue import SimpleQueue

import numpy as np

from npkpose._jit import c_function, kernel
from npkpose._numba import types
from npkpose.engine.atomics import (
    call,
    compare_exchange,
    exchange,
    fetch_add,
    give_way,
    load,
    pause,
)

FUNCTION, RECORD, OPEN, BUSY, AWAKE, OWNED = range(0, 48, 8)  # each has a cache line, 64 bytes
PAUSES = 32  # before another thread, perhaps the awaited one, may run on this core
LOOKS = 2**14  # for a job before a thread sleeps: about half a millisecond

# Compiles a job function of (address of the record, thread); its ``address`` is for `run_job`.
job = c_function(types.void(types.uintp, types.intp))


def run_job(address, record, threads):
    """Call the job at ``address`` on up to ``threads`` threads, this one included.

    ``record`` is an array of int64.
    """
    threads_of = pool()
    if threads > 1:
        threads_of.wake(threads - 1)
    _run(threads_of.state, address, record, threads - 1)


class _Pool:
    def __init__(self):
        self.state, self.queue, self.count = np.zeros(48, np.int64), SimpleQueue(), 0

    def wake(self, count):
        """Have at least ``count`` threads look for jobs, soon."""
        awake = int(self.state[AWAKE])
        if awake >= count:
            return
        while self.count < count:
            threading.Thread(target=self._serve, name="npkpose-tile", daemon=True).start()
            self.count += 1
        for _ in range(count - awake):
            if self.queue.qsize() < count:
                self.queue.put(None)

    def _serve(self):
        while True:
            self.queue.get()
            _look_for_jobs(self.state)


@lru_cache(maxsize=1)
def pool():
    """Return the threads that share jobs."""
    return _Pool()


def _after_fork():
    """A forked child has none of its parent's threads."""
    pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@kernel
def _run(state, address, record, others):
    """Do a job: with ``others`` if this caller can have them."""
    run_at(state, address, record.ctypes.data, others)


@kernel
def run_at(state, address, at, others):
    """Do a job whose record is at an address."""
    if others == 0 or not compare_exchange(state, OWNED, 0, 1):
        call(address, at, 0)
        return
    state[FUNCTION], state[RECORD] = address, at
    exchange(state, OPEN, others)
    call(address, at, 0)
    exchange(state, OPEN, 0)
    looks = 0
    while load(state, BUSY) > 0:
        looks += 1
        pause()
        if looks % PAUSES == 0:
            give_way()
    exchange(state, OWNED, 0)


@kernel
def _look_for_jobs(state):
    """Join jobs until there has been none for a while."""
    fetch_add(state, AWAKE, 1)
    left = LOOKS
    while left > 0:
        left -= 1
        pause()
        if left % PAUSES == 0:
            give_way()
        number = load(state, OPEN)
        if number > 0:
            fetch_add(state, BUSY, 1)
            if compare_exchange(state, OPEN, number, number - 1):
                call(state[FUNCTION], state[RECORD], number)
                left = LOOKS
            fetch_add(state, BUSY, -1)
    fetch_add(state, AWAKE, -1)
