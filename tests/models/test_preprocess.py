import numpy as np
import pytest

from npkpose.models.preprocess import check_multiples, check_sides, to_input


def test_channels_come_first_and_each_has_its_own_scale():
    image = np.zeros((2, 4, 3), np.uint8)
    image[1, 2] = 255, 51, 0  # red, green, blue
    x = to_input(image, 2, (0.5, 0.2, 0.1), (0.5, 1.0, 0.1))
    assert x.shape == (1, 3, 2, 4) and x.dtype == np.float32 and x.flags.c_contiguous
    np.testing.assert_allclose(x[0, :, 1, 2], [1.0, 0.0, -1.0], rtol=0, atol=1e-6)


def test_a_batch_is_its_images_and_bgr_is_rgb_in_reverse_order(rng):
    images = rng.integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    x = to_input(images, 2, 0.5, 0.25)
    assert x.shape == (3, 3, 4, 6)
    np.testing.assert_array_equal(x[1:2], to_input(images[1], 2, 0.5, 0.25))
    np.testing.assert_array_equal(x[:, ::-1], to_input(images, 2, 0.5, 0.25, bgr=True))
    assert to_input(images[:0], 2, 0.5, 0.25).shape == (0, 3, 4, 6)


@pytest.mark.parametrize("image, message", [
    (np.zeros((16, 16), np.uint8), r"image: expected shape \(H, W, 3\) or \(N, H, W, 3\) of uint8"),
    (np.zeros((16, 16, 4), np.uint8), r"image: expected shape .* got \(16, 16, 4\)"),
    (np.zeros((16, 16, 3)), "image: expected .* of float64"),
    ([[1], [1, 2]], "image: expected an array of real numbers, got list"),
    (np.zeros((16, 20, 3), np.uint8), r"image: .* multiples of 16, got \(16, 20\)"),
    (np.zeros((0, 16, 3), np.uint8), r"image: .* multiples of 16, got \(0, 16\)"),
])  # fmt: skip
def test_a_wrong_shape_dtype_or_size_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        to_input(image, 16, 0.5, 0.5)


def test_an_error_has_the_name_of_the_argument():
    check_multiples("x", (32, 64), 32)
    with pytest.raises(ValueError, match=r"x: expected height and width .* got \(32,\)"):
        check_multiples("x", (32,), 32)


def test_what_are_no_images_with_sides_in_multiples_is_refused():
    check_sides(np.zeros((0, 3, 32, 64)), 32)
    for x in (np.zeros((1, 3, 32, 40)), np.zeros((32, 32)), [[1], [1, 2]], None):
        with pytest.raises(ValueError, match="^x: expected"):
            check_sides(x, 32)
