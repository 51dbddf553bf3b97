import numpy as np
import pytest

from npkpose.tflite.flatbuffer import MAX_ITEMS, FlatBuffer
from tests.tflite.writer import flatbuffer

ROOT = {0: 7, 2: "text", 3: np.array([1, -2], "<i4"), 4: [{0: 1}, {1: 2}], 5: {}}


def test_fields_are_read_and_those_left_out_have_their_default():
    table = FlatBuffer(flatbuffer(ROOT)).root()
    assert table.number(0, "i") == 7 and table.number(1, "i", 5) == 5
    assert table.number(9, "b") == 0 and table.table(9) is None and table.span(1) is None
    assert table.text(2) == "text" and table.text(1) == "" and table.integers(3) == [1, -2]
    first, second = table.tables(4)
    assert (first.number(0, "i"), first.number(1, "i"), second.number(1, "i")) == (1, 0, 2)
    assert table.tables(1) == [] and table.table(5).number(0, "i") == 0


def test_a_file_cut_at_any_byte_is_refused_or_read():
    content = flatbuffer(ROOT)
    for size in range(len(content)):
        try:
            table = FlatBuffer(content[:size]).root()
            table.text(2), table.integers(3), table.tables(4)
        except ValueError as error:
            assert str(error).startswith("byte ")


def test_an_offset_outside_of_the_file_is_named_with_its_byte():
    content = bytearray(flatbuffer(ROOT))
    content[:4] = (2**32 - 1).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"^byte 4294967295: expected 4 bytes inside"):
        FlatBuffer(content).root()


def test_a_vector_longer_than_the_file_is_refused_before_it_is_read():
    content = flatbuffer({0: np.arange(3, dtype="<i4")})
    at = content.index(b"\3\0\0\0\0\0\0\0\1\0\0\0")
    content = content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]
    with pytest.raises(ValueError, match=rf"^byte {at}: .*got 4294967295 items"):
        FlatBuffer(content).root().integers(0)


def test_tables_that_share_a_vector_may_not_list_too_much():
    table = FlatBuffer(flatbuffer({0: np.zeros(2**16, "<i4")})).root()
    for _ in range(MAX_ITEMS // 2**16):
        table.integers(0)
    with pytest.raises(ValueError, match="items in all"):
        table.integers(0)
