"""What a file really is that is called weights and holds none that are read here.

Repositories hand out pointers and web pages, downloads stop halfway, and other formats go by
the same suffixes. The readers ask `identify` when they refuse a file, so that the message
says what it is and what to do. Only the first bytes are looked at, and the names in a zip
archive.
"""

import os
import re

from npkpose.weights.archive import read_directory
from npkpose.weights.protobuf import BYTES, VARINT, read_fields

HEAD = 4096  # bytes that are looked at

_ORIGINAL = "load the weights that it was made from"
_NETWORK = "a whole network, which npkpose.models.from_onnx or npkpose predict --weights runs"
_UNPACK = "unpack it and load the file inside"
_STARTS = (
    (b"\x93NUMPY", "a single array (.npy); weights have names, as in an .npz archive"),
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file, such as Keras writes; {_ORIGINAL}"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", f"a gzip archive; {_UNPACK}"),
    (b"\xfd7zXZ", f"an xz archive; {_UNPACK}"),
    (b"BZh", f"a bzip2 archive; {_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7-Zip archive; {_UNPACK}"),
    (b"Rar!", f"a RAR archive; {_UNPACK}"),
    (b"GGUF", f"a GGUF file; {_ORIGINAL}"),
)
_WEIGHT_SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".safetensors", ".npz", ".pb", ".tar")
_LONGEST_END = 2**16 + 22  # of a zip archive, with a comment
_HALF = "; download it again"


def identify(path):
    """Return a phrase that says what a file is and what to do, or None if that is not known."""
    size = os.path.getsize(path)
    if size == 0:
        return "an empty file" + _HALF
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(b"PK"):
        return _identify_zip(path, head, size)
    for start, phrase in _STARTS:
        if head.startswith(start):
            return phrase
    if head[4:8] == b"TFL3":
        return f"a TensorFlow Lite model, {_NETWORK}"
    if head[257:262] == b"ustar":
        return f"a tar archive; {_UNPACK}"
    return _identify_protobuf(head) or _identify_text(head, size)


def what_is(path):
    """Return what a file is that no reader of its kind reads, in words and without advice."""
    phrase = identify(path) or "another file"
    if phrase.startswith("text"):
        return phrase
    phrase = phrase.split(";")[0].split(",")[0]
    return f"{phrase} that is damaged" if phrase.endswith(" image") else phrase


def first_member(head):
    """Return the name of the first member of a zip archive, which may lack its end."""
    return head[30 : 30 + int.from_bytes(head[26:28], "little")].decode(errors="replace")


def _identify_zip(path, head, size):
    try:
        names = list(read_directory(path))
    except ValueError:
        return None if _has_end(path, size) else _identify_half_zip(head, size)
    leaves = {name.split("/")[-1] for name in names}
    if "archive_format" in leaves or "serialized_exported_program.json" in leaves:
        return "a program of torch.export (.pt2); save its state_dict() with torch.save"
    if "model.weights.h5" in leaves:
        return f"a Keras model; {_ORIGINAL}"
    inside = [name for name in names if name.lower().endswith(_WEIGHT_SUFFIXES)]
    if inside and not any(name.endswith((".npy", "data.pkl")) for name in names):
        return f"a zip archive with {inside[0][:80]!r} in it; {_UNPACK}"
    return None


def _has_end(path, size):
    """Return whether a zip archive's directory ends where it should."""
    with open(path, "rb") as stream:
        stream.seek(max(0, size - _LONGEST_END))
        return b"PK\5\6" in stream.read()


def _identify_half_zip(head, size):
    name = first_member(head)
    if name.split("/")[-1] == "data.pkl":
        kind = "PyTorch weights"
    else:
        kind = "an .npz archive" if name.endswith(".npy") else "a zip archive"
    return f"the first {size} bytes of {kind}, whose end is missing{_HALF}"


def _identify_protobuf(head):
    """Return the phrase of an ONNX model or a SavedModel, whose messages begin with a version."""
    try:
        fields = read_fields(head, 0, len(head))
        number, wire_type, version, _ = next(fields)
    except (ValueError, StopIteration):
        return None
    if (number, wire_type) != (1, VARINT) or version > 100:
        return None
    if head[2:3] == bytes([8 * 2 + BYTES]) and version == 1:
        return (
            "a TensorFlow SavedModel; freeze it into one graph, for example with "
            "convert_variables_to_constants_v2"
        )
    return f"an ONNX model, {_NETWORK}"


def _identify_text(head, size):
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"version https://git-lfs"):
        return (
            f"a Git LFS pointer of {size} bytes, not the file itself; run `git lfs pull` in its "
            "repository, or download the file by its address"
        )
    lower = text[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html")) or b"<html" in lower:
        return "a web page (HTML), not the file itself; open its address in a browser"
    if b'"weight_map"' in text:
        parts = re.findall(rb'"([\w.-]+\.(?:safetensors|bin))"', text)
        first = f", such as {parts[0].decode()}" if parts else ""
        return (
            f"the index of weights that lie in several files{first}; load each of these and "
            "merge the dictionaries"
        )
    return _identify_other_text(text)


def _identify_other_text(text):
    try:
        words = text.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return None
        words = text[: error.start].decode()
    is_text = all(c.isprintable() or c in "\r\n\t" for c in words)
    return f"text that begins with {words.split(chr(10))[0][:40]!r}" if is_text and words else None
