"""TensorFlow's TensorProto: an array inside a protobuf message.

    dtype, tensor_shape, and the numbers in one of two forms:
    tensor_content         the little-endian bytes of the array, in C order
    float_val, int_val ... a list; a single number fills the array, and an empty list
                           means zeros

Source: tensorflow/core/framework/{tensor,tensor_shape,types}.proto. Departure: a list
with several values must be complete; TensorFlow would repeat the last value.
"""

import math

import numpy as np

from npkpose.weights.protobuf import (
    BYTES,
    EIGHT_BYTES,
    FOUR_BYTES,
    VARINT,
    read_integers,
    read_message,
    signed,
)

# Each message: field number -> name and allowed wire types.
_TENSOR = {
    1: ("dtype", VARINT),
    2: ("shape", BYTES),
    4: ("content", BYTES),
    5: ("float_val", BYTES, FOUR_BYTES),
    6: ("double_val", BYTES, EIGHT_BYTES),
    7: ("int_val", BYTES, VARINT),
    10: ("int64_val", BYTES, VARINT),
}
_SHAPE = {2: ("dim", BYTES), 3: ("unknown_rank", VARINT)}
_DIM = {1: ("size", VARINT)}

# types.proto: code -> dtype and the list for its numbers.
_DTYPES = {
    1: (np.dtype("<f4"), "float_val"),
    2: (np.dtype("<f8"), "double_val"),
    3: (np.dtype("<i4"), "int_val"),
    4: (np.dtype("u1"), "int_val"),
    5: (np.dtype("<i2"), "int_val"),
    6: (np.dtype("i1"), "int_val"),
    9: (np.dtype("<i8"), "int64_val"),
}
_NOT_NUMBERS = (7, 10)  # string and bool: valid constants, but never weights

_MAX_ELEMENTS = 2**31 - 1  # a protobuf message has at most 2 GiB
_MAX_AXES = 32


def read_tensor(data, span):
    """Return the array of the TensorProto at ``span`` of ``data``; None for text and bool.

    The array is read-only, a view of ``data`` or of a single number. Raises ValueError for
    another dtype, a shape that is negative or too large, and numbers that do not fill the
    shape exactly; the message names the byte.
    """
    start = span[0]
    last = dict(read_message(data, span, _TENSOR))  # the last item of a repeated field
    code = last.get("dtype", 0)
    if code in _NOT_NUMBERS:
        return None
    if code not in _DTYPES:
        raise ValueError(f"byte {start}: expected dtype in {sorted(_DTYPES)}, got {code}")
    dtype, list_name = _DTYPES[code]
    shape = _read_shape(data, last.get("shape", (0, 0)), start)
    count = math.prod(shape)
    if "content" in last:
        return _read_content(data, last["content"], dtype, shape)
    items = (value for name, value in read_message(data, span, _TENSOR) if name == list_name)
    values = _read_list(data, items, dtype, start) if list_name in last else np.zeros(1, dtype)
    if len(values) not in (1, count):
        raise ValueError(
            f"byte {start}: expected 1 or {count} values for shape {shape}, got {len(values)}"
        )
    return values.reshape(shape) if len(values) == count else np.broadcast_to(values[0], shape)


def _read_content(data, span, dtype, shape):
    first, end = span
    count = math.prod(shape)
    if end - first != count * dtype.itemsize:
        raise ValueError(
            f"byte {first}: expected {count * dtype.itemsize} bytes for {dtype.name} "
            f"of shape {shape}, got {end - first}"
        )
    return np.frombuffer(data, dtype, count, first).reshape(shape)


def _read_shape(data, span, start):
    sizes = []
    for field, value in read_message(data, span, _SHAPE):
        if field == "dim" and len(sizes) <= _MAX_AXES:  # one too many is enough to refuse
            sizes.append(signed(dict(read_message(data, value, _DIM)).get("size", 0)))
        elif field == "unknown_rank" and value:
            raise ValueError(f"byte {start}: expected a known shape, got one of unknown rank")
    fits = len(sizes) <= _MAX_AXES and all(0 <= size <= _MAX_ELEMENTS for size in sizes)
    if not fits or math.prod(sizes) > _MAX_ELEMENTS:
        raise ValueError(
            f"byte {start}: expected at most {_MAX_AXES} axes of 0 or more and "
            f"{_MAX_ELEMENTS} elements in all, got shape {sizes[:_MAX_AXES + 1]}"
        )
    return tuple(sizes)


def _read_list(data, items, dtype, start):
    """Return the numbers of a repeated field with at least one item, packed or not."""
    if dtype.kind == "f":
        packed = bytearray()
        for item in items:
            packed += data[slice(*_not_empty(item))]
        if len(packed) % dtype.itemsize:
            raise ValueError(f"byte {start}: expected whole {dtype.name}s, got {len(packed)} bytes")
        values = np.frombuffer(packed, dtype)
    else:
        values = np.fromiter(_read_bounded(data, items, np.iinfo(dtype), start), dtype)
    values.flags.writeable = False
    return values


def _read_bounded(data, items, bounds, start):
    for item in items:
        for number in read_integers(data, _not_empty(item)):
            if not bounds.min <= number <= bounds.max:
                raise ValueError(f"byte {start}: expected values of {bounds.dtype}, got {number}")
            yield number


def _not_empty(item):
    if isinstance(item, tuple) and item[0] == item[1]:
        raise ValueError(f"byte {item[0]}: expected numbers in a packed list, got none")
    return item
