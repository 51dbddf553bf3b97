import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import Poses, Skeleton
from npkpose.image.draw import draw_poses
from npkpose.image.files import read_image, write_image
from npkpose.image.resize import resize

pictures = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def test_halving_takes_the_mean_of_each_block_and_doubling_interpolates():
    image = np.array([[0, 4, 8, 8], [8, 12, 8, 8]], np.float32)
    assert resize(image, (1, 2)).tolist() == [[6, 8]]
    np.testing.assert_allclose(resize(np.array([[0.0, 4.0]]), (1, 4)), [[0, 1, 3, 4]])
    assert resize(np.array([[0.0, 4.0]]), (1, 4), "nearest").tolist() == [[0, 0, 4, 4]]


@given(pictures, st.integers(1, 12), st.integers(1, 12))
def test_resizing_keeps_dtype_range_and_a_constant(image, height, width):
    resized = resize(image, (height, width))
    assert resized.shape == (height, width, 3) and resized.dtype == np.uint8
    assert resized.min() >= image.min() and resized.max() <= image.max()
    np.testing.assert_array_equal(resize(image, image.shape[:2]), image)


@given(pictures, st.integers(1, 4))
def test_shrinking_by_a_whole_factor_keeps_the_mean(image, factor):
    large = np.repeat(np.repeat(image, factor, axis=0), factor, axis=1).astype(float)
    np.testing.assert_allclose(resize(large, image.shape[:2]), image, atol=1e-3)


def test_opencv_gives_the_same_to_one_grey_level(rng):
    cv2 = pytest.importorskip("cv2")
    image = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    for size, method, flag in (
        ((20, 31), "area", cv2.INTER_AREA),
        ((80, 90), "bilinear", cv2.INTER_LINEAR),
        ((20, 31), "bilinear", cv2.INTER_LINEAR),
    ):
        expected = cv2.resize(image, size[::-1], interpolation=flag).astype(int)
        assert abs(resize(image, size, method) - expected).max() <= 1


def test_a_written_picture_reads_back_and_grey_becomes_rgb(tmp_path, rng):
    pil = pytest.importorskip("PIL.Image")
    image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    pil.fromarray(image[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png")[..., 2], image[..., 0])


def test_a_picture_that_is_none_or_cut_short_is_refused_by_path(tmp_path, rng):
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


def test_skeletons_are_drawn_where_they_are_and_absent_keypoints_are_not():
    pytest.importorskip("PIL")
    skeleton = Skeleton("ARM", ("a", "b", "c"), ((0, 1), (1, 2)))
    image = np.full((40, 60, 3), 100, np.uint8)
    poses = Poses([[(10, 20), (50, 20), (np.nan, np.nan)]])
    drawn = draw_poses(image, poses, skeleton, width=2)
    changed = (drawn != image).any(axis=2)
    assert changed[20, 12:48].all() and not changed[:15].any() and not changed[26:].any()
    assert (image == 100).all()
    np.testing.assert_array_equal(draw_poses(image, Poses.empty(3), skeleton), image)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.zeros(3), 4), "image: expected shape"),
        ((np.zeros((0, 3)), 4), "image: expected shape"),
        ((np.zeros((2, 2), complex), 4), "image: expected real numbers"),
        ((np.zeros((2, 2)), 0), "size: expected at least 1"),
        ((np.zeros((2, 2)), 4, "cubic"), "method: expected one of"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        resize(*arguments)
