import sys

import numpy as np
import pytest

from npkpose.image.files import read_image, write_image


def test_a_written_image_is_read_back_and_grey_becomes_rgb(tmp_path, rng):
    pil = pytest.importorskip("PIL.Image")
    image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    pil.fromarray(image[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png")[..., 2], image[..., 0])


def test_a_file_that_is_no_image_or_cut_short_is_named(tmp_path, rng):
    pytest.importorskip("PIL")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(ValueError, match="text.png"):
        read_image(tmp_path / "text.png")
    write_image(tmp_path / "a.png", rng.integers(0, 256, (50, 70, 3), dtype=np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    with pytest.raises(ValueError, match="cut.png"):
        read_image(tmp_path / "cut.png")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


def test_without_pillow_the_error_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "npkpose\[examples\]"'):
        read_image("a.png")
