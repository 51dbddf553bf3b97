"""The door between the plain layers and the fast engine.

    @faster(engine.conv2d)
    def conv2d(x, weight, bias, window, groups): ...

`conv2d` is then either of two functions with the same arguments and, but for rounding, the same
results: ``conv2d.plain``, the formula in NumPy that stands below the line, or ``conv2d.fast``, the
engine's. `engine` chooses for a block of code, the environment variable NPKPOSE_ENGINE for a
process:

    with nn.engine("plain"):
        y = net(x)  # step through it in a debugger

The default is "fast", or "plain" where nothing is compiled (NUMBA_DISABLE_JIT, or no Numba). In
plain mode every matrix product has one thread: OpenBLAS's own threads make plain layers 10 to 35
times slower when the machine does something else as well.
"""

import os
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from npkpose._check import check_choice
from npkpose._numba import COMPILES, WHY_NOT
from npkpose.engine.openblas import hold_one_thread, let_go

ENGINES = "fast", "plain"


def _default():
    name = os.environ.get("NPKPOSE_ENGINE", "")
    if name:
        return _check_engine("NPKPOSE_ENGINE", name)
    return "fast" if COMPILES else "plain"


def _check_engine(argument, name):
    """Return the name of an engine that can be had here; ValueError for any other."""
    if check_choice(argument, name, ENGINES) == "fast" and not COMPILES:
        raise ValueError(f'{argument}: expected "plain" {WHY_NOT}, got "fast"')
    return name


# The package's only global setting: an argument would pass through every constructor. Threads that
# the engine starts see the caller's value.
_engine = ContextVar("npkpose_engine", default=_default())
if _engine.get() == "plain":
    hold_one_thread("plain engine")


@contextmanager
def engine(name):
    """Within it, layers use this engine: "fast" or "plain"."""
    _check_engine("name", name)
    holder = object()
    token = _engine.set(name)
    if name == "plain":
        hold_one_thread(holder)
    try:
        yield
    finally:
        let_go(holder)
        _engine.reset(token)


def current_engine():
    """Return the name of the engine in use."""
    return _engine.get()


def faster(fast):
    """Return a decorator that puts the function ``fast`` beside the plain one it decorates."""

    def decorate(plain):
        @wraps(plain)
        def call(*args, **kwargs):
            return (plain if _engine.get() == "plain" else fast)(*args, **kwargs)

        call.plain, call.fast = plain, fast
        return call

    return decorate
