"""MATLAB's .mat files of version 5: structures, cells, texts and numbers.

MathWorks, "MAT-File Format" (2019). A file is a header of 128 bytes and data elements, each a tag
(its type, its number of bytes) and its content, padded to 8 bytes; content of at most 4 bytes may
stand in the tag. An array is an element whose content is elements: flags with its class,
dimensions, a name, and then numbers, or for a cell or structure one array for each item or field. A
compressed element is one that zlib has packed.

Structures become lists of dictionaries in MATLAB's order, cells lists, texts str, numbers arrays of
their shape. Objects, functions, sparse and complex arrays are refused.
"""

import struct
import zlib

import numpy as np

MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHAR, NUMBERS = 1, 2, 4, range(6, 16)
DTYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
          13: "u8", 16: "u1", 17: "u2", 18: "u4"}  # fmt: skip
TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
MAX_DEPTH, MAX_GROWTH = 50, 100  # nested arrays; decompressed bytes for each byte of the file
_COMPLEX = 8  # flag


def read_mat(path):
    """Return {name: value} of the variables of a file.

    Raises ValueError, naming the path, for a damaged file or one of another version.
    """
    content = path.read_bytes()
    try:
        return _Reader(content).variables()
    except (struct.error, zlib.error, UnicodeError, RecursionError) as error:
        raise ValueError(f"{path}: expected a .mat file of version 5, got {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


class _Reader:
    """The elements of a file, or of a part of it."""

    def __init__(self, content):
        self.content = content
        if content[:512].find(b"MATLAB 7.3") >= 0 or content[512:516] == b"\x89HDF":
            raise ValueError("expected a .mat file of version 5, got version 7.3, which is HDF5")
        orders = {b"IM": "<", b"MI": ">"}
        if len(content) < 128 or content[126:128] not in orders:
            raise ValueError("expected a .mat file of version 5, got another file")
        self.order = orders[content[126:128]]
        self.budget = (64 << 20) + MAX_GROWTH * len(content)  # of decompressed bytes
        self.tag = struct.Struct(f"{self.order}II")

    def variables(self):
        """Return {name: value} of all arrays of the file."""
        found, at = {}, 128
        while at < len(self.content):
            kind, data, at = self.element(self.content, at, padded=False)
            if kind == COMPRESSED:
                data = self.decompressed(data)
                kind, data, _ = self.element(data, 0)
            if kind == MATRIX:
                name, value = self.array(data, 0)
                found[name] = value
        return found

    def decompressed(self, data):
        engine = zlib.decompressobj()
        found = engine.decompress(data, self.budget)
        if engine.unconsumed_tail:
            raise ValueError(f"expected at most {self.budget} decompressed bytes, got more")
        self.budget -= len(found)
        return memoryview(found)

    def element(self, data, at, padded=True):
        """Return the type, the content and the end of the element at a place."""
        kind, size = self.tag.unpack_from(data, at)
        if kind >> 16:  # its content stands in the tag
            size, kind = kind >> 16, kind & 0xFFFF
            start, end = at + 4, at + 8
            if size > 4:
                raise ValueError(f"byte {at}: expected at most 4 bytes in a tag, got {size}")
        else:
            start = at + 8
            end = start + size
            if padded:
                end += -size % 8
        if start + size > len(data):
            raise ValueError(f"byte {at}: expected {size} bytes, got {len(data) - start}")
        return kind, data[start : start + size], end

    def array(self, data, depth):
        """Return the name and the value of an array, given its content."""
        if depth > MAX_DEPTH:
            raise ValueError(f"expected at most {MAX_DEPTH} arrays in each other, got more")
        if not len(data):  # an empty field
            return "", np.empty((0, 0))
        _, flags, at = self.element(data, 0)
        (word,) = struct.unpack_from(f"{self.order}I", flags)
        kind, is_complex = word & 0xFF, (word >> 8) & _COMPLEX
        _, dimensions, at = self.element(data, at)
        shape = np.frombuffer(dimensions, f"{self.order}i4").tolist()
        _, name, at = self.element(data, at)
        name = bytes(name).decode("latin-1")
        if not 2 <= len(shape) <= 8 or min(shape) < 0:
            raise ValueError(f"{name}: expected dimensions, got {shape[:9]}")
        if kind == STRUCT:
            return name, self.structures(data, at, shape, depth)
        if kind == CELL:
            return name, self.items(data, at, _count(shape, data), depth)[0]
        if kind == CHAR or kind in NUMBERS and not is_complex:
            return name, self.numbers(data, at, shape, kind)
        raise ValueError(f"{name}: expected numbers, text, cells or structures, got class {kind}")

    def items(self, data, at, count, depth):
        """Return ``count`` arrays, a list, and the end."""
        found = []
        for _ in range(count):
            kind, inner, at = self.element(data, at)
            if kind != MATRIX:
                raise ValueError(f"byte {at}: expected an array, got type {kind}")
            found.append(self.array(inner, depth + 1)[1])
        return found, at

    def structures(self, data, at, shape, depth):
        """Return the structures of an array, each a dictionary."""
        _, length, at = self.element(data, at)
        (length,) = struct.unpack_from(f"{self.order}i", length)
        _, names, at = self.element(data, at)
        if not 0 < length <= 1024 or len(names) % length:
            raise ValueError(f"expected names of {length} bytes, got {len(names)} bytes")
        names = [bytes(names[i : i + length]) for i in range(0, len(names), length)]
        names = [name.split(b"\0")[0].decode("latin-1") for name in names]
        found = []
        for _ in range(_count(shape, data) if names else 0):
            values, at = self.items(data, at, len(names), depth)
            found.append(dict(zip(names, values)))
        return found

    def numbers(self, data, at, shape, kind):
        """Return an array of numbers, or a text."""
        stored, content, _ = self.element(data, at)
        if kind == CHAR:
            order = {"<": "-le", ">": "-be"}[self.order]
            encoding = TEXTS.get(stored, "latin-1")
            encoding += order * (encoding in ("utf-16", "utf-32"))
            return bytes(content).decode(encoding)
        if stored not in DTYPES:
            raise ValueError(f"byte {at}: expected numbers, got type {stored}")
        values = np.frombuffer(content, self.order + DTYPES[stored])
        if values.size != np.prod(shape, dtype=float):
            raise ValueError(f"byte {at}: expected {shape} numbers, got {values.size}")
        return values.reshape(shape, order="F")


def _count(shape, data):
    """Return the number of items of an array, of which each needs 8 bytes, or raise ValueError."""
    count = 1
    for length in shape:
        count *= length
    if count > len(data) // 8:
        raise ValueError(f"expected at most {len(data) // 8} items, got {count}")
    return count
