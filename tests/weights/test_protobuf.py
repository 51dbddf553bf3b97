"""The wire format of protobuf: the specification's examples, and integers of any size."""

from hypothesis import given
from hypothesis import strategies as st

from npkpose.weights.protobuf import BYTES, VARINT, read_fields, read_varint, signed


def varint(value):
    """The simplest encoder: base 128, lowest digit first."""
    value %= 2**64
    digits = [value % 128]
    while value := value // 128:
        digits.append(value % 128)
    return bytes(digit + 128 for digit in digits[:-1]) + bytes(digits[-1:])


def test_the_specification_prints_150_as_these_two_bytes():
    assert read_varint(b"\x96\x01", 0, 2) == (150, 2)
    assert list(read_fields(b"\x08\x96\x01", 0, 3)) == [(1, VARINT, 150, 0)]
    assert list(read_fields(b"\x12\x07testing", 0, 9)) == [(2, BYTES, (2, 9), 0)]


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_varint_is_decoded(value):
    content = varint(value)
    value_read, end = read_varint(content, 0, len(content))
    assert signed(value_read) == value and end == len(content)
