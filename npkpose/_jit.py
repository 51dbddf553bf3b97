"""The decorators of compiled kernels: `kernel`, and `summing_kernel` for long sums.

``nogil`` lets callers use threads; ``cache`` makes the second run start fast;
``error_model="numpy"`` makes a division by zero give infinity, as in NumPy.
``fastmath`` stays off: it would compile ``isnan`` to ``False``. Of all that it allows, a summing
kernel may put the terms of a sum into another order, several sums at once, and nothing else.

Two things keep the cache honest. Numba's key does not say whether bounds are
checked, so a run with NUMBA_BOUNDSCHECK=1 would silently use unchecked code from
an earlier one: such a run has no cache. And where no folder can be written to (a
read-only install without a home), the kernel compiles anew in each process
instead of refusing to import.
"""

import numba
from numba import njit


def kernel(function):
    """Compile ``function`` on its first call."""
    return _compile(function)


def summing_kernel(function):
    """The same, with sums in any order."""
    return _compile(function, fastmath={"reassoc", "nsz"})


def _compile(function, **options):
    options |= {"nogil": True, "error_model": "numpy"}
    if numba.config.BOUNDSCHECK:
        return njit(**options)(function)
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": nowhere to keep a cache
        return njit(**options)(function)
