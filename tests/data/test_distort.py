import numpy as np
import pytest

from npkpose.data.distort import change_colours, hide_patches
from npkpose.data.people import SyntheticPeople


def test_colours_change_and_brightness_stays_correlated(rng):
    image = SyntheticPeople(1, size=48)[0].image
    before = image.copy()
    changed = [change_colours(image, rng) for _ in range(10)]
    np.testing.assert_array_equal(image, before)
    for one in changed:
        assert one.dtype == np.uint8 and one.shape == image.shape
        grey = one.mean(axis=2).ravel(), image.mean(axis=2).ravel()
        assert np.corrcoef(*grey)[0, 1] > 0.9
    assert np.ptp([one.mean() for one in changed]) > 10


def test_a_grey_image_stays_within_its_limits(rng):
    flat = np.full((4, 4, 3), 128, np.uint8)
    for _ in range(50):
        one = change_colours(flat, rng).astype(float)
        assert (abs(one - 128) <= 128 * 0.15 + 255 * 0.15 * 1.15 + 1).all()


def test_a_keypoint_becomes_hidden_exactly_where_its_pixel_is_covered():
    hidden = 0
    for seed in range(60):
        scene = SyntheticPeople(1, seed=seed, size=48)[0]
        after = hide_patches(scene, np.random.default_rng(seed), most=3)
        changed = (after.image != scene.image).any(axis=2)
        x, y = np.rint(np.nan_to_num(scene.keypoints)).astype(int).transpose(2, 0, 1)
        newly = (scene.visibility == 2) & (after.visibility == 1)
        hidden += newly.sum()
        covered = changed[y, x] & (scene.visibility == 2)
        assert not (covered & ~newly).any()  # a covered one is always hidden
        np.testing.assert_array_equal(after.visibility > 0, scene.visibility > 0)
        np.testing.assert_array_equal(after.keypoints, scene.keypoints)
        if not changed.any():
            assert not newly.any()
    assert hidden > 20


def test_bad_input_is_named(rng):
    with pytest.raises(ValueError, match="most: expected at least 0, got -1"):
        hide_patches(SyntheticPeople(1, size=32)[0], rng, most=-1)
    with pytest.raises(ValueError, match="scene: expected a Scene, got array"):
        hide_patches(np.zeros(3), rng)
    with pytest.raises(ValueError, match=r"image: expected shape \(H, W, 3\) of uint8, got"):
        change_colours(np.zeros((4, 4, 3)), rng)  # 0 to 1, or 0 to 255?
    with pytest.raises(ValueError, match="rng: expected a numpy.random.Generator, got 1"):
        change_colours(np.zeros((4, 4, 3), np.uint8), 1)
