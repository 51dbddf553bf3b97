"""The protobuf wire format: bytes to numbered fields, and fields to names by a schema.

A message is a sequence of fields, and a field is a key followed by a payload:

    key = 8 * number + wire_type, a varint
    wire_type   0 varint    1 eight bytes    2 length, then that many bytes    5 four bytes

A varint is an integer in base 128, lowest digit first; the top bit of a byte means that
another byte follows. A nested message, a string, a blob and a packed list all have wire
type 2: only the schema distinguishes them, so the caller passes one. Specification:
Google, "Protocol Buffers: Encoding", protobuf.dev.

Wire types 3 and 4 (groups, deprecated) are refused. Every error is a ValueError with the
byte of the file where it occurred. Payloads are (start, end) positions in the file:
nothing is copied, and no memory is allocated for a size that the file claims. A message
may have 65,536 fields, or what the caller says: a field takes two bytes in the file, but
many more as an object.
"""

import numpy as np

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5

_MAX_VARINT_BYTES = 10  # ceil(64 / 7)
_MAX_NUMBER = 2**29 - 1  # field numbers have 29 bits
MAX_FIELDS = 2**16  # a graph has a thousand nodes, a node ten attributes


def read_message(data, span, schema, strict=False, max_fields=MAX_FIELDS):
    """Yield (name, value) of each field of the message at ``span`` that is in ``schema``.

    Parameters
    ----------
    data : bytes
        The whole file.
    span : (int, int)
        Start and end of the message.
    schema : dict
        Field number -> (name, wire type, another allowed wire type, ...).
    strict : bool
        Refuse fields that are not in the schema instead of skipping them.
    max_fields : int
        Refuse a message with more.

    Raises ValueError as `read_fields` does, and for a wire type the schema excludes.
    """
    for number, wire_type, value, offset in read_fields(data, *span, max_fields):
        if number in schema:
            name, *wire_types = schema[number]
            if wire_type not in wire_types:
                raise ValueError(
                    f"byte {offset}: expected wire type {wire_types} for {name}, got {wire_type}"
                )
            yield name, value
        elif strict:
            raise ValueError(f"byte {offset}: expected field {sorted(schema)}, got {number}")


def read_fields(data, start, end, max_fields=MAX_FIELDS):
    """Yield (number, wire type, value, offset) of each field of ``data[start:end]``.

    ``value`` is an unsigned 64-bit integer for a varint, else the (start, end) of the
    payload; ``offset`` is the position of the field's key. Raises ValueError if the
    message is truncated, is not protobuf or has too many fields.
    """
    position = start
    count = 0
    while position < end:
        offset = position
        count += 1
        if count > max_fields:
            raise ValueError(f"byte {offset}: expected at most {max_fields} fields, got more")
        key, position = read_varint(data, position, end)
        number, wire_type = key >> 3, key & 7
        if not 1 <= number <= _MAX_NUMBER:
            raise ValueError(f"byte {offset}: expected a field number of 1 or more, got {number}")
        if wire_type == VARINT:
            value, position = read_varint(data, position, end)
        else:
            value = _payload(data, position, end, number, wire_type, offset)
            position = value[1]
        yield number, wire_type, value, offset


def read_varint(data, position, end):
    """Return the unsigned 64-bit varint at ``position`` and the position after it."""
    value = 0
    for k in range(_MAX_VARINT_BYTES):
        if position + k >= end:
            raise ValueError(f"byte {position}: expected a varint, got the end of the message")
        byte = data[position + k]
        value |= (byte & 127) << 7 * k
        if byte < 128 and value < 2**64:
            return value, position + k + 1
    raise ValueError(f"byte {position}: expected a varint of at most 64 bits, got a longer one")


def read_integers(data, value):
    """Yield the int64s in one occurrence of a repeated field: one varint or a packed list."""
    if isinstance(value, int):
        yield signed(value)
        return
    position, end = value
    while position < end:
        number, position = read_varint(data, position, end)
        yield signed(number)


def read_packed(data, span):
    """Return the int64s of a packed list as an array, many at a time."""
    start, end = span
    digits = np.frombuffer(data, np.uint8, end - start, start)
    last = np.flatnonzero(digits < 128)
    first = np.concatenate([[0], last + 1])[: len(last)]
    lengths = last + 1 - first
    ends = len(last) and last[-1] + 1
    if ends != len(digits) or lengths.max(initial=0) > _MAX_VARINT_BYTES:
        raise ValueError(f"byte {start}: expected a list of varints of at most 64 bits")
    numbers = np.zeros(len(last), np.uint64)
    for k in range(lengths.max(initial=0)):
        longer = lengths > k
        digit = (digits[first[longer] + k] & 127).astype(np.uint64)
        numbers[longer] |= digit << np.uint64(7 * k)
    return numbers.view(np.int64)


def signed(value):
    """Return the int64 with the two's complement ``value``, an unsigned integer."""
    return value - 2**64 if value >= 2**63 else value


def _payload(data, position, end, number, wire_type, offset):
    """Return (start, end) of the payload at ``position``; the field's key is at ``offset``."""
    if wire_type == BYTES:
        size, position = read_varint(data, position, end)
    elif wire_type in (EIGHT_BYTES, FOUR_BYTES):
        size = 8 if wire_type == EIGHT_BYTES else 4
    else:
        raise ValueError(f"byte {offset}: expected wire type 0, 1, 2 or 5, got {wire_type}")
    if size > end - position:
        raise ValueError(
            f"byte {offset}: expected {size} bytes in field {number}, "
            f"got {end - position} before the end"
        )
    return position, position + size
