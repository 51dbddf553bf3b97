import pytest

from npkpose.doctor.text_numbers import read_texts


@pytest.mark.parametrize("text, number", [
    ("12", 12), ("-3", -3), ("12.0", 12.0), ("1e3", 1000.0), (" 7 ", 7), ("9" * 25, 1e25),
])  # fmt: skip
def test_texts_of_numbers_become_numbers(text, number):
    entry = {"area": text, "bbox": [1, text], "note": text}
    assert read_texts(entry) == ["area", "bbox"]
    assert entry == {"area": number, "bbox": [1, number], "note": text}
    assert type(entry["area"]) is type(number)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1_000", "0" * 50, "1e999", "12 13"])
def test_other_texts_stay(text):
    entry = {"score": text, "keypoints": ["1", text]}
    assert read_texts(entry) == [] and entry == {"score": text, "keypoints": ["1", text]}
