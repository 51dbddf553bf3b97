"""ONNX's TensorProto: an array inside a protobuf message, or in a file beside the model.

    dims, data_type, and the numbers in one of three forms:
    raw_data                         the little-endian bytes of the array, in C order
    float_data, int32_data, ...      a list; int32_data holds all integers of up to 32 bits, and
                                     the bits of float16 and bfloat16
    external_data                    the path of a file in the model's folder, offset and length

Source: onnx/onnx.proto, version 1.23, message TensorProto. float16 and bfloat16 become float32,
which all arithmetic has; two int4 lie in a byte, the lower half first, and become int8.
"""

import math
import os
from array import array
from stat import S_ISREG
from typing import NamedTuple

import numpy as np

from npkpose.weights.files import BFLOAT16, map_file, read_numbers
from npkpose.weights.protobuf import (
    BYTES,
    EIGHT_BYTES,
    FOUR_BYTES,
    VARINT,
    read_integers,
    read_message,
    read_packed,
    signed,
)

_TENSOR = {
    1: ("dims", VARINT, BYTES), 2: ("data_type", VARINT), 3: ("segment", BYTES),
    4: ("float_data", BYTES, FOUR_BYTES), 5: ("int32_data", BYTES, VARINT),
    7: ("int64_data", BYTES, VARINT), 8: ("name", BYTES), 9: ("raw_data", BYTES),
    10: ("double_data", BYTES, EIGHT_BYTES), 11: ("uint64_data", BYTES, VARINT),
    13: ("external_data", BYTES), 14: ("data_location", VARINT),
}  # fmt: skip
_KEY_VALUE = {1: ("key", BYTES), 2: ("value", BYTES)}
_MAX_NUMBERS = 2**24  # of a list that is not packed
_MAX_AXES = 32
_MAX_LENGTH = 2**31 - 1


class DataType(NamedTuple):
    """How numbers are stored, which list may hold them, and what they become."""

    name: str
    stored: np.dtype
    field: str
    dtype: np.dtype


def _data_type(name, stored, field, dtype=None):
    stored = np.dtype(stored)
    return DataType(name, stored, field, np.dtype(stored if dtype is None else dtype))


DATA_TYPES = {
    1: _data_type("float32", "<f4", "float_data"),
    2: _data_type("uint8", "u1", "int32_data"),
    3: _data_type("int8", "i1", "int32_data"),
    4: _data_type("uint16", "<u2", "int32_data"),
    5: _data_type("int16", "<i2", "int32_data"),
    6: _data_type("int32", "<i4", "int32_data"),
    7: _data_type("int64", "<i8", "int64_data"),
    9: _data_type("bool", "?", "int32_data"),
    10: _data_type("float16", "<f2", "int32_data", "f4"),
    11: _data_type("float64", "<f8", "double_data"),
    12: _data_type("uint32", "<u4", "uint64_data"),
    13: _data_type("uint64", "<u8", "uint64_data"),
    16: _data_type("bfloat16", BFLOAT16, "int32_data", "f4"),
    21: _data_type("uint4", "u1", "int32_data"),
    22: _data_type("int4", "i1", "int32_data"),
}
_REFUSED = {
    8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
    19: "float8e5m2", 20: "float8e5m2fnuz", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2",
    26: "int2", 27: "float6e2m3", 28: "float6e3m2",
}  # fmt: skip


def data_type(code, where):
    """Return the `DataType` for ONNX's number of one, or raise a ValueError that names it."""
    if code not in DATA_TYPES:
        known = ", ".join(kind.name for kind in DATA_TYPES.values())
        got = _REFUSED.get(code, f"data type {code}")
        raise ValueError(f"{where}: expected one of {known}, got {got}")
    return DATA_TYPES[code]


def read_text(data, span):
    """Return the text at ``span``; bytes that are not UTF-8 are shown as escapes."""
    return bytes(data[span[0] : span[1]]).decode("utf-8", "backslashreplace")


def read_tensor(data, span, folder):
    """Return (name, array) of the TensorProto at ``span``; data beside it lie in ``folder``.

    Raises ValueError for other data types and for numbers that do not fill the shape exactly.
    """
    start = span[0]
    fields, external, dims = {}, {}, []
    lists = {"float_data": bytearray(), "double_data": bytearray()}
    lists |= {f"{kind}_data": array("q") for kind in ("int32", "int64", "uint64")}
    for name, value in read_message(data, span, _TENSOR, max_fields=_MAX_NUMBERS):
        if name == "dims":
            dims.extend(read_integers(data, value))
        elif name == "external_data":
            pair = dict(read_message(data, value, _KEY_VALUE))
            external[read_text(data, pair.get("key", (0, 0)))] = pair.get("value", (0, 0))
        elif name in lists:
            _extend(lists[name], data, value)
        else:
            fields[name] = value
        if len(dims) > _MAX_AXES:
            raise ValueError(f"byte {start}: expected at most {_MAX_AXES} axes, got more")
    name = read_text(data, fields.get("name", (0, 0)))
    where = f"tensor {name!r} at byte {start}"
    kind = data_type(fields.get("data_type", 0), where)
    if not all(0 <= length <= _MAX_LENGTH for length in dims):
        raise ValueError(f"{where}: expected lengths of axes from 0 to 2^31 - 1, got {dims}")
    if "segment" in fields:
        raise ValueError(f"{where}: expected a whole tensor, got a segment")
    if fields.get("data_location", 0) == 1:
        texts = {key: read_text(data, value) for key, value in external.items()}
        data, span = _external(texts, folder, _stored_bytes(kind, dims), where)
    elif "raw_data" in fields:
        span = fields["raw_data"]
    else:
        data = _list_bytes(lists[kind.field], kind)
        span = 0, len(data)
    return name, _fill(data, span, kind, tuple(dims), where)


def _extend(numbers, data, value):
    """Append one occurrence of a repeated field: a number, or a packed list."""
    if isinstance(numbers, bytearray):
        numbers += data[slice(*value)]
    elif isinstance(value, int):
        numbers.append(signed(value))
    else:
        numbers.frombytes(read_packed(data, value).tobytes())


def _stored_bytes(kind, shape):
    """Return how many bytes an array takes; two numbers of int4 share one."""
    count = math.prod(shape)
    return (count + 1) // 2 if kind.name.endswith("int4") else count * kind.stored.itemsize


def _fill(data, span, kind, shape, where):
    """Return the array whose bytes are at ``span``, a view of them if possible."""
    wanted, got = _stored_bytes(kind, shape), span[1] - span[0]
    if wanted != got:
        raise ValueError(
            f"{where}: expected {wanted} bytes for {kind.name} of shape {list(shape)}, got {got}"
        )
    if kind.name.endswith("int4"):
        return _halves(np.frombuffer(data, np.uint8, got, span[0]), kind, shape)
    return read_numbers(data, span, kind.stored).astype(kind.dtype, copy=False).reshape(shape)


def _halves(bytes_, kind, shape):
    """Return the numbers of 4 bits in some bytes, sign extended for int4."""
    numbers = np.stack([bytes_ & 15, bytes_ >> 4], axis=1).reshape(-1)[: math.prod(shape)]
    if kind.name == "int4":
        numbers = (numbers ^ 8).astype(np.int8) - np.int8(8)
    return numbers.reshape(shape)


def _list_bytes(numbers, kind):
    """Return the bytes of a list of numbers, or of the bits of narrow floats."""
    if isinstance(numbers, bytearray):
        return numbers
    stored = "?" if kind.name == "bool" else f"<u{kind.stored.itemsize}"
    return np.frombuffer(numbers, np.int64).astype(stored).tobytes()


def _external(texts, folder, size, where):
    """Return the bytes of a file in the model's folder, and the (start, end) of a tensor in them.

    The file must lie in the folder once links are followed, and be an ordinary file.
    """
    location = texts.get("location", "")
    inside = os.path.realpath(folder)
    path = os.path.realpath(os.path.join(inside, location))
    if not location or "\0" in location or os.path.commonpath([inside, path]) != inside:
        raise ValueError(f"{where}: expected a file in the model's folder, got {location!r}")
    if not os.path.exists(path) or not S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{where}: expected the file {location!r} beside the model, got none")
    data = map_file(path)
    numbers = [texts.get("offset", "0"), texts.get("length", "")]
    if not all(text.isascii() and (text.isdigit() or not text) for text in numbers):
        raise ValueError(f"{where}: expected offset and length as numbers, got {numbers}")
    start = int(numbers[0][:20] or 0)
    length = int(numbers[1][:20]) if numbers[1] else size
    if start + length > len(data):
        raise ValueError(
            f"{where}: expected bytes {start} to {start + length} of {location!r}, "
            f"got {len(data)} bytes in all"
        )
    return data, (start, start + length)
