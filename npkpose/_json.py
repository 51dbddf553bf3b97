"""JSON files as programs on any system write them: one reader for all of npkpose.

RFC 8259 asks for UTF-8 without a byte order mark. Windows tools write one nevertheless, or UTF-16;
both are recognised by the first bytes.
"""

import json
import os

import numpy as np


def read_json(path, object_hook=None):
    """Return the content of a JSON file; ``object_hook`` is that of `json.loads`.

    Raises
    ------
    ValueError
        Anything but JSON, or lists nested too deeply; the message names the file.
    OSError
        The file cannot be opened.
    """
    return JsonFile(path).parse(object_hook)


class JsonFile:
    """The bytes of a file: ``data``, an array of uint8 that ends with a 0 more."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.data = np.zeros(size + 1, np.uint8)
            size = file.readinto(self.data[:size])
            more = file.read()  # of a pipe: it has no size
        self.data = self.data[: size + 1]
        if more:
            self.data = np.concatenate([self.data[:size], np.frombuffer(more + b"\0", np.uint8)])

    def parse(self, object_hook=None):
        """Return the content, see `read_json`; ``data`` are gone afterwards."""
        data, self.data = self.data[:-1], None
        if not len(data):
            raise ValueError(f"{os.fspath(self.path)}: expected JSON, got an empty file")
        try:
            encoding = json.detect_encoding(data[:4].tobytes())
            text = str(data, "utf-8-sig" if encoding == "utf-8" else encoding)
            del data  # or a large file is held twice while it is parsed
            return json.loads(text, object_hook=object_hook)
        except RecursionError:
            got = "lists nested too deeply"
            raise ValueError(f"{os.fspath(self.path)}: expected JSON, got {got}") from None
        except UnicodeDecodeError:
            got = "a file that is not text"
            raise ValueError(f"{os.fspath(self.path)}: expected JSON, got {got}") from None
        except ValueError as error:
            raise ValueError(f"{os.fspath(self.path)}: expected JSON, got {error}") from None


def as_id(value):
    """Return an id as an integer or text, 7 for 7.0, which pandas writes; None if it is none."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) in (int, str) else None
