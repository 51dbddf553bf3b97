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

from npkpose.nn.blas import is_ours_to_thread, one_thread_each

_this_thread = threading.local()


def num_threads():
    """Return the number of cores this process may use; 1 inside a piece of work."""
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


@lru_cache(maxsize=1)
def _cores():
    if not is_ours_to_thread():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@lru_cache(maxsize=1)
def _pool():
    """The other threads, made on first use."""
    return ThreadPoolExecutor(max(1, _cores() - 1), thread_name_prefix="npkpose")
