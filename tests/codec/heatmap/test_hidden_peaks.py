import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npkpose import gaussian_heatmaps
from npkpose.codec.heatmap import hidden_peaks
from npkpose.codec.heatmap.hidden_peaks import LOG_A, add_hidden_peaks
from npkpose.reference.codec.heatmap import hidden_peaks as reference

THRESHOLD = 0.1
sixteenths = st.integers(0, 20 * 16).map(lambda i: i / 16)


def with_hidden(image, known):
    """The Gaussians of one map (M, 4), known ones first, rejected ones left out."""
    rows = np.full((3 * len(known), 4), -np.inf)
    rows[: len(known)] = known
    add_hidden_peaks(image[None].astype(np.float32), np.array([0, len(known)]), THRESHOLD, rows)
    return rows[rows[:, LOG_A] > -np.inf]


def test_a_gaussian_beside_a_known_one_is_found_at_its_centre_and_height():
    image = gaussian_heatmaps([(8, 10), (9.8, 10)], 20, sigma=1).max(axis=0)
    known, hidden = with_hidden(image, [(8, 10, 0, 1)])  # x, y, log height, sigma^2
    np.testing.assert_allclose(known, (8, 10, 0, 1), rtol=0, atol=0.02)
    np.testing.assert_allclose(hidden, (9.8, 10, 0, 1), rtol=0, atol=0.02)


def test_a_known_gaussian_is_restored_to_the_bit_if_the_hidden_one_is_rejected():
    y, x = np.mgrid[:20, :20]
    broad = np.exp(-((x - 10) ** 2) / 18 - (y - 10) ** 2 / 2)  # an ellipse explains it
    known = [(10.0, 10.0, 0.0, 1.0)]
    assert reference._uncover(broad, known, THRESHOLD)  # so one is tried
    assert with_hidden(broad, known).tolist() == [list(known[0])]


@given(st.lists(st.tuples(sixteenths, sixteenths), min_size=1, max_size=6), st.integers(1, 5))
def test_the_gaussians_match_the_reference(centres, count):
    image = gaussian_heatmaps(centres, 21, 1.2).max(axis=0)
    known = [(x, y, 0.0, 1.44) for x, y in centres[:count]]
    expected = reference.add_hidden_peaks(image.astype(float), known, THRESHOLD)
    np.testing.assert_allclose(with_hidden(image, known), expected, rtol=0, atol=1e-6)


def test_in_a_crowd_the_gaussians_match_the_reference():
    rng = np.random.default_rng(3)
    centres = rng.uniform(0, 39, (90, 2))
    image = gaussian_heatmaps(centres, 40, 1.0).max(axis=0)
    known = [(x, y, 0.0, 1.0) for x, y in centres[:45]]
    expected = [g for g in reference.add_hidden_peaks(image.astype(float), known, THRESHOLD)]
    assert len(expected) > 55
    np.testing.assert_allclose(with_hidden(image, known), expected, rtol=0, atol=1e-6)


def test_a_map_does_not_see_the_gaussians_of_the_map_before_it():
    image = gaussian_heatmaps([(8, 10), (9.8, 10)], 20, sigma=1).max(axis=0).astype(np.float32)
    rows = np.full((9, 4), -np.inf)
    rows[[0, 3, 6]] = 8, 10, 0, 1
    maps = np.stack([image, np.zeros_like(image), image])
    add_hidden_peaks(maps, np.arange(4), THRESHOLD, rows)
    assert (rows[:3] == rows[6:]).all() and rows[4:6, LOG_A].max() == -np.inf
    assert rows[1, LOG_A] > -np.inf


def test_without_known_peaks_none_are_added():
    assert len(with_hidden(np.ones((4, 5)), np.empty((0, 4)))) == 0


def test_one_specialisation_serves_every_call():
    with_hidden(np.ones((4, 5)), [(1, 1, 0, 1)])
    with_hidden(np.ones((9, 8), np.float64)[::2], np.empty((0, 4)))
    assert len(getattr(hidden_peaks.add_hidden_peaks, "signatures", [None])) == 1
