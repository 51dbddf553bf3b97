"""The decorators of compiled functions: `kernel` and `helper`, and their variants.

Python calls a kernel. A helper is called by kernels and is compiled into them: without an entry
for Python and without a cache of its own, which saves a fifth of the time. Called from Python, it
runs as plain Python.

``nogil`` lets callers use threads; ``cache`` makes the second run start fast;
``error_model="numpy"`` makes a division by zero give infinity, as in NumPy. ``fastmath`` is off:
it would compile ``isnan`` to ``False``. A summing kernel uses only one part of it: the terms of
a sum may be added in another order, as several partial sums. A contracting kernel uses another:
fused multiply-adds, which round once where two operations round twice.

The cache has two exceptions. Its key does not include bounds checking, so a run with
NUMBA_BOUNDSCHECK=1 could silently use unchecked code of an earlier run: such a run has no cache.
And where no folder is writable (a read-only install without a home folder), the kernel is
compiled again in each process instead of failing at import.

Numba compiles a cached kernel anew when its own file changes, not when a file does whose kernels it
calls. Outside of the engine a kernel calls only those of its own file; the engine's count as
changed when any file of the engine is.
"""

import pathlib

from npkpose._numba import HAS_NUMBA, cfunc, config, njit, register_jitable

_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def kernel(function):
    """Compile ``function`` on its first call."""
    return _compile(function)


def helper(function):
    """Compile ``function`` as a part of each kernel that calls it."""
    return register_jitable(**_OPTIONS)(function)


def summing_kernel(function):
    """Compile ``function`` on its first call; its sums may be added in any order."""
    return _compile(function, fastmath={"reassoc", "nsz"})


def contracting_kernel(function):
    """Compile ``function`` on its first call; its a b + c may be rounded once."""
    return _compile(function, fastmath={"contract"})


def inner_kernel(function):
    """Compile ``function`` on its first call, without reference counts: 4 x as fast in `scan`."""
    return _compile(function, _nrt=False)


def inner_helper(function):
    """Compile ``function`` as a part of inner kernels, without reference counts."""
    return register_jitable(**_OPTIONS, _nrt=False)(function)


def c_function(signature):
    """Return a decorator that compiles a function with an ``address``, for C's calls."""

    def decorate(function):
        return _cached(lambda **options: cfunc(signature, error_model="numpy", **options), function)

    return decorate


def _compile(function, **options):
    return _cached(lambda **cache: njit(**cache, **_OPTIONS, **options), function)


def _cached(decorator, function):
    """Return ``function`` compiled, with a cache where that is possible: see above."""
    if config.BOUNDSCHECK:
        return decorator()(function)
    try:
        compiled = decorator(cache=True)(function)
    except RuntimeError:  # "no locator available": no folder for the cache
        return decorator()(function)
    if HAS_NUMBA and function.__module__.startswith("npkpose.engine."):
        follow_files(compiled, pathlib.Path(__file__).parent.glob("engine/*.py"))
    return compiled


def follow_files(compiled, files):
    """Have Numba's cache of a function count as old when one of the files changes."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if hasattr(file, "_source_stamp"):  # private names: without them the cache is as before
        stamps = [(path.name, path.stat().st_mtime, path.stat().st_size) for path in files]
        file._source_stamp = file._source_stamp, *sorted(stamps)
