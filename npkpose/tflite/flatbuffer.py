"""FlatBuffers: tables of optional fields, and vectors, that refer to each other by offsets.

    uint32 at 0            offset of the root table
    table                  int32: how far before it its vtable lies; then its fields
    vtable                 uint16: its bytes, the table's bytes, the offset of each field or 0
    vector                 uint32: its length; then its items
    text, vector, table    as a field or an item: uint32, how far behind this place it lies

All numbers are little-endian. Every offset and length is checked against the file. Source:
flatbuffers.dev, "FlatBuffer Internals".
"""

import struct

import numpy as np

from npkpose.weights.files import read_numbers

MAX_ITEMS = 2**20  # of all vectors that become lists: damaged tables may share one


class FlatBuffer:
    """The bytes of a file; it counts the items that are listed."""

    def __init__(self, data):
        self.data, self.items = data, 0

    def number(self, at, kind):
        """Return the number at a byte; ``kind`` is a letter of `struct`."""
        size = struct.calcsize(f"<{kind}")
        if not 0 <= at <= len(self.data) - size:
            raise ValueError(f"byte {at}: expected {size} bytes inside {len(self.data)}")
        return struct.unpack_from(f"<{kind}", self.data, at)[0]

    def follow(self, at):
        """Return the place that the offset at a byte refers to."""
        return at + self.number(at, "I")

    def root(self):
        """Return the root table."""
        return Table(self, self.follow(0))

    def span(self, at, size):
        """Return (start, end) of the items of a vector, each of ``size`` bytes."""
        count = self.number(at, "I")
        if count * size > len(self.data) - at - 4:
            raise ValueError(
                f"byte {at}: expected a vector inside {len(self.data)} bytes, got {count} items"
            )
        return at + 4, at + 4 + count * size

    def count(self, items, at):
        """Raise ValueError for more items than a file may list."""
        self.items += items
        if self.items > MAX_ITEMS:
            raise ValueError(f"byte {at}: expected at most {MAX_ITEMS} items in all, got more")


class Table:
    """A table at a byte; fields have numbers, and one that is left out has its default."""

    def __init__(self, file, at):
        self.file, self.at = file, at
        self.vtable = at - file.number(at, "i")
        self.size = file.number(self.vtable, "H")

    def place(self, field):
        """Return where a field lies, or None."""
        entry = 4 + 2 * field
        offset = self.file.number(self.vtable + entry, "H") if entry + 2 <= self.size else 0
        return self.at + offset if offset else None

    def number(self, field, kind, default=0):
        """Return the number in a field."""
        place = self.place(field)
        return default if place is None else self.file.number(place, kind)

    def table(self, field):
        """Return the table in a field, or None."""
        place = self.place(field)
        return None if place is None else Table(self.file, self.file.follow(place))

    def span(self, field, size=1):
        """Return (start, end) of the items of the vector in a field, or None."""
        place = self.place(field)
        return None if place is None else self.file.span(self.file.follow(place), size)

    def numbers(self, field, dtype):
        """Return the vector of numbers in a field, without items if it is left out."""
        dtype = np.dtype(dtype)
        span = self.span(field, dtype.itemsize) or (0, 0)
        return read_numbers(self.file.data, span, dtype)

    def integers(self, field):
        """Return the vector of int32 in a field as a list."""
        found = self.numbers(field, "<i4")
        self.file.count(len(found), self.at)
        return found.tolist()

    def tables(self, field):
        """Return the vector of tables in a field as a list."""
        start, end = self.span(field, 4) or (0, 0)
        self.file.count((end - start) // 4, self.at)
        return [Table(self.file, self.file.follow(at)) for at in range(start, end, 4)]

    def text(self, field):
        """Return the text in a field; bytes that are not UTF-8 are shown as escapes."""
        start, end = self.span(field) or (0, 0)
        self.file.count((end - start) // 64, self.at)
        return bytes(self.file.data[start:end]).decode("utf-8", "backslashreplace")
