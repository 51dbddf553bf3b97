import numpy as np
import pytest

from npkpose.image.opencv import resize_opencv
from npkpose.image.resize import resize


def test_a_pixel_between_two_is_their_weighted_mean():
    image = np.array([[[0], [100]]], np.uint8)  # at 1/2 i - 1/4: -1/4, 1/4, 3/4, 5/4
    assert resize_opencv(image, (1, 4))[0, :, 0].tolist() == [0, 25, 75, 100]


def test_a_window_is_the_image_cut_out_with_black_around_it():
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    around = np.pad(image, ((20, 20), (20, 20), (0, 0)))
    for x, y, width, height in ((-3, 2, 8, 8), (4, -5, 20, 11), (1, 1, 4, 3), (-20, -20, 5, 5)):
        cut = around[20 + y : 20 + y + height, 20 + x : 20 + x + width]
        found = resize_opencv(image, (6, 5), (x, y, width, height))
        np.testing.assert_array_equal(found, resize_opencv(cut, (6, 5)))
    far = resize_opencv(image, (2, 2), (-(10**9), -(10**9), 2 * 10**9, 2 * 10**9))
    assert far.shape == (2, 2, 3) and not far.any()


@pytest.mark.parametrize("seed", range(8))
def test_images_equal_those_of_opencv_and_nearly_those_of_resize(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*rng.integers(1, 90, 2), 3), dtype=np.uint8)
    size = tuple(int(n) for n in rng.integers(1, 90, 2))
    found = resize_opencv(image, size)
    assert np.abs(found.astype(int) - resize(image, size, "bilinear")).max() <= 1
    cv2 = pytest.importorskip("cv2")
    np.testing.assert_array_equal(found, cv2.resize(image, size[::-1]))


@pytest.mark.parametrize(
    "image, size, name",
    [
        (np.zeros((2, 2), np.uint8), 2, "image"),
        (np.zeros((2, 2, 3)), 2, "image"),
        (np.zeros((0, 2, 3), np.uint8), 2, "image"),
        (np.zeros((2, 2, 3), np.uint8), 0, "size"),
    ],
)
def test_wrong_arguments_are_named(image, size, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        resize_opencv(image, size)
