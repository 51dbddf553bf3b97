import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.dark import blur_weights, newton_points
from npkpose.codec.heatmap.decode import decode_heatmaps, heatmap_to_coords
from npkpose.codec.heatmap.gaussian import gaussian_heatmap, gaussian_heatmaps
from npkpose.reference.codec.heatmap import dark as reference

METHODS = ("dark", "dark_udp")
kernels = st.sampled_from([3, 5, 7, 11])
spacings = st.sampled_from([1, 2])
lattice = st.integers(-4, 16).map(lambda i: i / 8)
anything = lattice | st.sampled_from([np.nan, np.inf, -np.inf])


@st.composite
def gaussians(draw, smallest):
    """A map of at least ``smallest`` pixels a side, a centre inside it, and sigma in [1, 4]."""
    height, width = draw(st.integers(smallest, 30)), draw(st.integers(smallest, 30))
    cx = draw(st.integers(0, 64 * (width - 1))) / 64
    cy = draw(st.integers(0, 64 * (height - 1))) / 64
    sigma = draw(st.integers(64, 256)) / 64
    return (cx, cy), gaussian_heatmap((height, width), cx, cy, sigma, np.float64)


def decoded(heatmap, refine="dark", **options):
    return decode_heatmaps(heatmap[None, None], refine, **options)[0][0, 0]


def test_the_published_kernels_have_the_published_sigmas():
    for size, sigma in ((11, 2.0), (17, 2.9)):
        weights = blur_weights(size)
        assert len(weights) == size and abs(weights.sum() - 1) < 1e-15
        assert abs(-0.5 / np.log(weights[size // 2 + 1] / weights[size // 2]) - sigma**2) < 1e-12


def test_without_blur_the_step_is_the_hand_worked_one():
    # log h = -(x^2 + x y + y^2) + x / 2 about the middle: H = -[[2, 1], [1, 2]], g = (1/2, 0),
    # so the step solves 2 dx + dy = 1/2, dx + 2 dy = 0.
    y, x = np.mgrid[-5:6, -5:6]
    heatmap = np.exp(-(x**2 + x * y + y**2) + x / 2)
    for spacing in (1, 2):
        points = newton_points(heatmap[None], np.array([[5.0, 5.0]]), np.ones(1), spacing)
        np.testing.assert_allclose(points[0] - 5, (1 / 3, -1 / 6), rtol=0, atol=1e-14)


@given(
    arrays(np.float64, st.tuples(*[st.integers(1, n) for n in (2, 8, 8)]), elements=anything),
    kernels,
    spacings,
)
def test_the_steps_match_the_reference_on_any_map(maps, size, spacing):
    pixels = heatmap_to_coords(maps[None])[0]
    arguments = maps, pixels, blur_weights(size), spacing
    expected = reference.newton_points(*arguments)
    np.testing.assert_allclose(newton_points(*arguments), expected, rtol=0, atol=1e-7)


@given(gaussians(5), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29))), kernels, spacings)
def test_the_steps_match_the_reference_on_gaussians_with_holes(case, holes, size, spacing):
    heatmap = case[1]
    for y, x in holes:
        heatmap[y % heatmap.shape[0], x % heatmap.shape[1]] = np.nan
    pixels = heatmap_to_coords(heatmap[None, None])[0]
    arguments = heatmap[None], pixels, blur_weights(size), spacing
    expected = reference.newton_points(*arguments)
    np.testing.assert_allclose(newton_points(*arguments), expected, rtol=0, atol=1e-7)


@given(gaussians(5), st.sampled_from(METHODS), kernels)
def test_a_gaussian_is_found_within_the_stated_bounds_border_included(case, refine, size):
    centre, heatmap = case
    assert abs(decoded(heatmap, refine) - centre).max() < 5e-4
    assert abs(decoded(heatmap, refine, blur_kernel=size) - centre).max() < 0.01


@given(gaussians(11), st.sampled_from([1e-12, 0.3, 1e6]))
def test_the_scale_of_the_map_does_not_matter(case, scale):
    heatmap = case[1]
    np.testing.assert_allclose(decoded(heatmap * scale), decoded(heatmap), rtol=0, atol=1e-9)


@given(arrays(np.float64, (9, 11), elements=lattice), st.sampled_from(METHODS))
def test_flipping_or_transposing_the_map_does_the_same_to_the_answer(heatmap, refine):
    heatmap[4, 6] = 3  # one highest pixel
    x, y = decoded(heatmap, refine, blur_kernel=5)
    transposed = decoded(heatmap.T, refine, blur_kernel=5)
    np.testing.assert_allclose(transposed, (y, x), rtol=0, atol=1e-9)
    if refine == "dark":  # the other's f_xy favours one diagonal
        flipped = decoded(heatmap[:, ::-1], refine, blur_kernel=5)
        np.testing.assert_allclose(flipped, (10 - x, y), rtol=0, atol=1e-9)


@pytest.mark.parametrize("refine", METHODS)
def test_noise_never_moves_a_point_out_of_the_trust_region(refine, rng):
    noise = rng.normal(0.02, 0.05, (20, 10, 24, 18))
    weak = noise + gaussian_heatmap((24, 18), 8.3, 12.6, 2.0) * 0.05
    for maps in (noise, weak, np.maximum(noise, 0)):
        coords, _ = decode_heatmaps(maps, refine)
        pixels, _ = decode_heatmaps(maps, "argmax")
        assert (abs(coords - pixels) <= 1).all()
        inside = ((pixels > 0) & (pixels < (17, 23))).all(axis=-1)
        assert (np.linalg.norm(coords - pixels, axis=-1)[inside] <= 1).all()


def test_where_no_step_is_taken_the_parabola_answers(rng):
    saddle = np.array([[4, 1, 0], [1, 5, 1], [0, 1, 6.0]]) ** 3
    ridge = np.tile([1.0, 2.0, 1.5], (9, 1))
    for heatmap in (saddle - 100, ridge, rng.normal(-1, 0.1, (9, 9))):
        assert (decoded(heatmap, "dark") == decoded(heatmap, "log_parabola")).all()


def test_dark_is_less_disturbed_by_noise_than_the_parabola(rng):
    centres = rng.uniform(0, (47, 63), (1, 300, 2))
    maps = gaussian_heatmaps(centres, (64, 48)) + rng.normal(0, 0.01, (1, 300, 64, 48))
    error = {
        refine: np.linalg.norm(decode_heatmaps(maps, refine)[0] - centres, axis=-1).mean()
        for refine in ("log_parabola", *METHODS)
    }
    assert error["dark"] < 0.4 * error["log_parabola"]
    assert error["dark_udp"] < 0.4 * error["log_parabola"]
