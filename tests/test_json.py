import codecs

import pytest

from npkpose._json import as_id, read_json

TEXT = '{"name": "走る", "values": [1, 2.5, null]}'
CONTENT = {"name": "走る", "values": [1, 2.5, None]}


@pytest.mark.parametrize("data", [
    TEXT.encode(),
    codecs.BOM_UTF8 + TEXT.encode(),
    codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    TEXT.encode("utf-16-le"),
    codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
])
def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path, data):
    (tmp_path / "a.json").write_bytes(data)
    assert read_json(tmp_path / "a.json") == CONTENT
    assert read_json(str(tmp_path / "a.json"), object_hook=sorted) == ["name", "values"]


@pytest.mark.parametrize("data", [
    b"", b"[1", b"\xff\xff\xff", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000,
    codecs.BOM_UTF8, codecs.BOM_UTF16_LE + b"[", b"[1]]",
])
def test_anything_else_is_a_value_error_that_names_the_file(tmp_path, data):
    (tmp_path / "bad.json").write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.json: expected JSON, got "):
        read_json(tmp_path / "bad.json")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        read_json(tmp_path / "none.json")


@pytest.mark.parametrize("value, expected", [
    (7, 7), (7.0, 7), (-1.0, -1), ("7", "7"), ("", ""), (7.5, None), (float("nan"), None),
    (float("inf"), None), (True, None), (None, None), ([7], None), ({}, None),
])  # fmt: skip
def test_an_id_is_an_integer_or_text_also_if_it_was_written_as_a_float(value, expected):
    found = as_id(value)
    assert found == expected and type(found) is type(expected)
