"""PyTorch's tensors in its pickles: strided views of storages.

    tensor[i, j, ...] = storage[offset + i strides[0] + j strides[1] + ...]

A pickle names a storage by the kind of its numbers, a key and a count; the numbers are
outside the pickle, and several tensors may share them. Source: torch/_utils.py,
torch/serialization.py.

requires_grad, device, hooks and attributes are dropped. Other kinds of numbers (complex,
quantised, eight-bit floats) are refused by name, but only in a tensor that is looked at.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose.weights.files import BFLOAT16
from npkpose.weights.unpickle import Global

_MAX_AXES = 32
_MAX_REPEATED = 2**20  # elements of a tensor larger than its storage, by a stride of 0

DTYPES = {
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
    # of tensors that name their dtype and have a storage of bytes
    "torch.uint16": np.dtype("<u2"),
    "torch.uint32": np.dtype("<u4"),
    "torch.uint64": np.dtype("<u8"),
}
# Not read. Old files list all storages one after the other, so their sizes are needed.
SIZES = {
    "torch.ComplexFloatStorage": 8,
    "torch.ComplexDoubleStorage": 16,
    "torch.QInt8Storage": 1,
    "torch.QUInt8Storage": 1,
    "torch.QInt32Storage": 4,
    **{kind: dtype.itemsize for kind, dtype in DTYPES.items()},
}


class Storage(NamedTuple):
    """``count`` numbers in the file; a tensor's offset is counted from number ``first``."""

    kind: str
    key: str
    count: int
    first: int = 0

    @property
    def dtype(self):
        """The numpy dtype; ValueError, with the name, for numbers that are not read."""
        if self.kind not in DTYPES:
            kind = self.kind[:80]
            raise ValueError(f"a tensor that asks for {kind!r}, numbers that are not read here")
        return DTYPES[self.kind]


class Tensor(NamedTuple):
    """A strided view of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def find_storage(identifier):
    """Return the Storage of a persistent id of PyTorch's, or the class in an old one's."""
    if not isinstance(identifier, tuple) or not identifier:
        raise TypeError("no storage")
    if identifier[0] == "module":  # (word, class, file of its source, source)
        return identifier[1]
    word, kind, key, _, count, *view = identifier + (None,) * (5 - len(identifier))
    if word != "storage" or not isinstance(kind, Global) or not isinstance(key, str):
        raise TypeError("no storage")
    first = view[0][1] if view and view[0] is not None else 0  # (key, first, count) in old files
    if not _are_sizes((count, first)):
        raise TypeError("no size")
    return Storage(kind.name, key, count, first)


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


def make_tensor(storage, offset, shape, strides, *_):
    """Return the Tensor of torch._utils._rebuild_tensor's arguments."""
    fits = isinstance(storage, Storage) and len(shape) == len(strides) <= _MAX_AXES
    if not fits or not _are_sizes((offset, *shape, *strides)):
        raise TypeError("no tensor")
    return Tensor(storage, offset, tuple(shape), tuple(strides))


def make_typed_tensor(storage, offset, shape, strides, requires_grad, hooks, dtype, *_):
    """Return the same for a storage of bytes, which hold numbers of ``dtype``, a Global."""
    size = SIZES.get(dtype.name, 1)
    storage = storage._replace(kind=dtype.name, count=storage.count // size)
    return make_tensor(storage, offset, shape, strides)


def _are_sizes(numbers):
    return all(type(n) is int and 0 <= n < 2**48 for n in numbers)
