"""The compiled scanner of JSON: its twin is `json`, and Python's float() is exact."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._numba import COMPILES
from npkpose.metrics.coco import scan
from npkpose.metrics.coco.scan import (
    MAX_DEPTH,
    UnusualJson,
    scan_entries,
    scan_numbers,
    scan_object,
    skip_space,
    skip_value,
)
from npkpose.reference.metrics.coco import scan as reference

HARD = """0 -0 -0.0 0e9 1 -1 7.25 1e22 1e23 -1E+23 1e-22 1e-23 123456789012345678 9007199254740993
9007199254740992.5 9007199254740993 9007199254740995 9007199254740993.5 90071992547409925e-1
450359962737049625e-2 1152921504606846976.5 18446744073709551615 18446744073709551616
99999999999999999999 1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308 1e308
1e309 1e400 123456789e99999999999 2.2250738585072014e-308 2.2250738585072011e-308
4.9406564584124654e-324 5e-324 2.4703282292062327e-324 2.4703282292062328e-324 2.5e-324 1e-325
1e-400 0.1 0.30000000000000004 8.5e22 6.631236846766476e-316 3.237883913302901e-319
7.2057594037927933e16 9355950000000000000.0 6.02214076e+23
0.000000000000000000000000000000000000123 0.0000000000000000001 0.30000000000000000000000000
195.692138671875000000""".split()
NO_NUMBERS = """01 -01 00 1. .5 -.5 +1 - -- 1e 1e+ 1E- 1.e5 0x10 1_0 1e1.5 NaN Infinity -Infinity
nan inf true null "1" {} 1,, 1;2 ١""".split()


def as_bytes(text):
    """Return text or bytes as the scanner takes them: an array with a 0 after them."""
    text = text.encode() if isinstance(text, str) else text
    return np.frombuffer(bytearray(text) + b"\0", np.uint8)


def bits(numbers):
    return np.asarray(numbers, dtype=float).view(np.int64).tolist()


def random_numbers(rng, count):
    """Return texts of numbers: doubles of any bits, short and long decimals, and near ties."""
    doubles = np.frombuffer(rng.bytes(8 * count), np.float64)
    texts = [repr(x) for x in doubles[np.isfinite(doubles)].tolist()]
    texts += [near_tie(float(x), rng) for x in texts[: count // 4]]
    digits, powers = rng.integers(0, 10**18, count), rng.integers(-345, 312, count)
    shorter = 10 ** rng.integers(0, 18, count)
    texts += [f"{digit}e{power}" for digit, power in zip(digits // shorter, powers)]
    return texts + [f"{d / 10**6}" for d in rng.integers(-(10**10), 10**10, count).tolist()]


def near_tie(x, rng):
    """Return a decimal of up to 19 digits next to the middle of two doubles."""
    middle = (Fraction(x) + Fraction(math.nextafter(x, 0.0))) / 2
    if middle == 0:
        return "0"
    power = math.floor(math.log10(abs(x) or 5e-324)) - 17
    return f"{round(middle / Fraction(10) ** power) + int(rng.integers(-1, 2))}e{power}"


def test_hard_numbers_are_rounded_as_float_does():
    got = scan_numbers(as_bytes("[" + ", ".join(HARD) + "]"))
    expected = [0.0 if text == "-0" else float(text) for text in HARD]  # json: -0 is an integer
    assert bits(got) == bits(expected)


@pytest.mark.parametrize("seed", range(3))
def test_random_numbers_are_rounded_as_float_does(seed):
    texts = random_numbers(np.random.default_rng(seed), 300 if not COMPILES else 5000)
    data = as_bytes(f"[{','.join(texts)}]")
    assert bits(scan_numbers(data)) == bits([float(text) for text in texts])
    assert bits(scan_numbers(data)) == bits(reference.scan_numbers(data))


def test_numbers_of_more_than_19_digits_are_rounded_or_left_to_json(rng):
    texts = [f"0.{int.from_bytes(rng.bytes(14))}" for _ in range(300)]
    for k in range(10, 60):
        for odd in range(4):
            texts += [str((2**53 + odd) * 2**k + more) for more in (-1, 0, 1, 2 ** (k - 1))]
    read = 0
    for text in texts:
        try:
            assert bits(scan_numbers(as_bytes(f"[{text}]"))) == bits([float(text)])
            read += 1
        except UnusualJson:
            pass
    assert 0.6 * len(texts) < read < len(texts)
    with pytest.raises(UnusualJson):  # v is half way between two doubles
        scan_numbers(as_bytes("[9007199254740993.0000000000000000000001]"))


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_of_json_is_refused(text):
    for data in (f"[{text}]", f"[1, {text}]", f"[{text}, 1]", text):
        with pytest.raises(UnusualJson):
            scan_numbers(as_bytes(data))


def test_numbers_of_too_many_digits_are_left_to_json():
    assert scan_numbers(as_bytes(f"[{'1' * 300}]"))[0] == float("1" * 300)
    for text in ("9" * 309, "1" * 700, "0." + "1" * 700, "-" + "9" * 5000):
        with pytest.raises(UnusualJson):
            scan_numbers(as_bytes(f"[{text}]"))


# Any JSON


def random_value(rng, depth=3):
    """Return a value of JSON: null, a number, text, a list or an object."""
    kind = rng.integers(0, 8 if depth else 6)
    if kind < 3:
        return [None, True, False, 1, -7, 0.5, 1e300, 10**30][rng.integers(0, 8)]
    if kind < 6:
        texts = "", "id", 'a "quoted" \\ word', "é ü 漢字 😀 \x7f", "\n\t\0\ud800", "]}"
        return texts[rng.integers(0, 6)]
    items = [random_value(rng, depth - 1) for _ in range(rng.integers(0, 4))]
    return items if kind == 6 else {str(random_value(rng, 0)): item for item in items}


def write_json(value, rng):
    """Return a text of this value: any white space, any order of keys, numbers in any form."""
    space = lambda: ["", "", "", " ", "\n", "\r\n\t "][rng.integers(0, 6)]  # noqa: E731
    if isinstance(value, dict):
        keys = [list(value)[i] for i in rng.permutation(len(value))]
        pairs = (
            f"{space()}{write_json(key, rng)}{space()}:{space()}"
            f"{write_json(value[key], rng)}{space()}" for key in keys
        )  # fmt: skip
        return "{" + (",".join(pairs) or space()) + "}"
    if isinstance(value, list):
        items = (f"{space()}{write_json(item, rng)}{space()}" for item in value)
        return "[" + (",".join(items) or space()) + "]"
    if type(value) is float and math.isfinite(value):
        forms = repr(value), f"{value:.17e}", f"{value:.20e}".replace("e", "E")
        return forms[rng.integers(0, len(forms))]
    has_surrogate = isinstance(value, str) and "\ud800" in value
    return json.dumps(value, ensure_ascii=has_surrogate or rng.random() < 0.5)


def random_entry(rng, num_keypoints):
    """Return an annotation or result; some fields are missing, some of another kind."""

    def number():
        return [0, 1, 2, -5, 7.5, 640.25, 1e-3, rng.normal() * 100][rng.integers(0, 8)]

    usual = {
        **{field: int(rng.integers(-3, 10**9)) for field in scan.IDS},
        **{field: number() for field in scan.NUMBERS},
        "bbox": [number() for _ in range(4)],
        "keypoints": [number() for _ in range(3 * num_keypoints)],
    }
    if rng.random() < 0.3:
        usual["segmentation"] = random_value(rng)
    for field in list(usual):
        if rng.random() < 0.05:
            usual[field] = random_value(rng)
        elif rng.random() < 0.05:
            del usual[field]
    return usual | {f"more {i}": random_value(rng) for i in range(rng.integers(0, 3))}


@given(st.integers(0, 2**32 - 1))
def test_any_value_ends_where_json_says(seed):
    rng = np.random.default_rng(seed)
    data = as_bytes("\t[" + write_json(random_value(rng), rng) + " ,1]")
    start = skip_space(data, 2)
    assert skip_space(data, 0) == reference.skip_space(data, 0) == 1
    assert skip_value(data, start) == reference.skip_value(data, start)


@given(st.integers(0, 2**32 - 1))
def test_the_columns_of_random_entries_equal_the_reference(seed):
    rng = np.random.default_rng(seed)
    count, visibility = rng.integers(1, 4), bool(rng.random() < 0.5)
    entries = [random_entry(rng, count) for _ in range(rng.integers(0, 5))]
    data = as_bytes(write_json(entries, rng) + "7")
    got, end = scan_entries(data, 0, count, visibility)
    expected, expected_end = reference.scan_entries(data, 0, count, visibility)
    assert end == expected_end == len(data) - 2
    state = expected[4]
    np.testing.assert_array_equal(got.state, state)
    for column, wanted, fields in (
        (got.ids, expected[0], state[:, :3]), (got.numbers, expected[1], state[:, 3:7]),
        (got.boxes, expected[2], state[:, 7:8]),
        (got.row[:, None], expected[3][:, None], state[:, 8:9]),
    ):  # fmt: skip
        is_usual = np.broadcast_to(fields == scan.USUAL, column.shape)
        assert bits(column[is_usual]) == bits(wanted[is_usual])
    assert bits(got.points) == bits(expected[5])
    if visibility:
        assert bits(got.visibility) == bits(expected[6])


@given(st.integers(0, 2**32 - 1))
def test_an_object_s_values_equal_the_reference(seed):
    rng = np.random.default_rng(seed)
    names = "images", "annotations"
    content = {name: random_value(rng) for name in names if rng.random() < 0.8}
    content |= {f"other {i}": random_value(rng) for i in range(1 - len(content), 3)}
    data = as_bytes(write_json(content, rng) + " ")

    def span(at):
        return json.loads(data[at : skip_value(data, at)].tobytes()), skip_value(data, at)

    got = scan_object(data, 0, dict.fromkeys(names, span))
    assert got == reference.scan_object(data, 0, dict.fromkeys(names, span))
    assert got[0] == {name: content[name] for name in names if name in content}


REFUSED = [
    "", "[", "[1", "[1,", "[1,]", "[,1]", "[1 1]", '{"a"}', '{"a":}', '{"a":1,}', '{"a":1 "b":2}',
    "{1:2}", "{'a':1}", '{"a":1]', "[1}", "tru", "nul", "falsy", "True", "NaN", '"', '"a', '"\\"',
    '"\\x"', '"\\u12g4"', '"\\u123"', '"\t"', '"a\nb"', '"\x00"', "/* a */ 1", "[[]", "]", "}", ":",
    ",", "-", "[1]2", "\ufeff1",
]  # fmt: skip
BAD_UTF8 = [b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3(", b"\xe0\x9f\xbf", b"\xed\xa0\x80",
            b"\xe2\x82", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff",
            b"\xf0\x9f\x98", b"\xe2(\xa1"]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(UnusualJson):
        data = as_bytes(text)
        if skip_space(data, skip_value(data, skip_space(data, 0))) != len(data) - 1:
            raise UnusualJson
    if text:
        for around in ('[{"more": %s}]', '[{"id": 1, "more": [%s]}]', '[{"id": 1}, %s]'):
            with pytest.raises(UnusualJson):
                scan_entries(as_bytes(around % text), 0, 1, False)
        with pytest.raises(UnusualJson):
            scan_object(as_bytes(text), 0, {"images": None})


@pytest.mark.parametrize("text", BAD_UTF8)
def test_what_is_no_utf_8_is_refused(text):
    data = as_bytes(b'["' + text + b'"]')
    with pytest.raises(UnicodeDecodeError):
        data[:-1].tobytes().decode()
    with pytest.raises(UnusualJson):
        skip_value(data, 0)


def test_every_character_of_unicode_is_read():
    step = 997 if not COMPILES else 1
    text = "".join(map(chr, [*range(0x80, 0xD800, step), *range(0xE000, 0x110000, step)]))
    data = as_bytes(f'["{text}"]')
    assert skip_value(data, 0) == len(data) - 1


def test_nesting_is_read_down_to_a_bound():
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, 100_000):
        for text in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
            data = as_bytes(text)
            if depth == MAX_DEPTH:
                assert skip_value(data, 0) == len(data) - 1
            else:
                with pytest.raises(UnusualJson):
                    skip_value(data, 0)


@pytest.mark.parametrize("entry", [
    '{"id": 1, "id": 1}', '{"score": 1, "id": 2, "score": 1}', '{"i\\u0064": 1}', '{"id": NaN}',
    '{"bbox": [1, 2, 3, Infinity]}', "{", '{"id"', '{"id":', '{"id": 1', '{"id": 1,', "7", "null",
])  # fmt: skip
def test_entries_that_only_json_reads_are_left_to_it(entry):
    with pytest.raises(UnusualJson):
        scan_entries(as_bytes(f"[{entry}]"), 0, 1, False)
    with pytest.raises(UnusualJson):
        scan_entries(as_bytes("[{}]"), 0, 0, False)


def test_cut_off_or_damaged_entries_are_refused_or_still_json(rng):
    good = write_json([random_entry(rng, 2) for _ in range(4)], rng).encode()
    for end in range(len(good)):
        with pytest.raises(UnusualJson):
            scan_entries(as_bytes(good[:end]), 0, 2, True)
    read = 0
    for _ in range(300 if not COMPILES else 5000):
        damaged = bytearray(good)
        for _ in range(rng.integers(1, 3)):
            junk = b'\0"\\{}[],:0-e.9 ntf\x80\xc3\xff'
            damaged[rng.integers(len(damaged))] = junk[rng.integers(len(junk))]
        try:
            got, end = scan_entries(as_bytes(damaged), 0, 2, True)
        except UnusualJson:
            continue
        assert len(json.loads(damaged[:end].decode())) == len(got.state)
        read += 1
    assert read > 5


def test_data_without_a_0_at_the_end_are_refused():
    for data, at in ((as_bytes("[1]")[:-1], 0), (as_bytes("[1]")[:0], 0), (as_bytes("1"), 2)):
        for read in (
            skip_space, skip_value, lambda data, at: scan_entries(data, at, 1, True),
            lambda data, at: scan_object(data, at, {"images": None}),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="data: expected"):
                read(data, at)


def test_one_specialisation_serves_every_input():
    scan_entries(as_bytes('[{"id": 1, "bbox": [1, 2, 3, 4], "a": []}]'), 0, 1, False)
    scan_entries(as_bytes("[]"), 0, 2, True)
    scan_numbers(as_bytes("[1]"))
    skip_value(as_bytes("[1]"), skip_space(as_bytes("[1]"), 0))
    for name in ("_list", "_row", "_skip", "_space", "_count"):
        assert len(getattr(getattr(scan, name), "signatures", [None])) == 1


def test_the_bits_of_powers_of_five_are_those_of_exact_integers():
    for q in (-342, -28, -27, -1, 0, 1, 27, 55, 56, 308):
        high, low = map(int, scan._FIVES[q + 342])
        exact = Fraction(5) ** q * Fraction(2) ** (127 - math.floor(math.log2(5) * q))
        got = (high << 64) + low
        assert got == (math.ceil(exact) if -27 <= q < 0 else math.floor(exact))
