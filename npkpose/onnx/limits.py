"""How much a graph may take: of memory for one value, and of steps in its loops.

A file of a kilobyte can ask for a terabyte (Expand, Tile, Pad) or for 2^63 rounds of a Loop. So
each operator whose output may be larger than its inputs asks here first, and each round counts.
The largest value may have 16 MB, or 64 times what the inputs and weights have together; all that
exist at a time, three times as much.
"""

import math
from contextlib import contextmanager
from contextvars import ContextVar

BYTES = 2**24
TIMES = 64
LIVE = 3  # times the largest value: all values that exist at a time
STEPS = 2**16  # nodes run inside of subgraphs, in one run
PRODUCTS = 2**40  # multiplications of one node: half a minute


class _Limits:
    def __init__(self, largest):
        self.largest, self.steps, self.live = largest, STEPS, 0


# Set for a run: as an argument it would pass through every operator.
_limits = ContextVar("npkpose_onnx_limits", default=_Limits(BYTES))


@contextmanager
def limited(given, largest=None):
    """Within it, a value may take ``largest`` bytes.

    By default that is `BYTES`, or `TIMES` the ``given`` bytes of inputs and weights.
    """
    token = _limits.set(_Limits(max(BYTES, TIMES * given) if largest is None else largest))
    try:
        yield
    finally:
        _limits.reset(token)


def check_size(shape, itemsize=4):
    """Return a shape as a tuple of int, or raise ValueError if an array of it is too large."""
    shape = tuple(int(length) for length in shape)
    largest = _limits.get().largest
    if min(shape, default=0) < 0 or len(shape) > 32 or math.prod(shape) * itemsize > largest:
        raise ValueError(
            f"output: expected at most {largest} bytes, got shape {list(shape)} of {itemsize} each"
        )
    return shape


def count_bytes(value, sign):
    """Add (1) or remove (-1) the bytes of a value; raise ValueError for too many at a time."""
    limits = _limits.get()
    limits.live += sign * getattr(value, "nbytes", 0)
    if limits.live > LIVE * limits.largest:
        raise ValueError(f"expected at most {LIVE * limits.largest} bytes at a time, got more")


def check_products(count):
    """Raise ValueError for more multiplications than a node may have."""
    if count > PRODUCTS:
        raise ValueError(f"expected at most {PRODUCTS} multiplications, got {count}")


def count_step():
    """Count a node that runs inside of a subgraph; raise ValueError for too many."""
    limits = _limits.get()
    limits.steps -= 1
    if limits.steps < 0:
        raise ValueError(f"expected at most {STEPS} steps in loops, got more")
