"""What the names in PyTorch's pickles mean: tensors, containers, and placeholders for the rest.

Training programs save settings, histories, paths, callbacks and whole modules beside the
weights, objects of classes that are not installed here. Each becomes a placeholder: nothing
is imported and nothing is called, so they cannot do harm. Names of Python's standard library
are stricter, because hostile files use them: those that are data become placeholders, any
other (os.system, builtins.eval) ends the reading.
"""

import sys

from npkpose.weights.torch_tensor import make_tensor, make_typed_tensor
from npkpose.weights.unpickle import Global, Ignored, make_dict, refuse

_OF_PYTHON = sys.stdlib_module_names | {  # and of Python 2 and early 3
    "__builtin__", "commands", "copy_reg", "cPickle", "distutils", "imp", "pipes", "popen2",
}  # fmt: skip
_DATA_MODULES = {
    "collections", "datetime", "decimal", "fractions", "ipaddress", "numbers", "pathlib",
    "pathlib._local", "typing", "uuid",
}  # fmt: skip
_DATA = """
    _codecs.encode _operator.getitem argparse.Namespace array.array copy_reg._reconstructor
    copyreg._reconstructor functools.partial logging.Logger logging.getLogger operator.getitem
    random.Random re._compile types.SimpleNamespace zoneinfo.ZoneInfo._unpickle
""".split()
_DATA_BUILTINS = """
    bool bytearray bytes complex dict float frozenset int list long object range set slice str
    tuple type unicode xrange
""".split()


class Placeholder(Ignored):
    """Replaces an object of the class or function ``name``."""

    def __init__(self, name):
        self.name = name


def make_placeholder(name):
    """Return a function that makes placeholders for ``name``, or raise ValueError."""
    module, _, leaf = name.rpartition(".")
    if is_of_python(name):
        is_builtin = module in ("builtins", "__builtin__") and leaf in _DATA_BUILTINS
        if not (is_builtin or module in _DATA_MODULES or name in _DATA):
            refuse(name)
    return lambda *_: Placeholder(name)


def is_of_python(name):
    """Return whether ``name`` is in a module of Python's standard library."""
    return name.split(".")[0] in _OF_PYTHON


def is_tensor_of_another_kind(value):
    """Return whether ``value`` replaces a tensor: sparse, quantised, of another device."""
    return isinstance(value, Placeholder) and value.name.split(".")[-1].startswith("_rebuild")


def _parameter(tensor, *_):
    return tensor


def _tensor_with_attributes(make, kind, args, *_):
    """Return the tensor that has attributes of its own, or is of a class of its own."""
    if not isinstance(make, Global) or not isinstance(args, tuple):
        raise TypeError("no function and its arguments")
    return (_MAKERS.get(make.name) or make_placeholder(make.name))(*args)


_MAKERS = {
    "torch._utils._rebuild_tensor": make_tensor,
    "torch._utils._rebuild_tensor_v2": make_tensor,
    "torch._utils._rebuild_tensor_v3": make_typed_tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}
FUNCTIONS = {
    **_MAKERS,
    "collections.OrderedDict": make_dict,
    "torch._tensor._rebuild_from_type_v2": _tensor_with_attributes,
    "torch._tensor._rebuild_from_type": _tensor_with_attributes,
}
