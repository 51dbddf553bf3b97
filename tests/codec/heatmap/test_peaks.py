import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.decode import REFINEMENTS, decode_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmap, gaussian_heatmaps
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.reference.codec.heatmap import peaks as reference

levels = st.integers(0, 3).map(float) | st.sampled_from([np.nan, np.inf, -np.inf])
maps = arrays(np.float64, st.tuples(*[st.integers(1, n) for n in (2, 7, 7)]), elements=levels)


def of_map(peaks, k):
    """The peaks of map k in the twin's form: rows of x, y, score."""
    own = slice(peaks.first[k], peaks.first[k + 1])
    return np.column_stack([peaks.points[own], peaks.scores[own]])


def test_two_gaussians_give_their_two_centres_the_higher_first():
    heatmap = np.maximum(
        0.6 * gaussian_heatmap((30, 40), 8.3, 9.6, dtype=np.float64),
        0.9 * gaussian_heatmap((30, 40), 27.8, 20.1, dtype=np.float64),
    )
    peaks = find_peaks(heatmap[None])
    np.testing.assert_allclose(peaks.points, [(27.8, 20.1), (8.3, 9.6)], rtol=0, atol=1e-9)
    assert peaks.first.tolist() == [0, 2] and peaks.scores[0] > peaks.scores[1]


@given(maps, st.sampled_from(REFINEMENTS), st.sampled_from([0.0, 1.0, 2.5]))
def test_peaks_match_the_reference(heatmaps, refine, min_distance):
    for max_peaks in (None, 1, 2):
        peaks = find_peaks(heatmaps, 0.5, refine, min_distance, max_peaks)
        expected = reference.find_peaks(heatmaps, 0.5, refine, min_distance, max_peaks)
        for k, rows in enumerate(expected):
            np.testing.assert_allclose(of_map(peaks, k), rows, rtol=0, atol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True, max_size=16))
def test_separate_gaussians_are_all_recovered_border_included(cells):
    centres = np.array(cells, float).reshape(-1, 2) * 10.25
    heatmaps = gaussian_heatmaps(centres[:, None], 32, 1.5, dtype=np.float64)  # (P, 1, H, W)
    heatmap = heatmaps.max(axis=0, initial=0.0)
    peaks = find_peaks(heatmap if len(centres) else np.zeros((1, 32, 32)))
    found = peaks.points[np.lexsort(peaks.points.T.round(3))]
    np.testing.assert_allclose(found, centres[np.lexsort(centres.T)], rtol=0, atol=1e-3)


@pytest.mark.parametrize("width", [16, 17, 37, 64])
def test_peaks_of_wide_maps_match_the_reference(width):
    rng = np.random.default_rng(width)
    heatmaps = rng.choice([0.0, 1.0, 2.0, 3.0, np.nan, np.inf], (2, 5, width))
    peaks = find_peaks(heatmaps)
    for k, expected in enumerate(reference.find_peaks(heatmaps)):
        np.testing.assert_allclose(of_map(peaks, k), expected, rtol=0, atol=1e-12)


@given(arrays(np.float64, (1, 6, 6), elements=st.integers(0, 40).map(float)))
def test_the_best_peak_is_where_the_map_decodes_to(heatmap):
    heatmap[0, 2, 3] = heatmap.max() + 1
    np.testing.assert_array_equal(
        find_peaks(heatmap, 0.0).points[0], decode_heatmaps(heatmap[None])[0][0, 0]
    )


def test_a_plateau_of_any_shape_is_one_peak_and_none_beside_a_higher_pixel():
    vee = np.zeros((1, 5, 7))
    vee[0, [0, 1, 2, 1, 0], [1, 2, 3, 4, 5]] = 1.0
    assert find_peaks(vee, refine="argmax").points.tolist() == [[3.0, 0.8]]
    vee[0, 3, 3] = 2.0
    assert find_peaks(vee, refine="argmax").points.tolist() == [[3.0, 3.0]]


def test_suppression_and_truncation_keep_the_best_not_the_first():
    heatmap = np.zeros((1, 9, 40))
    heatmap[0, 4, [10, 14, 30]] = 0.3, 0.95, 0.5
    assert find_peaks(heatmap, min_distance=6.0).scores.tolist() == [0.95, 0.5]
    assert find_peaks(heatmap, max_peaks=1).scores.tolist() == [0.95]
    assert find_peaks(heatmap, 0.5).scores.tolist() == [0.95]  # above, not at, the threshold


@pytest.mark.parametrize("value", [0.0, 0.7, np.nan, np.inf])
def test_a_flat_map_has_no_peak(value):
    peaks = find_peaks(np.full((2, 4, 5), value))
    assert len(peaks.points) == 0 and peaks.first.tolist() == [0, 0, 0]


def test_no_maps_and_empty_maps_give_no_peaks():
    assert find_peaks(np.empty((0, 4, 5))).first.tolist() == [0]
    assert find_peaks(np.empty((2, 0, 5))).first.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"heatmaps": np.zeros((4, 5))}, r"heatmaps: expected shape \(K, H, W\), got \(4, 5\)"),
        ({"heatmaps": np.zeros((1, 2, 2), object)}, "heatmaps: expected real numbers"),
        ({"threshold": np.nan}, "threshold: expected a finite number"),
        ({"refine": "dart"}, "refine: expected one of"),
        ({"min_distance": -1}, "min_distance: expected at least 0, got -1"),
        ({"max_peaks": 0}, "max_peaks: expected at least 1, got 0"),
        ({"max_peaks": 1.5}, "max_peaks: expected an integer, got 1.5"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        find_peaks(**{"heatmaps": np.zeros((1, 2, 2)), **arguments})


def test_a_map_of_one_pixel_has_no_peak():
    assert len(find_peaks(np.full((2, 1, 1), 0.7)).points) == 0


def test_many_peaks_are_cut_and_thinned_in_each_map_by_score():
    maps = np.random.default_rng(0).random((3, 50, 40))
    every = find_peaks(maps)
    few = find_peaks(maps, max_peaks=7)
    assert np.diff(few.first).tolist() == [7, 7, 7]
    for k in range(3):
        best = every.points[every.first[k] :][:7]
        np.testing.assert_array_equal(few.points[7 * k : 7 * k + 7], best)
    for distance in (0.7, 3.0, 11.5):
        thin = find_peaks(maps, min_distance=distance)
        for k, expected in enumerate(reference.find_peaks(maps, min_distance=distance)):
            own = thin.points[thin.first[k] : thin.first[k + 1]]
            np.testing.assert_allclose(own, expected[:, :2], atol=1e-9)
    assert len(find_peaks(maps, max_peaks=10**30).points) == len(every.points)


def test_every_peak_is_listed_however_many_there_are():
    maps = np.zeros((2, 130, 140), np.float32)
    maps[:, ::2, ::2] = np.arange(65 * 70).reshape(65, 70) + 1
    peaks = find_peaks(maps, refine="argmax")
    assert peaks.first.tolist() == [0, 4550, 9100]
    expected = np.argwhere(maps[0] > 0)[::-1, ::-1]  # the highest first
    np.testing.assert_array_equal(peaks.points, np.concatenate([expected, expected]))
    np.testing.assert_array_equal(peaks.scores[:4550], np.arange(4550, 0, -1))


def test_a_plateau_of_many_pixels_is_one_peak_at_its_middle():
    maps = np.zeros((1, 90, 80), np.float32)
    maps[0, 10:80, 5:75] = 1.0  # 4,900 pixels
    peaks = find_peaks(maps, refine="argmax")
    np.testing.assert_allclose(peaks.points, [(39.5, 44.5)], rtol=0, atol=1e-9)
