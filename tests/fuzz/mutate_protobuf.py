"""Damaged protobuf files whose lengths are right again, so that readers get to the damage."""

from npkpose.weights.protobuf import BYTES, VARINT, read_fields

NUMBERS = (0, 1, 2, 3, 7, 2**64 - 1, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, 2**63, 255, 64)
TEXTS = (b"", b"x", b"../x", b"/etc/passwd", b"weights.bin", b"..", b"\xff\xfe", b"9" * 30, b"-1")


def damage(content, rng):
    """Return a copy with one field changed, removed, repeated, or replaced by another one."""
    tree = _tree(content, 0, len(content), 0)
    if not tree:
        return content
    places = list(_places(tree))
    siblings, i = places[rng.integers(len(places))]
    number, kind, value = siblings[i]
    action = rng.random()
    if action < 0.15:
        del siblings[i]
    elif action < 0.3:
        siblings.insert(int(rng.integers(len(siblings))), siblings[i])
    elif action < 0.5:  # another field's value, of the same kind: a name, an operator, a number
        others = [f for fields, j in places if (f := fields[j])[1] == kind]
        other = others[rng.integers(len(others))][2]
        siblings[i] = number, kind, _bytes(other) if isinstance(other, list) else other
    elif kind == VARINT:
        siblings[i] = number, kind, NUMBERS[rng.integers(len(NUMBERS))]
    elif isinstance(value, bytes):
        new = TEXTS[rng.integers(len(TEXTS))] if kind == BYTES else value[::-1]
        siblings[i] = number, kind, new
    return _bytes(tree)


def _tree(data, start, end, depth):
    """Return [[number, kind, value], ...] of a message; None if it is none."""
    fields = []
    try:
        for number, kind, value, _ in read_fields(data, start, end):
            if kind == BYTES and value[1] - value[0] > 1 and depth < 9:
                inner = _tree(data, *value, depth + 1)
                value = bytes(data[slice(*value)]) if inner is None else inner
            elif kind != VARINT:
                value = bytes(data[slice(*value)])
            fields.append((number, kind, value))
    except ValueError:
        return None
    return fields


def _places(tree):
    for i, (_, _, value) in enumerate(tree):
        yield tree, i
        if isinstance(value, list):
            yield from _places(value)


def _bytes(tree):
    parts = []
    for number, kind, value in tree:
        parts.append(_varint(8 * number + kind))
        if kind == VARINT:
            parts.append(_varint(value))
        else:
            value = _bytes(value) if isinstance(value, list) else value
            parts += [_varint(len(value)), value] if kind == BYTES else [value]
    return b"".join(parts)


def _varint(n):
    digits = []
    while n > 127:
        digits.append(n & 127 | 128)
        n >>= 7
    return bytes([*digits, n])
