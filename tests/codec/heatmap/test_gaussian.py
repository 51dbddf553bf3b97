import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import Grid, gaussian_heatmap, gaussian_heatmaps
from npkpose.codec.heatmap.decode import decode_heatmaps

eighths = st.integers(-80, 240).map(lambda i: i / 8)


def test_every_pixel_has_the_value_of_the_formula():
    heatmap = gaussian_heatmap((3, 4), 1.5, 1.0, sigma=2.0)
    assert heatmap.shape == (3, 4) and heatmap.dtype == np.float32
    for y in range(3):
        for x in range(4):
            expected = np.exp(-((x - 1.5) ** 2 + (y - 1) ** 2) / 8)
            assert abs(heatmap[y, x] - expected) < 1e-7
    assert gaussian_heatmap(5, 2, 3)[3, 2] == 1


@given(eighths, eighths, st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_the_batch_form_equals_the_single_form_outside_the_map_too(cx, cy, sigma):
    batch = gaussian_heatmaps([[[cx, cy]], [[cy, cx]]], (20, 30), sigma)
    np.testing.assert_array_equal(batch[0, 0], gaussian_heatmap((20, 30), cx, cy, sigma))
    np.testing.assert_array_equal(batch[1, 0], gaussian_heatmap((20, 30), cy, cx, sigma))


@given(eighths, eighths)
def test_exchanging_x_and_y_transposes_the_map(cx, cy):
    there = gaussian_heatmap((12, 17), cx, cy)
    np.testing.assert_array_equal(there.T, gaussian_heatmap((17, 12), cy, cx))


def test_missing_keypoints_and_visibility_0_give_empty_maps():
    keypoints = [[(3, 4), (np.nan, np.nan), (5, 6), (np.nan, 2)]]
    heatmaps = gaussian_heatmaps(keypoints, 10, visibility=[[2, 2, 0, 1]])
    assert heatmaps.shape == (1, 4, 10, 10)
    assert heatmaps[0, 0].max() == 1 and not heatmaps[0, 1:].any()


def test_empty_batches_and_zero_people_keep_their_shape():
    assert gaussian_heatmaps(np.empty((0, 17, 2)), (8, 6)).shape == (0, 17, 8, 6)
    assert gaussian_heatmaps(np.empty((2, 0, 2)), 8).shape == (2, 0, 8, 8)


@given(st.tuples(eighths, eighths), st.sampled_from(["index", "centre", "corner"]))
def test_decoding_undoes_encoding_on_every_grid(point, convention):
    grid = Grid(4.0, convention)
    point = np.clip(point, 0, 30)
    heatmaps = gaussian_heatmaps([[point]], 32, grid=grid, dtype=np.float64)
    np.testing.assert_allclose(decode_heatmaps(heatmaps, grid=grid)[0][0, 0], point, atol=1e-6)


@given(st.tuples(eighths, eighths), st.sampled_from(["index", "centre", "corner"]))
def test_decoding_a_rounded_target_gives_the_nearest_pixel(point, convention):
    grid = Grid(4.0, convention)
    point = np.clip(point, 2, 30)
    heatmaps = gaussian_heatmaps([[point]], 32, grid=grid, dtype=np.float64, round_centres=True)
    assert heatmaps.max() == 1
    pixel = np.floor(grid.to_map(point, 32) + 0.5)
    np.testing.assert_allclose(decode_heatmaps(heatmaps)[0][0, 0], pixel, rtol=0, atol=1e-9)


def test_the_keypoints_are_not_modified():
    keypoints = np.array([[[1.0, np.nan], [2.0, 3.0]]])
    before = keypoints.copy()
    gaussian_heatmaps(keypoints, 8, visibility=np.array([[1, 0]]))
    np.testing.assert_array_equal(keypoints, before)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sigma": 0}, "sigma: expected more than 0, got 0"),
        ({"sigma": -1.0}, "sigma: expected more than 0"),
        ({"sigma": np.nan}, "sigma: expected a finite number"),
        ({"sigma": "2"}, "sigma: expected a finite number"),
        ({"dtype": "half"}, "dtype: expected one of float32, float64, got 'half'"),
        ({"size": 0}, "size: expected at least 1, got 0"),
        ({"size": (4, 5, 6)}, r"size: expected an int or \(H, W\)"),
        ({"size": 2.5}, "size: expected an integer"),
        ({"size": None}, "size: expected an"),
        ({"keypoints": [[1, 2, 3]]}, r"keypoints: expected shape \(..., K, 2\)"),
        ({"keypoints": [[np.inf, 2]]}, r"keypoints\[0, 0\]: expected a finite value, got inf"),
        ({"keypoints": [[1j, 2]]}, "keypoints: expected real numbers"),
        ({"keypoints": 3.0}, "keypoints: expected shape"),
        ({"visibility": [1]}, "visibility: expected shape"),
        ({"visibility": [1, np.nan]}, r"visibility\[1\]: expected a finite value"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        gaussian_heatmaps(**{"keypoints": [[1, 2], [3, 4]], "size": 8, **arguments})
    if "keypoints" not in arguments and "visibility" not in arguments:
        with pytest.raises(ValueError, match=message):
            gaussian_heatmap(**{"size": 8, "cx": 1, "cy": 2, **arguments})
