"""PyTorch's files (.pth, .pt, .bin), read without PyTorch and without running code.

A file has a pickle (see `unpickle`) of dictionaries and tensors, and the storages: the
numbers that the tensors are views of (see `torch_tensor`).

Since version 1.6 a file is an uncompressed zip archive with a member data.pkl, the pickle,
and a member data/KEY for each storage. Older files, including most published ones, are five
pickles in a row: a magic number, the protocol, the writer's byte order, the object and the
keys of the storages; then each storage, an eight-byte count and its numbers. Source:
torch/serialization.py.

Arrays are views of the mapped file and share memory where their tensors did; bfloat16
becomes float32. Departure: tar files, used before 2017, are refused.
"""

import struct

from npkpose.weights.archive import read_directory, read_member
from npkpose.weights.checkpoint import find_weights
from npkpose.weights.files import map_file, read_numbers
from npkpose.weights.identify import first_member, identify
from npkpose.weights.torch_names import FUNCTIONS, make_placeholder
from npkpose.weights.torch_tensor import SIZES, Storage, find_storage, view_tensor
from npkpose.weights.unpickle import unpickle

_MAGIC = 0x1950A86A20F9469CFC6C
_MAGIC_BYTES = _MAGIC.to_bytes(10, "little")
_PROTOCOL = 1001
_PROGRAM = "data.pkl"


def load_pytorch(path):
    """Return {name: array} of the tensors in a file written by ``torch.save``.

    The file holds a dictionary of tensors, possibly inside a training checkpoint, under
    "state_dict" or a similar key. Entries that are not tensors are omitted.

    Raises
    ------
    ValueError
        A pickle that would run a function of Python's, a damaged file, or no dictionary of
        tensors; the message names the path.
    """
    data = map_file(path)
    try:
        is_zip = data[:2] == b"PK"
        tree, read_storage = _read_zip(path, data) if is_zip else _read_legacy(data)
        tensors = find_weights(tree)
        return {name: view_tensor(name, tensor, read_storage) for name, tensor in tensors.items()}
    except ValueError as error:
        found = identify(path) or error
        raise ValueError(f"{path}: expected PyTorch weights, got {found}") from None


def is_pytorch(path, head):
    """Return whether the file with the first bytes ``head`` is one of PyTorch's."""
    if not head.startswith(b"PK"):
        return head.startswith(b"\x80") and _MAGIC_BYTES in head
    try:
        names = read_directory(path)
    except ValueError:
        names = [first_member(head)]
    return any(name.split("/")[-1] == _PROGRAM for name in names)


def _read_zip(path, data):
    """Return the unpickled object and a function from a Storage to its numbers."""
    members = read_directory(path)
    programs = [name for name in members if name.split("/")[-1] == _PROGRAM]
    if len(programs) != 1:
        raise ValueError(f"a zip archive with {len(programs)} members {_PROGRAM}")
    program = bytes(read_member(data, members[programs[0]]))
    tree, _ = unpickle(program, 0, FUNCTIONS, find_storage, unknown=make_placeholder)
    return tree, _zip_reader(data, members, programs[0].removesuffix(_PROGRAM))


def _zip_reader(data, members, folder):
    """Return a function from a Storage to its numbers, members of ``folder``."""
    order = members.get(f"{folder}byteorder")
    is_big = order is not None and bytes(read_member(data, order)) == b"big"

    def read_storage(storage):
        member = members.get(f"{folder}data/{storage.key}")
        if member is None:
            raise ValueError(f"a pickle with storage {storage.key[:40]!r}, which is missing")
        content = read_member(data, member)
        if len(content) != storage.count * storage.dtype.itemsize:
            raise ValueError(f"storage {storage.key[:40]!r} of {len(content)} bytes")
        return read_numbers(content, (0, len(content)), _ordered(storage.dtype, is_big))

    return _read_once(read_storage)


def _read_legacy(data):
    """Return the unpickled object and a function from a Storage to its numbers."""
    if data[:1] != b"\x80":
        raise ValueError("neither a zip archive nor a pickle")
    storages = {}

    def find(identifier):
        storage = find_storage(identifier)
        if not isinstance(storage, Storage):
            return storage
        known = storages.setdefault(storage.key, storage)
        if (known.kind, known.count) != (storage.kind, storage.count):
            raise ValueError(f"a pickle with two storages {storage.key[:40]!r}")
        return storage

    magic, position = unpickle(data, 0, {})
    protocol, position = unpickle(data, position, {}) if magic == _MAGIC else (None, position)
    if protocol != _PROTOCOL:
        raise ValueError("a pickle of another kind")
    system, position = unpickle(data, position, {})
    tree, position = unpickle(data, position, FUNCTIONS, find, unknown=make_placeholder)
    keys, position = unpickle(data, position, {})
    is_big = isinstance(system, dict) and system.get("little_endian") is False
    return tree, _legacy_reader(data, _legacy_spans(data, position, keys, storages), is_big)


def _legacy_reader(data, spans, is_big):
    """Return a function from a Storage to its numbers, at ``spans`` of ``data``."""

    def read_storage(storage):
        if storage.key not in spans:
            raise ValueError(f"a pickle with storage {storage.key[:40]!r}, which is missing")
        return read_numbers(data, spans[storage.key], _ordered(storage.dtype, is_big))

    return _read_once(read_storage)


def _legacy_spans(data, position, keys, storages):
    """Return {key: (start, end)} of the storages, one after the other from ``position``."""
    spans = {}
    if not isinstance(keys, list) or not all(isinstance(k, str) and k in storages for k in keys):
        raise ValueError("storages without tensors")
    for key in keys:
        kind, count = storages[key].kind, storages[key].count
        if kind not in SIZES:
            raise ValueError(f"storage {key[:40]!r} of {kind[:80]!r}, which is not read here")
        start = position + 8
        position = start + count * SIZES[kind]
        if position > len(data):
            raise ValueError(f"a file cut short in storage {key[:40]!r}; download it again")
        if struct.unpack_from("<q", data, start - 8)[0] != count:
            raise ValueError(f"storage {key[:40]!r} of another size than its tensors say")
        spans[key] = start, position
    return spans


def _read_once(read_storage):
    """Return ``read_storage`` with a cache, so that each storage is read once."""
    cache = {}

    def read(storage):
        key = storage.key, storage.kind
        if key not in cache:
            cache[key] = read_storage(storage)
        return cache[key]

    return read


def _ordered(dtype, is_big):
    return dtype.newbyteorder(">") if is_big else dtype
