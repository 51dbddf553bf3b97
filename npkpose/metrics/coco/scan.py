"""COCO's JSON from bytes to arrays, compiled: what `json.loads` and a loop over its entries give.

The data ends with a 0 byte. No JSON holds one, so no function goes on behind it, and none reads
outside of the data. A value that is valid JSON but not what its field usually holds (a score in
quotes) is only marked, as it may belong to an entry that nobody asks for. Whatever else is unusual
raises `UnusualJson`: no JSON at all, a field twice in one entry, a field's name with an escape,
NaN, or more than 64 levels. The caller then leaves the file to `json` and its messages.

A decimal number w 10^q, w a whole number, becomes the double nearest to it, of two equally near
ones the even one, as Python's float() does:

* w <= 2^53 and |q| <= 22: w and 10^|q| are doubles, so their product or quotient is rounded only
  once. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
* Others: the first 128 bits of 5^q decide. Lemire, "Number Parsing at a Gigabyte per Second",
  Software: Practice and Experience, 2021, arXiv:2101.11408. They always decide if w < 2^64:
  Mushtak and Lemire, "Fast Number Parsing Without Fallback", same journal, 2023, arXiv:2212.06644.
* w of more than 19 digits is cut, to v 10^p: if v and v + 1 give two doubles, UNSURE.

This file cannot be split: a kernel calls only kernels of its own file.
"""

from typing import NamedTuple

import numpy as np

from npkpose._jit import inner_helper, inner_kernel

IDS = "image_id", "category_id", "id"
NUMBERS = "score", "area", "iscrowd", "num_keypoints"
_FIRST_NUMBER = len(IDS)  # among the fields
MISSING, USUAL, OTHER = 0, 1, 2  # the state of a field

FAIL = -1  # instead of the place where a value ends
INTEGER, DECIMAL, UNSURE = 0, 1, 2
MAX_DEPTH = 64
MAX_DIGITS = 600  # Python may refuse longer integers
_LOWEST, _HIGHEST = -342, 308  # powers of ten beside which w 10^q is 0 or infinite
_SPACE, _NEWLINE, _RETURN, _TAB = ord(" "), ord("\n"), ord("\r"), ord("\t")
_QUOTE, _BACKSLASH, _COMMA, _COLON = ord('"'), ord("\\"), ord(","), ord(":")
_LIST, _END_LIST, _OBJECT, _END_OBJECT = ord("["), ord("]"), ord("{"), ord("}")
_MINUS, _PLUS, _POINT, _ZERO, _NINE = ord("-"), ord("+"), ord("."), ord("0"), ord("9")
_A, _E, _F, _U, _LOWER_CASE = ord("a"), ord("e"), ord("f"), ord("u"), 32
_ESCAPES = tuple(b'"\\/bfnrt')
_WORDS = tuple(b"true\0"), tuple(b"null\0"), tuple(b"false")


def _first_bits_of_fives():
    """Return the first 128 bits of 5^-342 to 5^308 as pairs of 64 bits.

    They are rounded up from 5^-27 to 5^-1, as Lemire's proof requires, and down elsewhere.
    """
    fives = []
    for q in range(_LOWEST, _HIGHEST + 1):
        five, length = 5 ** abs(q), (5 ** abs(q)).bit_length()
        if q < 0:
            bits = (1 << length + 127) // five + (q >= -27)
        else:
            bits = five << 128 >> length
        fives.append((bits >> 64, bits & (1 << 64) - 1))
    return np.array(fives, np.uint64)


_TENS, _FIVES = 10.0 ** np.arange(23), _first_bits_of_fives()
_TWOS = np.ldexp(1.0, np.arange(2047) - 1075)  # what a mantissa of 53 bits is multiplied by


class UnusualJson(Exception):
    """The data are not JSON, or JSON that only `json` reads."""


class Columns(NamedTuple):
    """N entries; fields that are MISSING or OTHER have no value here."""

    ids: np.ndarray  # (N, 3) int: see IDS
    numbers: np.ndarray  # (N, 4): see NUMBERS, and ``more_numbers`` of `scan_entries`
    boxes: np.ndarray  # (N, 4)
    row: np.ndarray  # (N,) int: row of the keypoints
    state: np.ndarray  # (N, F): of each field, in the order of `field_names`
    points: np.ndarray  # (P, K, 2)
    visibility: np.ndarray  # (P, K): third number of each keypoint; (1, K) if not wanted


def scan_numbers(data):
    """Return a JSON list of numbers as an array; ``data`` is an array of bytes that ends with 0."""
    at = skip_space(data, 0)
    numbers = np.empty(int(np.count_nonzero(data == _COMMA)) + 1)
    end = _row(data, at, numbers)
    if end < 0 or _space(data, end) != len(data) - 1:
        raise UnusualJson
    return numbers


def field_names(parts=(("keypoints", 0),), more_numbers=()):
    """Return the names of the fields that `scan_entries` reads, in the order of their states."""
    return (*IDS, *NUMBERS, *more_numbers, "bbox", "segmentation", *(name for name, _ in parts))


def scan_entries(data, at, num_keypoints, visibility, parts=None, more_numbers=()):
    """Return the `Columns` of the list of objects at ``at``, and where the list ends.

    Parameters
    ----------
    data : ndarray of uint8
        Ends with 0.
    at : int
    num_keypoints : int
        K, at least 1.
    visibility : bool
        Keep the third number of each keypoint.
    parts : sequence of (name, count), optional
        The fields that hold an entry's K keypoints one after the other. Default: "keypoints".
    more_numbers : sequence of str
        Names of further fields that hold a number.
    """
    _check(data, at)
    parts = (("keypoints", num_keypoints),) if parts is None else tuple(parts)
    starts = np.cumsum([0, *(count for _, count in parts)])
    if min(np.diff(starts)) < 1 or starts[-1] != num_keypoints:
        raise UnusualJson
    fields = field_names(parts, more_numbers)
    columns = _empty_columns(data[at:], fields, num_keypoints, len(parts), visibility)
    scratch = np.empty(3 * num_keypoints), np.empty(MAX_DEPTH, np.uint8), starts
    end, count, rows = _list(data, at, _name_table(fields), columns, scratch)
    if end < 0:
        raise UnusualJson
    entries = (column[:count] for column in columns[:5])
    kept = columns.visibility[:rows] if visibility else columns.visibility
    return Columns(*entries, columns.points[:rows], kept), end


def scan_object(data, at, readers):
    """Return values of the object at ``at`` by name, and where it ends.

    ``readers`` is {name: function of a value's place that returns the value and where it ends}.
    Other names are skipped.
    """
    _check(data, at)
    if data[at] != _OBJECT:
        raise UnusualJson
    names, values, separator = list(readers), {}, _OBJECT
    table = _name_table(names)
    while separator != _END_OBJECT:
        field, at = _field(data, _space(data, at + 1), table)
        if at == FAIL or field in values:
            raise UnusualJson
        if field < 0:
            at = skip_value(data, at)
        else:
            values[field], at = readers[names[field]](at)
        at = _space(data, at)
        separator = data[at]
        if separator not in (_COMMA, _END_OBJECT):
            raise UnusualJson
    return {names[field]: value for field, value in values.items()}, at + 1


def skip_value(data, at):
    """Return where the JSON value at ``at`` ends."""
    _check(data, at)
    end = _skip(data, at, np.empty(MAX_DEPTH, np.uint8))
    if end == FAIL:
        raise UnusualJson
    return end


def skip_space(data, at):
    """Return the place of the first byte that is no space, from ``at`` on."""
    _check(data, at)
    return _space(data, at)


def _check(data, at):
    """Raise ValueError where a kernel would read outside of the data."""
    if not (0 <= at < len(data) and data[-1] == 0):
        got = f"{len(data)}, the last {data[-1:].tolist()}"
        raise ValueError(f"data: expected more than {at} bytes, the last 0, got {got}")


def _name_table(names):
    """Return the bytes of names (F, L), filled up with 0, and their lengths (F,)."""
    table = np.zeros((len(names), max(map(len, names))), np.uint8)
    for row, name in zip(table, names):
        row[: len(name)] = list(name.encode())
    return table, np.array([len(name) for name in names])


def _empty_columns(data, fields, num_keypoints, num_parts, visibility):
    """Return `Columns` long enough for all entries in the data; unused memory is never touched."""
    entries = _count(data, _OBJECT)
    rows = min(entries, len(data) // (6 * num_keypoints) + 1)  # a number and a comma: 2 bytes
    return Columns(
        np.empty((entries, len(IDS)), np.int64),
        np.empty((entries, len(fields) - len(IDS) - 2 - num_parts)),
        np.empty((entries, 4)),
        np.empty(entries, np.int64),
        np.zeros((entries, len(fields)), np.uint8),
        np.empty((rows, num_keypoints, 2)),
        np.empty((rows if visibility else 1, num_keypoints)),
    )


@inner_kernel
def _count(data, byte):
    count = 0
    for i in range(data.shape[0]):
        count += data[i] == byte
    return count


@inner_helper
def _space(data, at):
    while True:
        byte = data[np.uint64(at)]  # unsigned: Numba need not ask whether it counts from the end
        if byte > _SPACE or byte not in (_SPACE, _NEWLINE, _RETURN, _TAB):
            return at
        at += 1


@inner_kernel
def _list(data, at, names, columns, scratch):
    """Fill the columns; return where the list ends, or FAIL, and how many entries and rows."""
    if data[at] != _LIST:
        return FAIL, 0, 0
    count = row = np.int64(0)  # a literal 0 would compile another specialisation
    at = _space(data, at + 1)
    if data[at] == _END_LIST:
        return at + 1, 0, 0
    while True:
        if data[at] != _OBJECT:
            return FAIL, 0, 0
        at = _entry(data, at, names, columns, scratch, count, row)
        if at == FAIL:
            return FAIL, 0, 0
        row += _has_all_parts(columns, count)
        count += 1
        at = _space(data, at)
        if data[at] == _END_LIST:
            return at + 1, count, row
        if data[at] != _COMMA:
            return FAIL, 0, 0
        at = _space(data, at + 1)


@inner_helper
def _has_all_parts(columns, count):
    """Return whether all fields of keypoints of an entry hold what they usually do."""
    first = _FIRST_NUMBER + columns.numbers.shape[1] + 2
    for field in range(first, columns.state.shape[1]):
        if columns.state[count, field] != USUAL:
            return False
    return True


@inner_helper
def _entry(data, at, names, columns, scratch, count, row):
    """Fill row ``count`` of the columns from the object at ``at``; return its end, or FAIL."""
    state = columns.state[count]
    if data[_space(data, at + 1)] == _END_OBJECT:
        return _space(data, at + 1) + 1
    while True:
        field, at = _field(data, _space(data, at + 1), names)
        if at == FAIL or (field >= 0 and state[field] != MISSING):
            return FAIL
        end = FAIL
        if field >= 0:
            end = _value(data, at, field, columns, scratch, count, row)
            state[field] = OTHER if end == FAIL else USUAL
        if end == FAIL:
            end = _skip(data, at, scratch[1])
            if end == FAIL:
                return FAIL
        at = _space(data, end)
        if data[at] == _END_OBJECT:
            return at + 1
        if data[at] != _COMMA:
            return FAIL


@inner_helper
def _value(data, at, field, columns, scratch, count, row):
    """Read the value of a field; return where it ends, or FAIL if it is not the usual."""
    box = _FIRST_NUMBER + columns.numbers.shape[1]
    if field < _FIRST_NUMBER:
        columns.ids[count, field], end = _integer(data, at)
    elif field < box:
        value, end, kind = _number(data, at)
        columns.numbers[count, field - _FIRST_NUMBER] = value
        if kind == UNSURE:
            end = FAIL
    elif field == box:
        end = _row(data, at, columns.boxes[count])
    elif field == box + 1:
        end = FAIL  # a segmentation is skipped
    else:
        start, stop = scratch[2][field - box - 2], scratch[2][field - box - 1]
        triples, points = scratch[0][: 3 * (stop - start)], columns.points[row, start:stop]
        third = columns.visibility[min(row, columns.visibility.shape[0] - 1), start:stop]
        end = _row(data, at, triples)
        for k in range(points.shape[0]):
            points[k, 0], points[k, 1] = triples[3 * k], triples[3 * k + 1]
            third[k] = triples[3 * k + 2]
        columns.row[count] = row
    return end


@inner_helper
def _field(data, at, names):
    """Return the number of the name at ``at`` (-1: another), and where its value is, or FAIL."""
    table, lengths = names
    if data[at] != _QUOTE:
        return FAIL, FAIL
    start = at + 1
    at = _string(data, start)
    if at == FAIL:
        return FAIL, FAIL
    length, found = at - 1 - start, -1
    for i in range(start, at):
        if data[i] == _BACKSLASH:
            return FAIL, FAIL
    for f in range(lengths.shape[0]):
        if lengths[f] == length:
            same = True
            for i in range(length):
                same &= table[f, i] == data[start + i]
            if same:
                found = f
    at = _space(data, at)
    if data[at] != _COLON:
        return FAIL, FAIL
    return found, _space(data, at + 1)


@inner_helper
def _skip(data, at, opened):
    """Return where the value at ``at`` ends, or FAIL; ``opened`` (MAX_DEPTH,) is scratch."""
    depth = 0
    while True:
        start = data[at]
        if start == _LIST or start == _OBJECT:
            if depth == opened.shape[0]:
                return FAIL
            opened[depth] = start
            depth += 1
            at = _space(data, at + 1)
            if data[at] == start + 2:  # "]" follows "[" by 2, as "}" does "{"
                depth -= 1
                at += 1
            else:
                if start == _OBJECT:
                    at = _behind_name(data, at)
                if at == FAIL:
                    return FAIL
                continue
        else:
            at = _scalar(data, at)
            if at == FAIL:
                return FAIL
        while True:
            if depth == 0:
                return at
            at = _space(data, at)
            if data[at] != opened[depth - 1] + 2:
                break
            depth -= 1
            at += 1
        if data[at] != _COMMA:
            return FAIL
        at = _space(data, at + 1)
        if opened[depth - 1] == _OBJECT:
            at = _behind_name(data, at)
            if at == FAIL:
                return FAIL


@inner_helper
def _behind_name(data, at):
    """Return where the value of the name at ``at`` begins, or FAIL."""
    if data[at] != _QUOTE:
        return FAIL
    at = _string(data, at + 1)
    if at == FAIL:
        return FAIL
    at = _space(data, at)
    return _space(data, at + 1) if data[at] == _COLON else FAIL


@inner_helper
def _scalar(data, at):
    """Return where the string, number or word at ``at`` ends, or FAIL."""
    first = data[at]
    if first == _QUOTE:
        return _string(data, at + 1)
    if first == _MINUS or _ZERO <= first <= _NINE:
        return _parts(data, at)[4]
    for word in _WORDS:
        same = 0
        while same < 5 and word[same] > 0 and data[at + same] == word[same]:
            same += 1
        if same == 5 or word[same] == 0:
            return at + same
    return FAIL


@inner_helper
def _string(data, at):
    """Return where the string ends whose first character is at ``at``, or FAIL."""
    while True:
        byte = data[at]
        if byte == _QUOTE:
            return at + 1
        if byte < 32:
            return FAIL
        if byte == _BACKSLASH:
            at = _escape(data, at + 1)
        elif byte < 128:
            at += 1
        else:
            at = _long_character(data, at)
        if at == FAIL:
            return FAIL


@inner_helper
def _escape(data, at):
    r"""Return where the escape ends that goes on at ``at``, behind its \\, or FAIL."""
    if data[at] in _ESCAPES:
        return at + 1
    if data[at] != _U:
        return FAIL
    for _ in range(4):
        at += 1
        letter = data[at] | _LOWER_CASE
        if not (_ZERO <= data[at] <= _NINE or _A <= letter <= _F):
            return FAIL
    return at + 1


@inner_helper
def _long_character(data, at):
    """Return where a character of 2 to 4 bytes of UTF-8 ends, or FAIL (Unicode, table 3-7)."""
    first, low, high = data[at], 0x80, 0xBF  # bounds of the second byte
    more = 1 + (first >= 0xE0) + (first >= 0xF0)
    if first == 0xE0:
        low = 0xA0
    elif first == 0xED:
        high = 0x9F
    elif first == 0xF0:
        low = 0x90
    elif first == 0xF4:
        high = 0x8F
    if not (0xC2 <= first <= 0xF4 and low <= data[at + 1] <= high):
        return FAIL
    for i in range(2, more + 1):
        if not 0x80 <= data[at + i] <= 0xBF:
            return FAIL
    return at + more + 1


@inner_helper
def _integer(data, at):
    """Return the integer of at most 18 digits at ``at``, and where it ends, or FAIL."""
    digits, exponent, count, kind, end = _parts(data, at)
    if kind != INTEGER or count > 18:
        return 0, FAIL
    return -digits if data[at] == _MINUS else digits, end


@inner_helper
def _row(data, at, row):
    """Fill a row from the list of as many numbers at ``at``; return where it ends, or FAIL."""
    if data[at] != _LIST:
        return FAIL
    for i in range(row.shape[0]):
        value, at, kind = _number(data, _space(data, at + 1))
        if at == FAIL or kind == UNSURE:
            return FAIL
        row[i] = value
        at = _space(data, at)
        if data[at] != (_COMMA if i + 1 < row.shape[0] else _END_LIST):
            return FAIL
    return at + 1


@inner_helper
def _number(data, at):
    """Return the number at ``at``, where it ends, or FAIL, and INTEGER, DECIMAL or UNSURE."""
    digits, exponent, count, kind, end = _parts(data, at)
    if end == FAIL:
        return 0.0, FAIL, UNSURE
    if count > 18:
        value, sure = _many_digits(data, at, exponent)
        if not sure or (kind == INTEGER and np.isinf(value)):  # no float is so large an integer
            kind = UNSURE
    elif digits <= 2**53 and 0 <= exponent <= 22:
        value = float(digits) * _TENS[exponent]
    elif digits <= 2**53 and -22 <= exponent < 0:
        value = float(digits) / _TENS[-exponent]
    else:
        value = _nearest(np.uint64(digits), exponent)
    if data[at] == _MINUS and (value != 0.0 or kind == DECIMAL):  # the integer -0 is 0
        value = -value
    return value, end, kind


@inner_helper
def _parts(data, at):
    """Return a number as digits 10^exponent, the count of digits, INTEGER or DECIMAL, and its end.

    Digits are not valid if there are more than 18. The end is FAIL if it is not a number.
    """
    at += data[at] == _MINUS
    first, kind, exponent = at, INTEGER, 0
    digits, at = _digits(data, at, 0)
    count = at - first
    failed = count == 0 or (count > 1 and data[first] == _ZERO)
    if data[at] == _POINT:
        kind, point = DECIMAL, at + 1
        digits, at = _digits(data, point, digits)
        exponent = point - at
        count -= exponent
        failed |= exponent == 0
    if data[at] | _LOWER_CASE == _E:
        kind, sign = DECIMAL, data[at + 1]
        start = at + 1 + (sign == _MINUS or sign == _PLUS)
        power, at = _digits(data, start, 0)
        if at - start > 5:  # 10^100000 is as infinite as any higher power
            power = 100_000
        failed |= at == start
        exponent += -power if sign == _MINUS else power
    return digits, exponent, count, kind, FAIL if failed or count > MAX_DIGITS else at


@inner_helper
def _digits(data, at, value):
    """Return the value with the digits from ``at`` on behind it, and where they end."""
    while True:
        byte = data[np.uint64(at)]  # unsigned, as in _space
        if not _ZERO <= byte <= _NINE:
            return value, at
        value = 10 * value + (int(byte) - _ZERO)
        at += 1


@inner_helper
def _many_digits(data, at, exponent):
    """Return the positive number of many digits at ``at``, and whether its rounding is sure."""
    digits, count, dropped = np.uint64(0), 0, 0
    at += data[at] == _MINUS
    while _ZERO <= data[at] <= _NINE or data[at] == _POINT:
        if data[at] != _POINT:
            if count < 19:
                digits = digits * np.uint64(10) + np.uint64(data[at] - _ZERO)
                count += digits > 0
            else:
                dropped += 1
        at += 1
    value = _nearest(digits, exponent + dropped)
    above = _nearest(digits + np.uint64(1), exponent + dropped)
    return value, dropped == 0 or value == above


@inner_helper
def _nearest(digits, exponent):
    """Return the double nearest to digits 10^exponent; ``digits`` is a uint64."""
    if digits == 0 or exponent < _LOWEST:
        return 0.0
    if exponent > _HIGHEST:
        return np.inf
    shift = 0
    for step in (32, 16, 8, 4, 2, 1):
        if digits >> np.uint64(64 - step) == 0:
            digits <<= np.uint64(step)
            shift += step
    high, low = _product_of_fives(digits, exponent - _LOWEST)
    top = np.int64(high >> np.uint64(63))
    mantissa = np.int64(high >> np.uint64(top + 9))  # 53 bits, and one to round by
    power = ((217_706 * exponent) >> 16) + 63 + top - shift + 1023  # 217706 / 2^16 is log2(10)
    if power <= 0:  # subnormal: fewer bits
        mantissa >>= min(1 - power, 63)
        return float((mantissa + 1) >> 1) * _TWOS[1]
    exact = high == np.uint64(mantissa) << np.uint64(top + 9) and low <= 1
    if exact and -4 <= exponent <= 23 and mantissa & 3 == 1:
        mantissa -= 1  # half way between two doubles: the even one
    mantissa = (mantissa + 1) >> 1
    if power > 2046 or (power == 2046 and mantissa == 2**53):
        return np.inf
    return float(mantissa) * _TWOS[power]


@inner_helper
def _product_of_fives(digits, i):
    """Return the first 128 bits of digits 5^q, as two uint64; the last ones may be too small."""
    high, low = _product(digits, _FIVES[i, 0])
    if high & np.uint64(0x1FF) == 0x1FF:  # a carry would change the bits in use
        more, _ = _product(digits, _FIVES[i, 1])
        room = np.uint64(0xFFFFFFFFFFFFFFFF) - low
        if more > room:
            return high + np.uint64(1), more - room - np.uint64(1)
        low += more
    return high, low


@inner_helper
def _product(a, b):
    """Return the product of two uint64 as two uint64, the upper and the lower half."""
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    a_high, a_low, b_high, b_low = a >> half, a & mask, b >> half, b & mask
    low, high = a_low * b_low, a_high * b_high
    left, right = a_low * b_high, a_high * b_low
    middle = (low >> half) + (left & mask) + (right & mask)
    high += (left >> half) + (right >> half) + (middle >> half)
    return high, (middle << half) | (low & mask)
