"""One thread for each matrix product while our own threads make many of them.

NumPy's matrix products are OpenBLAS's, which has a pool of threads of its own and lets one product
at a time use it. Two of our threads would wait for each other, and each for a pool that finds no
free core. NumPy has no function that sets the number of threads, but its wheels come with the
library, whose own function for it is called here. Meanwhile products of the program's other
threads have one thread too. The number of threads it was told to use, by OPENBLAS_NUM_THREADS or
by a caller, is our limit as well. Where the library is another one, or lies elsewhere, as on
macOS, its products keep their threads; the engine's own do not need it.

Ctrl-C may end a call at any bytecode, so nothing here relies on a line that comes later: the call
runs in a context of its own (`contextvars`), which Python leaves whatever happens, and
whoever comes next sees that it has been left.
"""

import ctypes
import os
import pathlib
from contextvars import Context
from functools import lru_cache

import numpy as np

_holders = {}  # by id: contexts of calls that want one thread for each product, or other objects
_allowed = []  # the number of threads before the first of them, while there is one


def hold_one_thread(holder):
    """Give every matrix product one thread, until the last holder lets go.

    ``holder`` is the `contextvars.Context` that the caller runs in, which ends with the call even
    if `let_go` is never reached, or another object.
    """
    functions = _functions()
    _holders[id(holder)] = holder
    if functions is None:
        return
    threads = functions[0]()
    if threads != 1:
        _allowed[:] = [threads]
        functions[1](1)


def let_go(holder):
    """Give products their threads back if nobody else holds them to one."""
    _holders.pop(id(holder), None)
    for key, other in list(_holders.items()):
        if isinstance(other, Context) and not is_running(other):
            _holders.pop(key, None)  # a call that was interrupted
    if not _holders and _allowed:
        _functions()[1](_allowed[0])
        _allowed.clear()


def is_running(context):
    """Return whether some thread runs in the context now."""
    try:
        context.run(int)
    except RuntimeError:  # "cannot enter context: already entered"
        return True
    return False


def allowed_threads():
    """Return how many threads a product may use; as many as there are cores if nobody says."""
    functions = _functions()
    if functions is None:
        return os.cpu_count() or 1
    before = list(_allowed)
    return before[0] if before else functions[0]()


def _after_fork():
    """A forked child has none of its parent's threads, whatever they were doing."""
    for key, holder in list(_holders.items()):
        if isinstance(holder, Context):
            del _holders[key]
    if not _holders and _allowed:
        _functions()[1](_allowed[0])
        _allowed.clear()


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
