"""Safetensors: a JSON table of arrays, followed by their bytes.

    n        eight bytes, little-endian: the length of the table
    table    {name: {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}}
    arrays   in C order, little-endian; offsets are from the end of the table

Specification: github.com/huggingface/safetensors, "Format". The arrays have no gaps, so a
truncated file is noticed; a changed number is not, because the format has no checksum. An
entry "__metadata__" of text is skipped.

Departures: eight-bit floats and complex numbers of newer writers are refused, and so is a
table of more than 2 MiB (the specification allows 100 MB): JSON takes up to twenty times
its size as Python objects. 2 MiB list about 20,000 arrays.
"""

import json
import math
import struct

import numpy as np

from npkpose.weights.files import BFLOAT16, check_state, map_file, read_numbers, replacing
from npkpose.weights.identify import identify

_DTYPES = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16,
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype(bool),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}

_METADATA = "__metadata__"
_MAX_TABLE = 2**21
_MAX_AXES = 32
_ALIGNMENT = 8  # the table is padded so that the arrays start on a multiple of this


def is_safetensors(head):
    """Return whether a file with these first bytes, at least nine, may be safetensors."""
    return len(head) > 8 and head[8:9] == b"{" and head[4:8] == bytes(4)


def load_safetensors(path):
    """Return {name: array} of a .safetensors file; the arrays are views of the mapped file.

    bfloat16 becomes float32. Raises ValueError, naming the path, for a file that is
    damaged, has bytes outside its arrays, or has numbers of another type.
    """
    data = map_file(path)
    try:
        table, start = _read_table(data)
        spans = {name: _check_entry(name, entry) for name, entry in table.items()}
        _check_tiling(spans, len(data) - start)
        return {
            name: read_numbers(data, (start + begin, start + end), dtype).reshape(shape)
            for name, (begin, end, dtype, shape) in spans.items()
        }
    except (ValueError, RecursionError) as error:  # RecursionError: JSON nested too deeply
        found = identify(path) or error
        raise ValueError(f"{path}: expected a .safetensors file, got {found}") from None


def save_safetensors(path, arrays):
    """Write {name: array} to a .safetensors file, atomically.

    The table lists the arrays in their order. Their bytes are sorted by item size,
    largest first, which keeps every array aligned.
    """
    arrays = {name: np.asarray(array) for name, array in check_state(arrays).items()}
    codes = {name: _code(name, array.dtype) for name, array in arrays.items()}
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    ends = np.cumsum([arrays[name].nbytes for name in order], dtype=np.int64).tolist()
    offsets = dict(zip(order, zip([0, *ends], ends)))
    table = json.dumps(
        {
            name: {"dtype": codes[name], "shape": array.shape, "data_offsets": offsets[name]}
            for name, array in arrays.items()
        }
    ).encode()
    table += b" " * (-len(table) % _ALIGNMENT)
    with replacing(path) as stream:
        stream.write(struct.pack("<Q", len(table)) + table)
        for name in order:
            stored = arrays[name].astype(_DTYPES[codes[name]], "C", copy=False)
            stream.write(stored.reshape(-1).view(np.uint8))


def _code(name, dtype):
    little = dtype.newbyteorder("<")
    if name == _METADATA or little not in _CODES:
        what = f"the name {name!r}" if name == _METADATA else f"dtype {dtype}"
        raise ValueError(f"{name}: expected an array that .safetensors can hold, got {what}")
    return _CODES[little]


def _read_table(data):
    if len(data) < 8:
        raise ValueError(f"{len(data)} bytes")
    (size,) = struct.unpack_from("<Q", data)
    if size > min(len(data) - 8, _MAX_TABLE):
        raise ValueError(f"a table of {size} bytes in a file of {len(data)}")
    table = json.loads(data[8 : 8 + size].decode(), object_pairs_hook=_distinct)
    if not isinstance(table, dict):
        raise ValueError("a table without names")
    table.pop(_METADATA, None)
    return table, 8 + size


def _distinct(pairs):
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a table with a duplicate name")
    return table


def _check_entry(name, entry):
    """Return (begin, end, dtype, shape) of one entry of the table."""
    try:
        code, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        are_lists = isinstance(shape, list) and isinstance(entry["data_offsets"], list)
        sizes = [*shape, begin, end]
        dtype = _DTYPES[code]
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"{name[:80]!r} without a known dtype, a shape and two offsets") from None
    are_sizes = are_lists and all(type(n) is int and 0 <= n < 2**48 for n in sizes)
    if not are_sizes or len(shape) > _MAX_AXES:
        raise ValueError(f"{name[:80]!r} of an invalid shape or position")
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name[:80]!r} of shape {shape} and {code} in {end - begin} bytes")
    return begin, end, dtype, shape


def _check_tiling(spans, size):
    """Check that the arrays fill the ``size`` bytes after the table without gaps."""
    position = 0
    for begin, end, _, _ in sorted(spans.values(), key=lambda span: span[:2]):
        if begin != position:
            raise ValueError(f"arrays with a gap or an overlap at byte {position} of their bytes")
        position = end
    if position != size:
        cut = "; the file was cut short, download it again" if size < position else ""
        raise ValueError(f"{size} bytes for arrays of {position}{cut}")
