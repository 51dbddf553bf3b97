import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import find_peaks, gaussian_heatmaps
from npkpose.codec.heatmap import merged_peaks
from npkpose.codec.heatmap.merged_peaks import separate_peaks
from npkpose.codec.heatmap.peaks import Peaks
from npkpose.reference.codec.heatmap import merged_peaks as reference

SIZE = 21, 24
THRESHOLD = 0.1


def maps_of(*centres, sigma=1.0, heights=None):
    """One map: the highest of its Gaussians at each pixel."""
    heights = np.ones(len(centres)) if heights is None else np.array(heights)
    return (heights[:, None, None] * gaussian_heatmaps(centres, SIZE, sigma)).max(axis=0)[None]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 0.1]), st.sampled_from([0.05, 0.2]))
def test_peaks_match_the_reference(seed, noise, threshold):
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(1, 24, 2))
    centres = rng.uniform(-1, max(size), (2, rng.integers(0, 9), 2))
    sigmas, heights = rng.uniform(0.7, 1.4, 2), rng.uniform(0.2, 1, (*centres.shape[:2], 1, 1))
    maps = np.stack([gaussian_heatmaps(c, size, s) for c, s in zip(centres, sigmas)])
    maps = (heights * maps).max(axis=1, initial=0) + rng.normal(0, noise, (2, *size))
    peaks = find_peaks(maps.astype(np.float32), threshold)
    got = separate_peaks(maps, peaks, threshold)
    points, scores, first = reference.separate_peaks(maps, peaks, threshold)
    np.testing.assert_array_equal(got.first, first)
    np.testing.assert_allclose(got.points, points, atol=1e-6)
    np.testing.assert_allclose(got.scores, scores, rtol=1e-6)


@given(st.floats(0.8, 1.3), st.floats(1.2, 1.9), st.floats(0, np.pi), st.floats(0.0, 1.0))
def test_two_gaussians_with_one_maximum_are_separated(sigma, apart, angle, offset):
    middle = np.array([11 + offset, 10 - offset / 3])
    half = apart * sigma / 2 * np.array([np.cos(angle), np.sin(angle)])
    maps = maps_of(middle - half, middle + half, sigma=sigma, heights=(1.0, 0.95))
    peaks = find_peaks(maps, THRESHOLD)
    if len(peaks.points) > 1:  # a pixel lies in the dip between them
        return
    found = separate_peaks(maps, peaks, THRESHOLD).points
    if apart * sigma > 1.5:
        assert len(found) == 2
    if len(found) == 2:
        error = [np.hypot(*(found - centre).T).min() for centre in (middle - half, middle + half)]
        assert max(error) < 0.25


def test_three_in_a_row_or_in_a_triangle_are_separated():
    for centres in ([(8, 8), (9.7, 8), (11.4, 8)], [(8, 8), (9.6, 8.2), (8.9, 9.7)]):
        maps = maps_of(*centres, sigma=1.0, heights=(0.9, 1.0, 0.8))
        peaks = find_peaks(maps, THRESHOLD)
        found = separate_peaks(maps, peaks, THRESHOLD).points
        assert len(found) == 3
        for centre in centres:
            assert np.hypot(*(found - centre).T).min() < 0.4


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.0, 4.0])
def test_a_single_gaussian_stays_one_peak_in_its_place(sigma):
    rng = np.random.default_rng(0)
    for centre in rng.uniform(-0.5, 20.5, (20, 2)):
        maps = maps_of(centre, sigma=sigma)
        peaks = find_peaks(maps, THRESHOLD)
        for before, after in zip(peaks, separate_peaks(maps, peaks, THRESHOLD)):
            np.testing.assert_array_equal(before, after)


def test_a_broad_or_skew_peak_is_one():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    long = np.exp(-((x - 10) ** 2) / 18 - (y - 10) ** 2 / 2)
    skew = np.exp(-((y - 10) ** 2) / 2 - (x - 10) ** 2 / np.where(x < 10, 2, 24))
    round_ = 1 / (1 + ((x - 10) ** 2 + (y - 10) ** 2) / 4)
    for image in (long, skew, round_):
        peaks = find_peaks(image[None], THRESHOLD)
        assert len(separate_peaks(image[None], peaks, THRESHOLD).points) == len(peaks.points)


@given(
    st.floats(1.0, 3.0), st.floats(0, np.pi), st.tuples(st.floats(8, 14), st.floats(8, 12)),
    st.floats(0.8, 1.5), st.sampled_from([0.0, 0.01]),
)  # fmt: skip
def test_an_elliptic_peak_is_one(ratio, angle, centre, sigma, noise):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    u, v = np.tensordot(
        [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]],
        [x - centre[0], y - centre[1]], axes=1,
    )  # fmt: skip
    image = np.exp(-(((u / ratio) ** 2 + v**2) / (2 * sigma**2)))[None]
    image += np.random.default_rng(0).normal(0, noise, image.shape)
    peaks = find_peaks(image, THRESHOLD)
    assert len(separate_peaks(image, peaks, THRESHOLD).points) == len(peaks.points)


def test_all_peaks_are_ordered_and_known_ones_keep_their_scores():
    maps = np.concatenate([maps_of((5, 5), (6.6, 5), heights=(0.7, 0.6)), maps_of((9, 9))])
    peaks = find_peaks(maps, THRESHOLD)
    found = separate_peaks(maps, peaks, THRESHOLD)
    assert found.first.tolist() == [0, 2, 3] and (np.diff(found.scores[:2]) <= 0).all()
    assert set(peaks.scores) <= set(found.scores)


def test_no_peaks_give_no_peaks():
    none = find_peaks(np.zeros((3, 4, 5)))
    assert separate_peaks(np.zeros((3, 4, 5)), none).first.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"heatmaps": np.zeros((4, 4))}, "heatmaps: expected shape"),
        ({"heatmaps": np.full((1, 4, 4), np.nan)}, r"heatmaps\[0, 0, 0\]: expected a finite"),
        ({"heatmaps": np.zeros((2, 4, 4))}, r"peaks.first: expected shape \(3\)"),
        ({"peaks": Peaks(np.ones((1, 2)), np.ones(1), np.array([0, 50]))}, "peaks.first: expected"),
        ({"peaks": Peaks(np.ones((2, 2)), np.ones(2), np.array([-1, 2]))}, "peaks.first: expected"),
        ({"peaks": Peaks(np.ones((2, 2)), np.ones(1), np.array([0, 2]))}, "peaks.scores: expected"),
        ({"peaks": Peaks(np.full((1, 2), np.nan), np.ones(1), np.array([0, 1]))}, "peaks.points"),
        ({"threshold": 0}, "threshold: expected more than 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    peaks = Peaks(np.empty((0, 2)), np.empty(0), np.zeros(2, dtype=np.int64))
    good = {"heatmaps": np.zeros((1, 4, 4)), "peaks": peaks, "threshold": THRESHOLD}
    with pytest.raises(ValueError, match=message):
        separate_peaks(**{**good, **arguments})


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_maps_without_pixels_have_no_peaks_to_separate(size):
    maps = np.zeros((1, *size), np.float32)
    peaks = Peaks(np.zeros((1, 2)), np.ones(1), np.array([0, 1]))
    with pytest.raises(ValueError, match=r"peaks.points\[0\]: expected \(x, y\) within a pixel"):
        separate_peaks(maps, peaks, THRESHOLD)
    nothing = separate_peaks(maps, find_peaks(maps), THRESHOLD)
    assert nothing.points.shape == (0, 2) and nothing.first.tolist() == [0, 0]


def test_peaks_lie_at_most_a_pixel_outside_their_map():
    maps = np.ones((1, 4, 6), np.float32)
    for point in ((-1, -1), (6, 4)):
        peaks = Peaks(np.array([point], float), np.ones(1), np.array([0, 1]))
        assert separate_peaks(maps, peaks, THRESHOLD).points[0].tolist() == list(point)
    for point in ((-1.1, 0), (0, -1.1), (6.1, 0), (0, 4.1), (1e300, 0)):
        peaks = Peaks(np.array([(1, 1), point], float), np.ones(2), np.array([0, 2]))
        with pytest.raises(ValueError, match=r"peaks.points\[1\]: expected .* a map of \(4, 6\)"):
            separate_peaks(maps, peaks, THRESHOLD)


def test_more_peaks_than_any_crowd_has_are_refused():
    maps = np.random.default_rng(0).random((18, 140, 140)).astype(np.float32)
    peaks = find_peaks(maps)
    assert len(peaks.points) > 32768
    with pytest.raises(ValueError, match="^peaks: expected at most 32768, got .* threshold"):
        separate_peaks(maps, peaks)


@pytest.mark.parametrize("chunk", [1, 5, 12])
def test_maps_in_several_chunks_give_the_same_peaks(chunk, monkeypatch):
    rng = np.random.default_rng(1)
    people = [rng.uniform(0, 20, (count, 2)) for count in (9, 0, 3, 12, 1)]
    maps = np.stack([gaussian_heatmaps(p, SIZE, 1.0).max(axis=0, initial=0) for p in people])
    peaks = find_peaks(maps)
    expected = separate_peaks(maps, peaks)
    assert len(expected.points) > len(peaks.points)
    monkeypatch.setattr(merged_peaks, "CHUNK", chunk)
    assert len(merged_peaks._chunks(peaks.first)) > 1
    for got, wanted in zip(separate_peaks(maps, peaks), expected):
        np.testing.assert_array_equal(got, wanted)
