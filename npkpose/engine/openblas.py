"""One thread for each matrix product while our own threads make many of them.

NumPy's matrix products are OpenBLAS's, which has a pool of threads of its own and lets one
product at a time use it. Two of our threads would wait for each other, and each for a pool that
finds no free core. NumPy has no function to say so, but its wheels come with the library, whose
own function for it is called here; meanwhile products of other threads have one thread too. The
number of threads it was told to use, by OPENBLAS_NUM_THREADS or by a caller, is ours as well.
Where the library is another one, or lies elsewhere, the products keep their threads and `run_all`
makes none.
"""

import ctypes
import os
import pathlib
import threading
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

_lock = threading.Lock()
_nested = [0, 1]  # how many `one_thread_each` there are now, and the threads before the first


@contextmanager
def one_thread_each():
    """Within it, every matrix product runs on the thread that asks for it."""
    functions = _functions()
    with _lock:
        if _nested[0] == 0 and functions:
            _nested[1] = functions[0]()
            functions[1](1)
        _nested[0] += 1
    try:
        yield
    finally:
        with _lock:
            _nested[0] -= 1
            if _nested[0] == 0 and functions:
                functions[1](_nested[1])


def allowed_threads():
    """Return how many threads a product may use; 1 where the library cannot be told."""
    functions = _functions()
    with _lock:
        if functions is None:
            return 1
        return _nested[1] if _nested[0] else functions[0]()


def _after_fork():
    """A forked child has none of its parent's threads, whatever they were doing."""
    global _lock
    _lock = threading.Lock()
    if _nested[0] and _functions():
        _functions()[1](_nested[1])
    _nested[:] = [0, 1]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@lru_cache(maxsize=1)
def library():
    """Return the OpenBLAS of NumPy's wheel, or None."""
    site = pathlib.Path(np.__file__).parents[1]
    for path in sorted(site.glob("numpy.libs/*openblas*")):
        try:
            return ctypes.CDLL(str(path))
        except OSError:
            continue
    return None


@lru_cache(maxsize=1)
def _functions():
    """OpenBLAS's functions that return and set the number of its threads, or None."""
    for name in ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_"):
        if hasattr(library(), name.format("set")):
            return getattr(library(), name.format("get")), getattr(library(), name.format("set"))
    return None
