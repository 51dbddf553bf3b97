"""JSON files as programs on any system write them: one reader for all of npkpose.

RFC 8259 asks for UTF-8 without a byte order mark. Windows tools write one nevertheless, or UTF-16;
both are recognised by the first bytes.
"""

import json
import os


def read_json(path, object_hook=None):
    """Return the content of a JSON file; ``object_hook`` is that of `json.loads`.

    Raises
    ------
    ValueError
        Anything but JSON, or lists nested too deeply; the message names the file.
    OSError
        The file cannot be opened.
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        encoding = json.detect_encoding(data)
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        del data  # or a large file is held twice while it is parsed
        return json.loads(text, object_hook=object_hook)
    except RecursionError:
        raise ValueError(f"{os.fspath(path)}: expected JSON, got lists nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: expected JSON, got {error}") from None


def as_id(value):
    """Return an id as an integer or text, 7 for 7.0, which pandas writes; None if it is none."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) in (int, str) else None
