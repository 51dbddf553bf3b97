"""The names of Numba and llvmlite that the package uses, in one place, and what stands for them.

Numba is optional at run time: a new Python, or a platform without its wheels, has none. Decorators
then return the function that they decorate, so that every kernel runs as the Python it is written
in; layers take the plain engine (`npkpose.nn.faster`), and nothing of `npkpose.engine` that needs a
compiler is called. The names that only compiled code uses are then a `Placeholder`.
"""

import warnings
from types import SimpleNamespace


class Placeholder:
    """Stands for anything of Numba's while files are imported: it is false, and has all names."""

    def __getattr__(self, name):
        if name.startswith("__"):  # such as __wrapped__, which others look for
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __bool__(self):
        return False


def undecorated(*args, **options):
    """Return the function, or for ``undecorated(option=...)`` a decorator that does."""
    return args[0] if args and callable(args[0]) and not options else lambda function: function


try:
    from numba import carray, cfunc, config, from_dtype, njit, types  # isort: skip: it names Numba
    from llvmlite import binding, ir
    from numba.core import cgutils, event
    from numba.extending import intrinsic, overload, register_jitable

    HAS_NUMBA = True
except ImportError as error:
    HAS_NUMBA = False
    _SLOWER = (
        f"{error}: npkpose runs without Numba. Decoding, grouping and cropping take 20 to 200 "
        "times as long, networks about twice; the results are the same"
    )
    warnings.warn_explicit(_SLOWER, RuntimeWarning, "npkpose", 1)  # the text, without a source line
    binding = carray = cfunc = cgutils = config = from_dtype = ir = types = Placeholder()
    event = SimpleNamespace(Listener=object)  # a base class
    intrinsic = njit = register_jitable = undecorated

    def overload(function):
        """Return a decorator that returns its function."""
        return undecorated()


# Or else each kernel runs as Python.
COMPILES = HAS_NUMBA and not config.DISABLE_JIT
WHY_NOT = "under NUMBA_DISABLE_JIT" if HAS_NUMBA else "without Numba"
