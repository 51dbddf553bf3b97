import numpy as np
import pytest

from npkpose.codec.tags import fill_missing
from npkpose.codec.tags.fill_missing import best_pixel, fill_missing_keypoints
from npkpose.reference.codec.tags import fill_missing as reference


def test_the_person_gets_the_pixel_of_its_tag_even_if_another_is_higher():
    heatmaps, tags = np.zeros((1, 5, 9)), np.zeros((1, 5, 9, 1))
    heatmaps[0, 2, [1, 4, 7]], tags[0, 2, [1, 4, 7], 0] = (0.9, 0.3, 0.2), (5.0, 0.4, 0.0)
    missing = np.full((2, 1, 2), np.nan)
    filled = fill_missing_keypoints(missing, np.array([[0.0], [5.0]]), heatmaps, tags, 0.0)
    assert filled.tolist() == [[[4, 2]], [[1, 2]]]  # 0.4 rounds to 0
    strict = fill_missing_keypoints(missing, np.array([[0.0], [5.0]]), heatmaps, tags, 0.0, 0.5)
    assert strict.tolist() == [[[7, 2]], [[1, 2]]]  # 0.4 / 0.5 rounds to 1


def test_found_keypoints_and_maps_without_a_positive_pixel_stay_as_they_are():
    keypoints = np.array([[(1.5, 2.5), (np.nan, np.nan)]])
    maps = np.zeros((2, 4, 4)), np.zeros((2, 4, 4, 1))
    filled = fill_missing_keypoints(keypoints, np.zeros((1, 1)), *maps, 0.25)
    np.testing.assert_array_equal(filled, keypoints)


def test_excluded_pixels_are_skipped():
    heatmap = np.zeros((1, 1, 9))
    heatmap[0, 0, [2, 3, 4, 6]] = 0.9, 0.8, 0.7, 0.6
    exclude = np.array([[2.0, 0.0]])
    arguments = heatmap, np.zeros((1, 1, 9, 1)), np.zeros((1, 1)), np.array([0]), 1.0, exclude
    for radius, x in ((0.0, 2), (1.0, 3), (2.5, 6)):
        pixels, values = best_pixel(*arguments, exclude_radius=radius)
        assert pixels.tolist() == [[0, 0, x]] and values.tolist() == [heatmap[0, 0, x]]
    pixels, values = best_pixel(*arguments, exclude_radius=9.0)
    assert pixels.tolist() == [[0, -1, -1]] and values.tolist() == [0]


@pytest.mark.parametrize("seed", range(3))
def test_filled_in_keypoints_match_the_reference(seed):
    rng = np.random.default_rng(seed)
    heatmaps = rng.integers(-1, 4, (4, 6, 7)) / 4.0
    tags, means = rng.integers(-4, 5, (4, 6, 7, 2)) / 2.0, rng.normal(0, 2, (3, 2))
    heatmaps[0, 2, 3], heatmaps[1, 2, 3], tags[2, 0, 0] = np.nan, np.inf, np.nan
    heatmaps[3] = -1.0
    threshold = 1.0 + seed
    missing = np.full((3, 4, 2), np.nan)
    filled = fill_missing_keypoints(missing, means, heatmaps, tags, 0.0, threshold)
    for p, k in np.ndindex(3, 4):
        pixel = reference.best_pixel(heatmaps[k], tags[k], means[p], threshold)
        expected = [np.nan] * 2 if pixel is None else pixel[::-1]
        np.testing.assert_array_equal(filled[p, k], expected)


@pytest.mark.parametrize("radius", [0.0, 1.5, 20.0])
def test_best_pixels_match_the_reference(radius, rng):
    heatmaps, tags = rng.random((2, 6, 7)), rng.normal(size=(2, 6, 7, 1))
    means, maps = rng.normal(size=(8, 1)), np.arange(8) % 2
    exclude = rng.uniform(0, 6, (8, 2))
    pixels, _ = best_pixel(heatmaps, tags, means, maps, 0.5, exclude, radius)
    for (k, *pixel), mean, near in zip(pixels.tolist(), means, exclude):
        expected = reference.best_pixel(heatmaps[k], tags[k], mean, 0.5, near, radius)
        assert tuple(pixel) == ((-1, -1) if expected is None else expected)


@pytest.mark.parametrize("dims", [1, 2])
def test_in_rows_of_many_blocks_the_best_pixels_match_the_reference(dims, rng, monkeypatch):
    heatmaps = rng.integers(-1, 5, (2, 9, 75)) / 8.0  # many pixels are equally good
    tags = np.round(rng.normal(0, 3, (2, 9, 75, dims)) + np.arange(75)[:, None] / 5, 1)
    heatmaps[0, 3, 20:40], tags[1, 4, 16:32], tags[0, 5, 60] = np.inf, np.nan, np.inf
    means, maps = rng.normal(7, 6, (40, dims)), np.arange(40) % 2
    exclude = rng.uniform(0, 75, (40, 2))
    monkeypatch.setattr(fill_missing, "CHUNK", 5000)
    pixels, values = best_pixel(heatmaps, tags, means, maps, 0.7, exclude, 8.0)
    for (k, *pixel), value, mean, near in zip(pixels.tolist(), values, means, exclude):
        assert tuple(pixel) == reference.best_pixel(heatmaps[k], tags[k], mean, 0.7, near, 8.0)
        distance = np.sqrt(np.square(tags[k][tuple(pixel)] - mean).sum())
        assert value == heatmaps[k][tuple(pixel)] - np.round(distance / 0.7)


def test_filling_compiles_once_for_each_float_type():
    heatmaps, tags = np.ones((2, 4, 4)), np.zeros((2, 4, 4, 1))
    for dtype in (np.float32, np.float64):
        for missing in (1, 2):  # numpy.nonzero's indices are contiguous for one, not for two
            keypoints = np.ones((1, 2, 2))
            keypoints[:, :missing] = np.nan
            maps = heatmaps.astype(dtype), tags.astype(dtype)
            filled = fill_missing_keypoints(keypoints, np.zeros((1, 1)), *maps, 0.0)
            np.testing.assert_array_equal(filled[0, 0], (0, 0))
    assert len(getattr(fill_missing._best_pixels, "signatures", "ab")) == 2


@pytest.mark.parametrize(
    "shape, maps, message",
    [
        ((2, 5, 9, 1), [2], "maps: expected 0 up to 1, got"),
        ((2, 5, 9, 1), [-1], "maps: expected 0 up to 1, got"),
        ((1, 5, 9, 1), [1], r"tags: expected shape \(2, 5, 9, T\), got \(1, 5, 9, 1\)"),
        ((2, 5, 8, 1), [1], r"tags: expected shape \(2, 5, 9, T\)"),
        ((2, 5, 9, 2), [1], r"means: expected shape \(1, 2\), got \(1, 1\)"),
    ],
)
def test_maps_and_tags_that_do_not_fit_are_refused(shape, maps, message):
    with pytest.raises(ValueError, match=message):
        best_pixel(np.ones((2, 5, 9)), np.zeros(shape), [[0.0]], maps, 1.0, [[0, 0]])
