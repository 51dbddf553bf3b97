import numpy as np
import pytest

from npkpose import Skeleton, gaussian_heatmaps, group_paf, paf_fields
from npkpose.codec.paf import fill_missing
from npkpose.codec.paf.fill_missing import fill_missing_keypoints
from npkpose.reference.codec.paf import fill_missing as reference

CHAIN = Skeleton("CHAIN", ("a", "b", "c", "d"), ((0, 1), (1, 2), (2, 3)))
BODY = np.array([(0, 0), (4, 1), (8, 3), (10, 6)], float)


def maps_of(people, size, heights=1.0):
    """Heatmaps (K, H, W) with peaks of the given heights (P, K), and fields."""
    drawn = gaussian_heatmaps(people, size, 1.0) * np.broadcast_to(
        np.float32(heights), people.shape[:2]
    )[..., None, None]
    return drawn.max(axis=0), paf_fields(people, CHAIN, size)


def test_a_faint_keypoint_is_found_at_the_end_of_its_limb_and_scores_zero():
    people = np.array([BODY + 4, BODY + (22, 4)])
    heatmaps, pafs = maps_of(people, 36, [[1, 1, 1, 0.2], [0.9] * 4])
    heatmaps[3, 2, 2] = 0.5  # higher, but too far away
    heatmaps[3, 6, 9] = 0.25  # higher and near c, but on no limb's field
    plain = group_paf(heatmaps, pafs, CHAIN, min_keypoints=3, threshold=0.3)
    assert np.isnan(plain.keypoints[:, 3]).all(axis=1).sum() == 1
    filled = group_paf(heatmaps, pafs, CHAIN, min_keypoints=3, threshold=0.3, fill_missing=True)
    order = np.argsort(filled.keypoints[:, 0, 0])
    np.testing.assert_allclose(filled.keypoints[order], people, atol=0.3)
    assert (filled.scores == 0).sum() == 1
    np.testing.assert_array_equal(filled.person_scores, plain.person_scores)
    without_fields = fill_missing_keypoints(plain.keypoints, heatmaps, 0 * pafs, CHAIN)
    assert np.abs(without_fields[:, 3] - (9, 6)).max(axis=1).min() <= 0.25


def test_filling_goes_outwards_from_the_found_keypoints():
    person = np.array([[(4, 4), (14, 4), (17, 7), (18, 11)]], float)
    maps = maps_of(person, 24, [[1, 1, 0.2, 0.2]])
    found = person.copy()
    found[:, 2:] = np.nan
    filled = fill_missing_keypoints(found, *maps, CHAIN)
    np.testing.assert_allclose(filled, person, atol=1)
    assert np.isnan(found[:, 2:]).all()  # the caller's array is unchanged
    found[:, 1] = np.nan  # a alone has no extent: its neighbour must be within a pixel
    assert np.abs(fill_missing_keypoints(found, *maps, CHAIN)[0, 1] - (4, 4)).max() <= 1.25


def test_a_keypoint_without_a_limb_stays_missing():
    loose = Skeleton("LOOSE", CHAIN.keypoints, ((0, 1), (1, 2)))
    person = BODY[None] + 4
    heatmaps, pafs = gaussian_heatmaps(person, 20, 1.0)[0], paf_fields(person, loose, 20)
    found = person.copy()
    found[:, 2:] = np.nan
    filled = fill_missing_keypoints(found, heatmaps, pafs, loose)
    assert not np.isnan(filled[0, 2]).any() and np.isnan(filled[0, 3]).all()
    assert fill_missing_keypoints(found[:0], heatmaps, pafs, loose).shape == (0, 4, 2)


@pytest.mark.parametrize("longest", [1, 3])
@pytest.mark.parametrize("seed", range(8))
def test_filled_keypoints_match_the_reference(seed, longest, monkeypatch):
    rng = np.random.default_rng(seed)
    if seed > 3:  # one person in each call of the kernel
        monkeypatch.setattr(fill_missing, "CHUNK", 1)
    heatmaps = rng.random((4, 12, 14), np.float32)
    pafs = longest * rng.uniform(-1, 1, (6, 12, 14)).astype(np.float32)
    people = rng.uniform(-1, 12, (5, 4, 2))  # some keypoints are outside the map
    people[rng.random((5, 4)) < 0.4] = np.nan
    filled = fill_missing_keypoints(people, heatmaps, pafs, CHAIN)
    np.testing.assert_array_equal(
        filled, reference.fill_missing_keypoints(people, heatmaps, pafs, CHAIN)
    )
    found = ~np.isnan(people)
    np.testing.assert_array_equal(filled[found], people[found])
    assert np.isnan(people).sum() > np.isnan(filled).sum()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_limb_counts_at_most_1_in_either_direction(reverse):
    limb = ((1, 0), (1, 2), (3, 2)) if reverse else ((0, 1), (1, 2), (3, 2))
    chain = Skeleton("CHAIN", CHAIN.keypoints, limb)
    person = np.array([[(1.0, 4.0), (np.nan, np.nan), (np.nan, np.nan), (9.0, 4.0)]])
    heatmaps, pafs = np.zeros((4, 9, 10), np.float32), np.zeros((6, 9, 10), np.float32)
    heatmaps[1, 2, 1] = 0.125  # up: on no field
    pafs[0] = -5 if reverse else 5  # from keypoint 0 to the right
    heatmaps[1, 4, 4] = 0.1
    filled = fill_missing_keypoints(person, heatmaps, pafs, chain)
    assert filled[0, 1].tolist() == [4, 4]  # 0.1 + 0.3, above 0.125
    heatmaps[1, 6, 1] = 0.5  # above 0.1 + 0.3, below 0.1 + 0.3 x 5
    filled = fill_missing_keypoints(person, heatmaps, pafs, chain)
    assert filled[0, 1].tolist() == [1, 6]


def test_nothing_is_filled_in_too_far_from_the_map():
    person = np.array([[(-9.0, -9.0), (np.nan, np.nan), (-7.0, -9.0), (-6.0, -9.0)]])
    maps = np.ones((4, 6, 6), np.float32), np.ones((6, 6, 6), np.float32)
    np.testing.assert_array_equal(fill_missing_keypoints(person, *maps, CHAIN), person)
    assert reference.best_pixel(1, person[0], maps[0][1], maps[1], CHAIN) is None


def test_of_nobody_and_of_nothing_nothing_is_guessed():
    maps = np.ones((4, 6, 6), np.float32), np.ones((6, 6, 6), np.float32)
    missing = np.full((2, 4, 2), np.nan)
    np.testing.assert_array_equal(fill_missing_keypoints(missing, *maps, CHAIN), missing)
    person = np.array([[(1.0, 1.0), (np.nan, np.nan), (3.0, 1.0), (4.0, 1.0)]])
    empty = [m[:, :0] for m in maps]
    np.testing.assert_array_equal(fill_missing_keypoints(person, *empty, CHAIN), person)


def test_of_equal_pixels_the_first_is_taken():
    person = np.array([[(1.0, 1.0), (np.nan, np.nan), (5.0, 1.0), (9.0, 1.0)]])
    filled = fill_missing_keypoints(
        person, np.zeros((4, 12, 12), np.float32), np.zeros((6, 12, 12), np.float32), CHAIN
    )
    assert filled[0, 1].tolist() == [2, 0]  # the first row within 4 pixels of both ends


def test_one_kernel_serves_every_kind_of_map():
    heatmaps, pafs = maps_of(BODY[None] + 4, 20, [[1, 1, 1, 0.2]])
    for maps in ((heatmaps, pafs), (heatmaps.astype(float), pafs[:, ::-1][:, ::-1])):
        group_paf(*maps, CHAIN, min_keypoints=3, threshold=0.3, fill_missing=True)
    assert len(getattr(fill_missing._fill, "signatures", [0])) == 1


@pytest.mark.parametrize(
    "keypoints, heatmaps, pafs, message",
    [
        ((1, 3, 2), (4, 8, 8), (6, 8, 8), r"keypoints: expected shape \(P, 4, 2\)"),
        ((1, 4, 2), (3, 8, 8), (6, 8, 8), r"heatmaps: expected shape \(4, 8, 8\)"),
        ((1, 4, 2), (4, 8, 8), (6, 7, 8), r"heatmaps: expected shape \(4, 7, 8\)"),
        ((1, 4, 2), (4, 8, 8), (5, 8, 8), "pafs: expected at least 6 channels for CHAIN"),
    ],
)
def test_maps_that_do_not_fit_are_named(keypoints, heatmaps, pafs, message):
    with pytest.raises(ValueError, match=message):
        fill_missing_keypoints(np.zeros(keypoints), np.ones(heatmaps), np.ones(pafs), CHAIN)


def test_a_keypoint_is_finite_or_missing():
    person = np.full((1, 4, 2), 2.0)
    person[0, 1, 1] = np.nan  # half of it
    with pytest.raises(ValueError, match=r"keypoints\[0, 1, 1\]: expected a finite value, got nan"):
        fill_missing_keypoints(person, np.ones((4, 8, 8)), np.ones((6, 8, 8)), CHAIN)
