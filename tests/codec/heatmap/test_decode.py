from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap import dark, decode, peaks
from npkpose.codec.heatmap.decode import (
    DARK_SPACING,
    REFINEMENTS,
    decode_heatmaps,
    heatmap_to_coords,
)
from npkpose.codec.heatmap.gaussian import gaussian_heatmap
from npkpose.grid import Grid
from npkpose.reference.codec.heatmap import decode as reference

ALL = (*REFINEMENTS, *DARK_SPACING)
UNIFORM_FLOOR = 0.3826  # mean distance of a uniform point from its pixel's centre


@st.composite
def gaussians(draw):
    """A map's size, a centre on a lattice inside it, and sigma in [1, 4]."""
    height, width = draw(st.integers(5, 40)), draw(st.integers(5, 40))
    cx = draw(st.integers(0, 64 * (width - 1))) / 64
    cy = draw(st.integers(0, 64 * (height - 1))) / 64
    sigma = draw(st.integers(64, 256)) / 64
    return (height, width), (cx, cy), sigma


def error_of(case, refine, dtype=np.float64):
    """Error per axis of decoding one analytic Gaussian."""
    size, (cx, cy), sigma = case
    coords, _ = decode_heatmaps(gaussian_heatmap(size, cx, cy, sigma, dtype)[None, None], refine)
    return np.abs(coords[0, 0] - (cx, cy)).max()


def test_a_hand_worked_map_gives_the_hand_worked_offsets():
    heatmap = np.zeros((1, 1, 3, 5))
    heatmap[0, 0, 1] = [0, 1, 4, 3, 0]
    heatmap[0, 0, :, 2] = [1, 4, 1]
    # parabola through 1, 4, 3: (1 - 3) / (2 (1 - 8 + 3)) = 1/4; logs: 0, log 4, log 3.
    expected = {
        "argmax": 2.0,
        "quarter": 2.25,
        "parabola": 2.25,
        "log_parabola": 2 + 0.5 * np.log(3) / (2 * np.log(4) - np.log(3)),
    }
    for refine, x in expected.items():
        coords, scores = decode_heatmaps(heatmap, refine)
        np.testing.assert_allclose(coords[0, 0], (x, 1), rtol=0, atol=1e-15, err_msg=refine)
        assert scores[0, 0] == 4


@given(gaussians())
def test_log_parabola_recovers_a_gaussian_exactly_border_included(case):
    assert error_of(case, "log_parabola", np.float64) < 1e-9
    assert error_of(case, "log_parabola", np.float32) < 1e-4


@given(gaussians())
def test_the_other_refinements_stay_within_their_stated_bounds(case):
    sigma = case[2]
    assert error_of(case, "argmax") <= 0.5 + 1e-12
    assert error_of(case, "quarter") <= 0.25 + 1e-12
    assert error_of(case, "parabola") <= 1 / (12 * np.sqrt(3) * sigma**2) + 1e-12


def test_the_parabola_bound_holds_on_a_fine_grid_of_offsets_and_sigmas():
    t, sigma = np.meshgrid(np.linspace(-0.5, 0.5, 401), np.linspace(1, 6, 301))
    s = sigma**-2
    answer = np.sinh(s * t) / (2 * (np.exp(s / 2) - np.cosh(s * t)))
    assert (np.abs(answer - t) <= s / (12 * np.sqrt(3)) + 1e-12).all()


def test_argmax_error_of_uniform_centres_is_near_its_floor(rng):
    keypoints = rng.uniform(8, 24, (400, 2))
    maps = np.stack([gaussian_heatmap(32, x, y) for x, y in keypoints])[None]
    error = np.linalg.norm(heatmap_to_coords(maps)[0] - keypoints, axis=1).mean()
    assert abs(error - UNIFORM_FLOOR) < 0.02


finite = st.integers(-8, 8).map(lambda i: i / 8)
anything = finite | st.sampled_from([np.nan, np.inf, -np.inf])


@given(
    arrays(np.float64, st.tuples(*[st.integers(1, n) for n in (2, 2, 5, 5)]), elements=anything),
    st.sampled_from(ALL),
)
def test_decoding_matches_the_reference(heatmaps, refine):
    coords, scores = decode_heatmaps(heatmaps, refine)
    expected_coords, expected_scores = reference.decode_heatmaps(heatmaps, refine)
    np.testing.assert_allclose(coords, expected_coords, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scores, expected_scores)


@given(
    arrays(np.float64, st.tuples(*[st.integers(1, n) for n in (2, 2, 5, 5)]), elements=anything),
    st.sampled_from(REFINEMENTS),
)
def test_the_refined_highest_pixels_match_the_reference(heatmaps, refine):
    heatmaps.flags.writeable = False
    points = decode.highest_points(heatmaps, refine)
    for got, expected in zip(points, reference.highest_points(heatmaps, refine)):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)


def test_a_refinement_with_a_name_but_no_function_raises(monkeypatch):
    heatmaps = gaussian_heatmap(8, 3.2, 4.1)[None, None]
    for module in (decode, peaks):
        monkeypatch.setattr(module, "REFINEMENTS", (*REFINEMENTS, "best"))
    with pytest.raises(ValueError, match="refine: expected a refinement that `_refined` calls"):
        decode_heatmaps(heatmaps, "best")
    with pytest.raises(ValueError, match="refine: expected a refinement that `_refined` calls"):
        peaks.find_peaks(heatmaps[0], refine="best")
    with pytest.raises(KeyError, match="best"):
        reference.decode_heatmaps(heatmaps, "best")
    assert tuple(reference.REFINEMENTS) == REFINEMENTS


@given(arrays(np.float64, (1, 1, 4, 6), elements=finite), st.sampled_from(REFINEMENTS[2:]))
def test_flipping_the_map_flips_the_answer_unless_the_peak_is_tied(heatmap, refine):
    if (heatmap == heatmap.max()).sum() > 1:
        heatmap = heatmap.copy()
        heatmap[0, 0, 2, 3] = heatmap.max() + 1
    x, y = decode_heatmaps(heatmap, refine)[0][0, 0]
    flipped_x, flipped_y = decode_heatmaps(heatmap[..., ::-1], refine)[0][0, 0]
    np.testing.assert_allclose((x, y), (5 - flipped_x, flipped_y), rtol=0, atol=1e-12)


def test_non_finite_pixels_never_win_and_count_as_missing_neighbours():
    heatmap = gaussian_heatmap(16, 7.3, 8.2, 2.0, np.float64)
    heatmap[2, 3], heatmap[8, 6], heatmap[12, 12] = np.nan, np.inf, -np.inf
    coords, scores = decode_heatmaps(heatmap[None, None])
    np.testing.assert_allclose(coords[0, 0], (7.3, 8.2), atol=1e-9)
    assert scores[0, 0] == heatmap[8, 7]


@pytest.mark.parametrize("value", [0.0, 0.7, -1.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("refine", ALL)
def test_a_flat_or_non_finite_map_shows_no_keypoint(value, refine):
    coords, scores = decode_heatmaps(np.full((2, 3, 4, 5), value), refine)
    assert np.isnan(coords).all() and coords.shape == (2, 3, 2)
    assert (scores == 0).all() and scores.shape == (2, 3)


def test_tied_neighbours_give_no_offset_and_the_first_of_several_peaks_wins():
    heatmap = np.zeros((1, 1, 5, 5))
    heatmap[0, 0, 2, 2] = heatmap[0, 0, 4, 4] = 1.0
    for refine in ALL:
        assert decode_heatmaps(heatmap, refine)[0][0, 0].tolist() == [2, 2]


def test_a_plateau_gives_one_answer_between_its_two_pixels():
    heatmap = np.zeros((1, 1, 5, 6))
    heatmap[0, 0, 2, 2:4] = 1.0
    assert heatmap_to_coords(heatmap)[0, 0].tolist() == [2, 2]
    assert decode_heatmaps(heatmap, "parabola")[0][0, 0].tolist() == [2.5, 2]


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (2, 2), (1, 7)])
def test_maps_too_small_to_refine_still_decode(size):
    heatmap = np.zeros((1, 1, *size))
    heatmap[0, 0, -1, -1] = 1.0
    for refine in ALL:
        coords = decode_heatmaps(heatmap, refine)[0][0, 0]
        assert (
            np.isnan(coords).all()
            if size == (1, 1)
            else (abs(coords - (size[1] - 1, size[0] - 1)) <= 1).all()
        )


def test_an_empty_batch_gives_empty_arrays_of_the_right_shape():
    coords, scores = decode_heatmaps(np.empty((0, 17, 8, 6), np.float32))
    assert coords.shape == (0, 17, 2) and scores.shape == (0, 17)
    assert heatmap_to_coords(np.empty((3, 0, 8, 6))).shape == (3, 0, 2)


def test_a_grid_takes_the_coordinates_to_the_image():
    heatmap = gaussian_heatmap(16, 7.25, 8.5, dtype=np.float64)[None, None]
    for grid in (Grid(4), Grid(4, "centre"), Grid(4, "corner")):
        coords, _ = decode_heatmaps(heatmap, grid=grid)
        np.testing.assert_allclose(coords[0, 0], grid.to_image((7.25, 8.5), 16), atol=1e-9)


def test_the_input_is_never_modified_and_may_be_read_only_strided_or_integer():
    heatmaps = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5) % 7
    heatmaps.flags.writeable = False
    expected, _ = decode_heatmaps(heatmaps.astype(float))
    np.testing.assert_array_equal(decode_heatmaps(heatmaps)[0], expected)
    strided = np.repeat(heatmaps.astype(np.float32), 2, axis=3)[..., ::2]
    np.testing.assert_array_equal(decode_heatmaps(strided)[0], expected)


@pytest.mark.parametrize("refine", ALL)
def test_no_refinement_writes_into_its_input(refine, rng):
    heatmaps = rng.normal(size=(2, 3, 16, 17))
    heatmaps[0, 0, 3, 4] = np.nan
    before = heatmaps.copy()
    decode_heatmaps(heatmaps, refine)
    np.testing.assert_array_equal(heatmaps, before)


def test_two_specialisations_serve_every_input():
    for dtype in (np.float16, np.float32, np.float64, np.int64, np.bool_):
        for refine in ALL:
            decode_heatmaps(np.zeros((1, 1, 2, 2), dtype), refine)
    for kernel in (decode._decode, decode.refine_pixels, dark._steps):
        assert len(getattr(kernel, "signatures", [None, None])) == 2


@pytest.mark.parametrize("refine", ALL)
def test_eight_threads_at_once_give_the_serial_result(refine, rng):
    batches = rng.normal(size=(8, 2, 3, 20, 18)).astype(np.float32)
    serial = [decode_heatmaps(batch, refine) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda b: decode_heatmaps(b, refine), [*batches] * 4))
    for got, expected in zip(together, serial * 4):
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


@pytest.mark.parametrize(
    "heatmaps, refine, message",
    [
        (
            np.zeros((3, 4, 5)),
            "argmax",
            r"heatmaps: expected shape \(N, K, H, W\), got \(3, 4, 5\)",
        ),
        (np.zeros((1, 1, 0, 5)), "argmax", "heatmaps: expected H and W of at least 1"),
        (np.zeros((1, 1, 3, 0)), "dark", "heatmaps: expected H and W of at least 1"),
        (np.zeros((1, 1, 2, 2), complex), "argmax", "heatmaps: expected real numbers"),
        ([[[["a"]]]], "argmax", "heatmaps: expected real numbers"),
        ([[[[1, 2], [3]]]], "argmax", "heatmaps: expected an array of real numbers"),
        (None, "argmax", "heatmaps: expected real numbers"),
        (np.zeros((1, 1, 2, 2)), "cubic", "refine: expected one of argmax, quarter"),
        (np.zeros((1, 1, 2, 2)), None, "refine: expected one of"),
    ],
)
def test_bad_input_is_named(heatmaps, refine, message):
    with pytest.raises(ValueError, match=message):
        decode_heatmaps(heatmaps, refine)


@pytest.mark.parametrize(
    "blur_kernel, message",
    [
        (4, "blur_kernel: expected an odd number, got 4"),
        (1, "blur_kernel: expected at least 3, got 1"),
        (11.0, "blur_kernel: expected an integer, got 11.0"),
    ],
)
def test_a_bad_blur_kernel_is_named(blur_kernel, message):
    with pytest.raises(ValueError, match=message):
        decode_heatmaps(np.zeros((1, 1, 2, 2)), "dark", blur_kernel=blur_kernel)


@pytest.mark.parametrize("refine", ALL)
@pytest.mark.parametrize("low, high", [(1e-300, 1e300), (1e-250, 1.0), (5e-324, 1e-20)])
def test_neighbours_far_below_a_peak_leave_it_in_its_place(low, high, refine):
    maps = np.full((1, 1, 15, 15), low)
    maps[0, 0, 6, 7] = high
    coords, scores = decode_heatmaps(maps, refine)
    np.testing.assert_allclose(coords, [[[7, 6]]], atol=1e-12)
    assert scores == high


def test_a_gaussian_far_narrower_than_a_pixel_is_decoded_from_its_logarithms():
    centre, s2 = np.array([7.1, 5.8]), 7e-4
    x, y = np.arange(15) - centre[0], np.arange(12) - centre[1]
    maps = np.exp(-(x**2 + y[:, None] ** 2) / (2 * s2) + 600)  # neighbours: about e^-580
    assert 0 < maps[6, 6] < 1e-200 * maps[6, 7]
    np.testing.assert_allclose(decode_heatmaps(maps[None, None])[0], [[centre]], atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-140, 1e155, 1.7e308]))
@pytest.mark.parametrize("refine", ALL)
def test_maps_of_any_scale_match_the_reference(refine, seed, scale):
    rng = np.random.default_rng(seed)
    shape = 2, 2, *rng.integers(1, 8, 2)
    maps = scale * rng.uniform(0.1, 1, shape) * rng.choice([1e-160, 1e-80, 1e-8, 1], shape)
    expected = reference.decode_heatmaps(maps, refine)
    np.testing.assert_allclose(decode_heatmaps(maps, refine)[0], expected[0], atol=1e-9)
    np.testing.assert_array_equal(decode_heatmaps(maps, refine)[1], expected[1])
