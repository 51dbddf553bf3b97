"""PyTorch's tensors in its pickles: strided views of storages.

    tensor[i, j, ...] = storage[offset + i strides[0] + j strides[1] + ...]

A pickle names a storage by the type of its numbers, a key and a count; the numbers are
outside the pickle, and several tensors may share them. `FUNCTIONS` gives the meaning of each
name in the pickles. Source: torch/_utils.py, torch/serialization.py.

requires_grad, device and hooks are dropped. Tensors of other kinds are refused by name:
quantised, complex, sparse, eight-bit floats.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose.weights.files import BFLOAT16
from npkpose.weights.unpickle import Global, Ignored, make_dict

_MAX_AXES = 32
_MAX_REPEATED = 2**20  # elements of a tensor larger than its storage, by a stride of 0

_STORAGES = {
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.DoubleStorage": np.dtype("<f8"),
    "torch.HalfStorage": np.dtype("<f2"),
    "torch.BFloat16Storage": BFLOAT16,
    "torch.LongStorage": np.dtype("<i8"),
    "torch.IntStorage": np.dtype("<i4"),
    "torch.ShortStorage": np.dtype("<i2"),
    "torch.CharStorage": np.dtype("i1"),
    "torch.ByteStorage": np.dtype("u1"),
    "torch.BoolStorage": np.dtype(bool),
    "torch.storage.UntypedStorage": np.dtype("u1"),
}
_UNSIGNED = {
    "torch.uint16": np.dtype("<u2"),
    "torch.uint32": np.dtype("<u4"),
    "torch.uint64": np.dtype("<u8"),
}

# Data beside the weights in published files: settings, counters, states of random generators.
_HARMLESS = """
    argparse.Namespace collections.Counter collections.defaultdict builtins.dict
    __builtin__.dict _codecs.encode torch.Size torch.device torch.float16 torch.float32
    torch.float64 torch.bfloat16 torch.int64 numpy.dtype numpy.ndarray
    numpy.core.multiarray.scalar numpy.core.multiarray._reconstruct
    numpy._core.multiarray.scalar numpy._core.multiarray._reconstruct
    numpy.random.__RandomState_ctor numpy.random._pickle.__randomstate_ctor
    numpy.random._pickle.__bit_generator_ctor numpy.random._mt19937.MT19937
""".split()


class Storage(NamedTuple):
    """``count`` numbers in the file; a tensor's offset is counted from number ``first``."""

    dtype: np.dtype
    key: str
    count: int
    first: int = 0


class Tensor(NamedTuple):
    """A strided view of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def find_storage(identifier):
    """Return the Storage of a persistent id of PyTorch's."""
    kind, dtype, key, _, count, *view = identifier
    if kind != "storage" or not isinstance(dtype, Global) or not isinstance(key, str):
        raise TypeError("no storage")
    first = view[0][1] if view and view[0] is not None else 0  # (key, first, count) in old files
    if not _are_sizes((count, first)):
        raise TypeError("no size")
    return Storage(_STORAGES[dtype.name], key, count, first)


def view_tensor(name, tensor, read_storage):
    """Return a tensor as a view of its storage, after checking that it lies inside."""
    storage, offset, shape, strides = tensor
    start = storage.first + offset
    size = math.prod(shape)
    last = start + sum((n - 1) * stride for n, stride in zip(shape, strides))
    if size and last >= storage.count or size > max(storage.count, _MAX_REPEATED):
        raise ValueError(f"{name[:80]!r} of shape {shape}, which is not inside its storage")
    numbers = read_storage(storage)
    if size == 0:
        return np.zeros(shape, numbers.dtype)
    steps = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[start:], shape, steps)


def _tensor(storage, offset, shape, strides, *_):
    fits = isinstance(storage, Storage) and len(shape) == len(strides) <= _MAX_AXES
    if not fits or not _are_sizes((offset, *shape, *strides)):
        raise TypeError("no tensor")
    return Tensor(storage, offset, tuple(shape), tuple(strides))


def _typed_tensor(storage, offset, shape, strides, requires_grad, hooks, dtype, *_):
    dtype = _UNSIGNED[dtype.name]  # before, a storage of bytes
    storage = storage._replace(dtype=dtype, count=storage.count // dtype.itemsize)
    return _tensor(storage, offset, shape, strides)


def _parameter(tensor, *_):
    return tensor


def _are_sizes(numbers):
    return all(type(n) is int and 0 <= n < 2**48 for n in numbers)


FUNCTIONS = {
    **dict.fromkeys([*_HARMLESS, *_STORAGES, *_UNSIGNED], Ignored),
    "collections.OrderedDict": make_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}
