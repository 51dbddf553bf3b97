"""Damaged copies of a file: of its bytes, of its numbers, of its JSON, of its ZIP members."""

import io
import json
import re
import struct
import warnings
import zipfile
import zlib

from tests.fuzz.mutate_protobuf import damage

ONNX = b"\x08\x08"  # the version that tests/onnx/writer.py writes
NUMBERS = (
    b"-1", b"0", b"0.5", b"1e999", b"NaN", b"9" * 20, b"9" * 5000, b"4294967296", b"1e-320",
    b"1e308", b"2147483648", b"-0", b"null", b'"text"', b"[]", b"{}", b"true",
)  # fmt: skip
VALUES = (
    None, True, -1, 0, 1e308, 2**63, 10**400, "", "text", "1", [], {}, [[]], [None], 0.5, "é" * 999,
    float("nan"), float("inf"), {"id": 1}, [1, 2, 3],
)  # fmt: skip
WORDS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 31, (1 << 63) - 1, 1 << 62)


def mutate(content, rng):
    """Return a copy of ``content`` with one to three damages."""
    for _ in range(rng.integers(1, 4)):
        kinds = [_flip, _truncate, _drop, _repeat, _overwrite, _insert, _word, _number]
        kinds += [_member] * 12 * content.startswith(b"PK")
        kinds += [_json_value] * 8 * content.startswith((b"[", b"{")) + [_deep]
        kinds += [damage] * 24 * content.startswith(ONNX)
        kinds += [_png_chunk] * 8 * content.startswith(b"\x89PNG")
        content = kinds[rng.integers(len(kinds))](content, rng)
        if not content:
            break
    return content


def _place(content, rng, most=40):
    start = int(rng.integers(len(content) + 1))
    return start, min(start + int(rng.integers(1, most)), len(content))


def _flip(content, rng):
    changed = bytearray(content)
    for place in rng.integers(len(content), size=rng.integers(1, 5)):
        changed[place] ^= 1 << rng.integers(8)
    return bytes(changed)


def _truncate(content, rng):
    return content[: rng.integers(len(content))]


def _drop(content, rng):
    start, end = _place(content, rng)
    return content[:start] + content[end:]


def _repeat(content, rng):
    start, end = _place(content, rng)
    return content[:end] + content[start:end] * int(rng.choice([1, 2, 100])) + content[end:]


def _overwrite(content, rng):
    start, end = _place(content, rng, 9)
    return content[:start] + rng.bytes(end - start) + content[end:]


def _insert(content, rng):
    start, _ = _place(content, rng)
    return content[:start] + rng.bytes(int(rng.integers(1, 9))) + content[start:]


def _word(content, rng):
    """Write a number that overflows some counter over 1 to 8 bytes."""
    size = int(rng.choice([1, 2, 4, 8]))
    value = WORDS[rng.integers(len(WORDS))] % (1 << 8 * size)
    start, _ = _place(content, rng)
    word = value.to_bytes(size, "little" if rng.random() < 0.6 else "big")
    return content[:start] + word + content[start + size :]


def _number(content, rng):
    """Replace a number that is written in digits."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", content))
    if not found:
        return _word(content, rng)
    match = found[rng.integers(len(found))]
    return content[: match.start()] + NUMBERS[rng.integers(len(NUMBERS))] + content[match.end() :]


def _deep(content, rng):
    """Insert brackets nested thousands deep."""
    start, end = _place(content, rng)
    depth = int(rng.choice([50, 3000, 200_000]))
    pair = (b"[", b"]") if rng.random() < 0.5 else (b'{"a":', b"}")
    return content[:start] + pair[0] * depth + b"1" + pair[1] * depth + content[end:]


def _json_value(content, rng):
    """Replace, remove or repeat a value of the JSON."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return _flip(content, rng)
    places = list(_containers(tree))
    if not places:
        return _flip(content, rng)
    place = places[rng.integers(len(places))]
    key = list(place)[rng.integers(len(place))] if isinstance(place, dict) else None
    key = int(rng.integers(len(place))) if key is None else key
    action = rng.random()
    if action < 0.7:
        place[key] = VALUES[rng.integers(len(VALUES))]
    elif action < 0.85:
        del place[key]
    elif isinstance(place, list):
        place.append(place[key])
    return json.dumps(tree).encode()


def _containers(tree):
    """Yield all lists and dictionaries that are not empty."""
    todo = [tree]
    while todo:
        each = todo.pop()
        if isinstance(each, (list, dict)) and each:
            yield each
            todo += each.values() if isinstance(each, dict) else each


def _member(content, rng):
    """Damage a member of a ZIP archive, and write the archive with correct checksums."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # whatever zipfile raises for an archive that is damaged already
        return _flip(content, rng)
    if not members:
        return _flip(content, rng)
    name = list(members)[rng.integers(len(members))]
    part = members[name]
    kinds = [_flip, _truncate, _drop, _repeat, _word, _number, _number]
    members[name] = kinds[rng.integers(len(kinds))](part, rng) if part else b"1"
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        for name, part in members.items():
            archive.writestr(name, part)
    return stream.getvalue()


def _png_chunk(content, rng):
    """Change a word of a PNG chunk, with a correct checksum."""
    starts = [match.start() for match in re.finditer(rb"IHDR|IDAT", content)]
    if not starts:
        return _flip(content, rng)
    start = starts[rng.integers(len(starts))]
    (length,) = struct.unpack(">I", content[start - 4 : start])
    body = content[start + 4 : start + 4 + length]
    body = (_word if rng.random() < 0.7 else _flip)(body, rng)[:length] if body else body
    check = struct.pack(">I", zlib.crc32(content[start : start + 4] + body))
    return content[: start + 4] + body + check + content[start + 8 + length :]
