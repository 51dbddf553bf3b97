import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17
from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.codec.heatmap.expected_oks import expected_oks
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.metrics import oks

MAPS = arrays(np.float64, (2, 5, 4), elements=st.integers(0, 8))


def test_with_one_possible_pixel_the_expected_oks_of_an_answer_is_its_oks():
    sigmas = np.array(COCO_17.sigmas)
    heatmaps = np.zeros((17, 6, 5))
    heatmaps[:, 2, 3] = 0.7  # the height does not matter
    expected = expected_oks(heatmaps, sigmas, 20)
    for k in (0, 16):
        for y, x in ((2, 3), (2, 2), (5, 0)):
            exact = oks([[[x, y]]], [[[3, 2]]], [400], sigmas[[k]])
            assert expected[k, y, x] == pytest.approx(exact[0, 0], abs=1e-12)


@given(MAPS, st.floats(0.5, 30))
def test_it_is_the_sum_over_all_pixels_of_probability_times_oks(heatmaps, scale):
    sigmas = np.array([0.025, 0.1])
    expected = expected_oks(heatmaps, sigmas, scale)
    y, x = np.mgrid[:5, :4]
    squared = (y[..., None, None] - y) ** 2 + (x[..., None, None] - x) ** 2
    for heatmap, sigma, got in zip(heatmaps, sigmas, expected):
        similarity = np.exp(-squared / (2 * (2 * sigma * scale) ** 2))
        probability = heatmap / max(heatmap.sum(), 1)
        np.testing.assert_allclose(got, (similarity * probability).sum(axis=(2, 3)), atol=1e-12)


def test_the_best_answer_for_a_gaussian_is_its_centre():
    """Variances add up: the height is the similarity's variance over the sum of both."""
    heatmaps = gaussian_heatmaps([[[20.3, 19.6]]], 41, 2.0, dtype=np.float64)
    expected = expected_oks(heatmaps, [0.05], 30)  # a similarity of standard deviation 3
    points, scores = decode_heatmaps(expected)
    np.testing.assert_allclose(points[0, 0], (20.3, 19.6), atol=1e-6)
    assert expected.max() == pytest.approx(9 / (4 + 9), rel=0.02)


def test_of_two_near_pixels_the_best_answer_is_the_middle_for_a_hip_and_one_of_them_for_an_eye():
    heatmaps = np.zeros((2, 9, 9))
    heatmaps[:, 4, 2], heatmaps[:, 4, 6] = 0.5, 0.51
    hip, eye = expected_oks(heatmaps, [0.107, 0.025], 20)
    assert np.unravel_index(hip.argmax(), hip.shape) == (4, 4)
    assert np.unravel_index(eye.argmax(), eye.shape) == (4, 6)


def test_the_dtype_is_kept_and_a_map_of_zeros_gives_zeros():
    heatmaps = np.zeros((3, 1, 4, 5), np.float32)
    expected = expected_oks(heatmaps, [0.1], 9)
    assert expected.dtype == np.float32 and expected.shape == (3, 1, 4, 5)
    assert (expected == 0).all()
    assert expected_oks(np.ones((0, 1, 4, 5)), [0.1], 9).shape == (0, 1, 4, 5)


@pytest.mark.parametrize("height", [1e-45, 1e-3, 3e38])
def test_the_height_of_a_map_does_not_matter_and_rounding_does_not_exceed_one(height):
    heatmaps = np.full((1, 48, 32), height, np.float32)
    expected = expected_oks(heatmaps, [0.1], 1e6)
    np.testing.assert_allclose(expected, 1, rtol=1e-5)
    assert expected.max() <= 1


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="heatmaps: expected no negative values, got -1"):
        expected_oks(-np.ones((1, 4, 4)), [0.1], 9)
    with pytest.raises(ValueError, match="sigmas: expected positive numbers, got 0.0"):
        expected_oks(np.ones((1, 4, 4)), [0.0], 9)
    with pytest.raises(ValueError, match=r"sigmas: expected shape \(1\), got \(2,\)"):
        expected_oks(np.ones((1, 4, 4)), [0.1, 0.1], 9)
    with pytest.raises(ValueError, match="scale: expected more than 0, got 0"):
        expected_oks(np.ones((1, 4, 4)), [0.1], 0)
