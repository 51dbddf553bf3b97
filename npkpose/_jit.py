"""The decorators of compiled kernels: `kernel`, `summing_kernel` and `inner_kernel`.

``nogil`` lets callers use threads; ``cache`` makes the second run start fast;
``error_model="numpy"`` makes a division by zero give infinity, as in NumPy. ``fastmath`` is off:
it would compile ``isnan`` to ``False``. A summing kernel uses only one part of it: the terms of
a sum may be added in another order, as several partial sums.

The cache has two exceptions. Its key does not include bounds checking, so a run with
NUMBA_BOUNDSCHECK=1 could silently use unchecked code of an earlier run: such a run has no cache.
And where no folder is writable (a read-only install without a home folder), the kernel is
compiled again in each process instead of failing at import.
"""

import numba
from numba import njit


def kernel(function):
    """Compile ``function`` on its first call."""
    return _compile(function)


def summing_kernel(function):
    """Compile ``function`` on its first call; its sums may be added in any order."""
    return _compile(function, fastmath={"reassoc", "nsz"})


def inner_kernel(function):
    """Compile ``function`` on its first call, without reference counts: 4 x as fast in `scan`."""
    return _compile(function, _nrt=False)


def _compile(function, **options):
    options |= {"nogil": True, "error_model": "numpy"}
    if numba.config.BOUNDSCHECK:
        return njit(**options)(function)
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": no folder for the cache
        return njit(**options)(function)
