import pathlib

import numpy as np
import pytest

from npkpose.pipeline.source import is_batch, per_picture, read_picture

PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize(("image", "several"), [
    (PICTURE, False), ("a.png", False), (pathlib.Path("a.png"), False), (7, False), (None, False),
    (PICTURE[None], True), ([PICTURE], True), (("a.png", PICTURE), True), ([], True),
])
def test_one_picture_or_several(image, several):
    assert is_batch(image) == several


def test_a_path_is_read_and_an_array_taken_as_it_is(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    write_image(tmp_path / "a.png", PICTURE)
    for source in (PICTURE, tmp_path / "a.png", str(tmp_path / "a.png")):
        np.testing.assert_array_equal(read_picture(source), PICTURE)


def test_each_picture_has_its_own():
    assert per_picture("boxes", None, 2) == [None, None]
    assert per_picture("boxes", ("a", "b"), 2) == ["a", "b"]
    with pytest.raises(ValueError, match="boxes: expected an item for each of 2 pictures, got 1"):
        per_picture("boxes", ["a"], 2)


@pytest.mark.parametrize("image", [PICTURE[0], PICTURE * 1.0, PICTURE[:0], 7, None])
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(ValueError, match=r"image: expected shape \(H, W, 3\) of uint8"):
        read_picture(image)
