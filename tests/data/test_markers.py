import numpy as np
import pytest

from npkpose.data import four_markers
from npkpose.data.markers import COLOURS, STYLES, paint_squares


def ink_centroid(image):
    """Centroid (x, y) of the pixels of (3, H, W) that are not white."""
    ink = (1 - image).sum(axis=0)
    y, x = np.indices(ink.shape)
    return np.array([(ink * x).sum(), (ink * y).sum()]) / ink.sum()


def test_a_square_at_a_quarter_pixel_covers_shares_of_pixels():
    images = np.ones((1, 3, 6, 8), np.float32)
    paint_squares(images, np.array([[3.25, 2.5]]), 2.0, np.zeros(3, np.float32))
    cover = 1 - images[0, 0]
    np.testing.assert_allclose(cover[2], [0, 0, 0.25, 1, 0.75, 0, 0, 0])
    np.testing.assert_allclose(cover[:, 3], [0, 0, 1, 1, 0, 0])
    assert cover.sum() == 4


def test_the_ink_of_a_single_marker_is_centred_on_its_keypoint(rng):
    for _ in range(20):
        images = np.ones((1, 3, 16, 20), np.float32)
        centre = rng.uniform(2, 13, (1, 2))
        paint_squares(images, centre, 4.0, COLOURS[3])
        np.testing.assert_allclose(ink_centroid(images[0]), centre[0], atol=1e-5)


@pytest.mark.parametrize("style", STYLES)
def test_markers_lie_inside_and_the_same_seed_gives_the_same_images(style):
    images, keypoints = four_markers(50, np.random.default_rng(3), 32, style)
    again, _ = four_markers(50, np.random.default_rng(3), 32, style)
    np.testing.assert_array_equal(images, again)
    assert images.shape == (50, 3, 32, 32) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1 and keypoints.shape == (50, 4, 2)
    edge = 2 if style == "classic" else 1.5
    assert keypoints.min() >= edge and keypoints.max() <= 30.5


def test_distinct_markers_have_four_colours_and_identical_ones_are_black():
    images, keypoints = four_markers(1, np.random.default_rng(1))
    x, y = np.rint(keypoints[0]).astype(int).T
    np.testing.assert_allclose(images[0][:, y, x].T, COLOURS, atol=1e-6)
    images, keypoints = four_markers(1, np.random.default_rng(1), style="identical")
    x, y = np.rint(keypoints[0]).astype(int).T
    assert (images[0][:, y, x] < 1e-6).all()


def test_classic_labels_are_whole_pixels_half_a_pixel_beside_the_ink():
    images, keypoints = four_markers(40, np.random.default_rng(0), style="classic")
    np.testing.assert_array_equal(keypoints, np.rint(keypoints))
    assert set(np.unique(images)) == {0, 1}  # whole pixels: nothing is anti-aliased
    gap = np.abs(keypoints[:, :, None] - keypoints[:, None]).max(axis=3) + 99 * np.eye(4)
    for n in np.flatnonzero(gap.min(axis=(1, 2)) > 4):  # images whose squares do not overlap
        offset = ink_centroid(images[n]) - keypoints[n].mean(axis=0)
        np.testing.assert_allclose(offset, (-0.5, -0.5), atol=1e-6)


def test_0_images_are_an_empty_batch():
    images, keypoints = four_markers(0, np.random.default_rng(0))
    assert images.shape == (0, 3, 64, 64) and keypoints.shape == (0, 4, 2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_images": -1}, "num_images: expected at least 0"),
        ({"size": 7}, "size: expected at least 8, got 7"),
        ({"rng": 3}, "rng: expected a numpy.random.Generator, got 3"),
        ({"style": "same"}, "style: expected one of distinct, identical, classic"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        four_markers(**{"num_images": 1, "rng": np.random.default_rng(0), **arguments})
