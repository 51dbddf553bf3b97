import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.tags import peaks as tag_peaks
from npkpose.codec.tags.peaks import find_tag_peaks, offset_pixels
from npkpose.reference.codec.tags import peaks as reference

levels = st.integers(0, 3).map(float) | st.sampled_from([np.nan, np.inf, -np.inf])
maps = arrays(np.float64, st.tuples(*[st.integers(1, n) for n in (2, 7, 7)]), elements=levels)


def test_a_peak_is_the_highest_within_two_pixels_and_its_point_moves_a_quarter():
    heatmap = np.zeros((1, 5, 9))
    heatmap[0, 2, [1, 3, 6]] = 0.5, 0.9, 0.7  # the first is within two pixels of the second
    heatmap[0, 1, 3], heatmap[0, 2, 7] = 0.2, 0.1
    peaks = find_tag_peaks(heatmap, 0.1, 30, 0.25)
    assert peaks.points.tolist() == [[3, 1.75], [6.25, 2]]  # tied neighbours give no offset
    assert peaks.pixels.tolist() == [[0, 2, 3], [0, 2, 6]] and peaks.first.tolist() == [0, 2]
    assert find_tag_peaks(heatmap, 0.1, 1, 0.0).points.tolist() == [[3, 2]]


@settings(max_examples=60)
@given(maps, st.sampled_from([0.0, 0.25]), st.sampled_from([1, 2, 30]))
def test_peaks_match_the_reference(heatmaps, offset, max_peaks):
    peaks = find_tag_peaks(heatmaps, 0.5, max_peaks, offset)
    expected = reference.find_tag_peaks(heatmaps, 0.5, max_peaks, offset)
    for k, rows in enumerate(expected):
        own = slice(peaks.first[k], peaks.first[k + 1])
        points = np.reshape([point for point, _, _ in rows], (-1, 2))
        np.testing.assert_allclose(peaks.points[own], points, rtol=0, atol=1e-12)
        assert peaks.scores[own].tolist() == [score for _, score, _ in rows]
        assert peaks.pixels[own].tolist() == [[k, *map(int, pixel)] for _, _, pixel in rows]


@given(maps, st.sampled_from([0.0, 0.25]))
def test_the_points_of_all_pixels_match_the_reference(heatmaps, offset):
    pixels = np.array([*np.ndindex(heatmaps.shape)])
    points = offset_pixels(heatmaps, pixels, offset)
    np.testing.assert_array_equal(points, reference.offset_pixels(heatmaps, pixels, offset))
    assert offset_pixels(heatmaps, pixels[:0], offset).shape == (0, 2)


def test_a_plateau_is_one_peak_at_its_centroid_with_its_first_pixel():
    heatmap = np.zeros((1, 8, 12))
    heatmap[0, 3:5, 2:9] = 1.0
    peaks = find_tag_peaks(heatmap, 0.1, 30, 0.25)
    assert peaks.points.tolist() == [[5, 3.5]] and peaks.pixels.tolist() == [[0, 3, 2]]
    heatmap[0, 5, 10] = 2.0  # higher, within two pixels of one end only
    assert find_tag_peaks(heatmap, 0.1, 30, 0.0).points.tolist() == [[10, 5]]


def test_truncation_keeps_the_best_peaks_not_the_first():
    heatmap = np.zeros((1, 40, 4))
    heatmap[0, ::5, 1] = np.arange(1, 9)
    assert find_tag_peaks(heatmap, 0.1, 3, 0.0).scores.tolist() == [8, 7, 6]


def test_border_pixels_are_peaks_and_move_only_along_the_border():
    heatmap = np.zeros((1, 6, 6), np.float32)
    heatmap[0, 0, 2], heatmap[0, 0, 3] = 1.0, 0.5
    assert find_tag_peaks(heatmap, 0.1, 30, 0.25).points.tolist() == [[2.25, 0]]
    assert offset_pixels(heatmap, np.array([[0, 0, 2]]), 0.25).tolist() == [[2.25, 0]]


def test_a_threshold_is_compared_in_the_maps_own_precision():
    heatmap = np.zeros((1, 3, 3), np.float32)
    heatmap[0, 1, 1] = 0.1
    assert len(find_tag_peaks(heatmap, 0.1, 30, 0.0).points) == 0


def test_flat_and_empty_maps_have_no_peaks():
    for shape in ((2, 4, 5), (2, 1, 1), (2, 0, 5), (0, 2, 2)):
        peaks = find_tag_peaks(np.ones(shape), 0.1, 30, 0.25)
        assert peaks.points.shape == (0, 2) and peaks.first.tolist() == [0] * (shape[0] + 1)


def test_two_specialisations_serve_every_input():
    for dtype in (np.float32, np.float64):
        find_tag_peaks(np.zeros((1, 2, 2), dtype), 0.1, 30, 0.25)
    assert len(getattr(tag_peaks._list_peaks, "signatures", [None, None])) == 2
