"""Independent pieces of work on all cores, with Python's own threads.

NumPy lets go of the interpreter inside its loops and products, so two threads that each work on
their own part of an image take little more than half the time. A piece of work that has pieces
itself does them one by one, so that none waits for a thread that it occupies.

Each thread keeps one piece of memory to calculate in: asking the system for megabytes anew, page
by page, would take as long as filling them.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from npkpose.nn.blas import allowed_threads, one_thread_each

_this_thread = threading.local()


def num_threads():
    """Return how many cores and threads this process may use; 1 inside a piece of work."""
    return 1 if getattr(_this_thread, "busy", False) else _cores()


def run_all(works):
    """Call the functions of a list and return their results in order.

    Thread t of T calls works t, t + T, t + 2 T and so on; the first thread is the caller's. An
    exception in one of them is raised here, once all threads have ended.
    """
    T = min(num_threads(), len(works))
    if T < 2:
        return [work() for work in works]
    with one_thread_each():
        futures = [_pool().submit(_call_each, works[t::T]) for t in range(1, T)]
        try:
            shares = [_call_each(works[::T])]
        finally:
            errors = [future.exception() for future in futures]
    for error in filter(None, errors):
        raise error
    shares += [future.result() for future in futures]
    results = [None] * len(works)
    for t, share in enumerate(shares):
        results[t::T] = share
    return results


def scratch(shape, dtype):
    """Return an array of anything, to be used until this thread asks for the next one."""
    wanted = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = getattr(_this_thread, "memory", None)
    if memory is None or memory.size < wanted:
        memory = _this_thread.memory = np.empty(wanted, np.uint8)
    return memory[:wanted].view(dtype).reshape(shape)


def _call_each(works):
    _this_thread.busy = True
    try:
        return [work() for work in works]
    finally:
        _this_thread.busy = False


def _cores():
    affinity = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return min(len(affinity(0)), allowed_threads())


@lru_cache(maxsize=1)
def _pool():
    """The other threads, made on first use."""
    return ThreadPoolExecutor(max(32, os.cpu_count() or 1), thread_name_prefix="npkpose")


def _after_fork():
    """A forked child has none of its parent's threads: it makes its own."""
    _pool.cache_clear()
    _this_thread.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
