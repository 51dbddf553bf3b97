import numpy as np
import pytest

from npkpose import Skeleton, gaussian_heatmaps, group_paf, paf_fields
from npkpose.codec.paf_fill import FIELD_WEIGHT, LONGEST, fill_along_limbs
from npkpose.reference import paf as reference

CHAIN = Skeleton("CHAIN", ("a", "b", "c", "d"), ((0, 1), (1, 2), (2, 3)))
BODY = np.array([(0, 0), (4, 1), (8, 3), (10, 6)], float)


def maps_of(people, size, heights=1.0):
    """Heatmaps (K, H, W) of peaks as high as said (P, K), and fields."""
    drawn = gaussian_heatmaps(people, size, 1.0) * np.broadcast_to(
        np.float32(heights), people.shape[:2]
    )[..., None, None]
    return drawn.max(axis=0), paf_fields(people, CHAIN, size)


def test_a_faint_keypoint_is_found_at_the_end_of_its_limb_and_scores_zero():
    people = np.array([BODY + 4, BODY + (22, 4)])
    heatmaps, pafs = maps_of(people, 36, [[1, 1, 1, 0.2], [0.9] * 4])
    heatmaps[3, 2, 2] = 0.25  # brighter, and no limb leads there
    plain = group_paf(heatmaps, pafs, CHAIN, min_keypoints=3, threshold=0.3)
    assert np.isnan(plain.keypoints[:, 3]).all(axis=1).sum() == 1
    filled = group_paf(heatmaps, pafs, CHAIN, min_keypoints=3, threshold=0.3, fill_missing=True)
    order = np.argsort(filled.keypoints[:, 0, 0])
    np.testing.assert_allclose(filled.keypoints[order], people, atol=0.3)
    assert (filled.scores == 0).sum() == 1
    np.testing.assert_array_equal(filled.person_scores, plain.person_scores)


def test_guesses_go_outwards_from_what_is_there():
    person = BODY[None] + 4
    maps = maps_of(person, 20, [[1, 0.2, 1, 0.2]])
    seen = person.copy()
    seen[:, [1, 3]] = np.nan
    np.testing.assert_allclose(fill_along_limbs(seen, *maps, CHAIN), person, atol=1)
    seen[:, 1] = person[:, 1]
    seen[:, 2] = np.nan  # c, whose guess widens what is there, and then d
    filled = fill_along_limbs(seen, *maps, CHAIN)
    assert not np.isnan(filled).any()
    assert np.isnan(seen[0, 3]).all()  # the caller's are as they were


def test_without_a_limb_to_it_a_keypoint_stays_absent():
    loose = Skeleton("LOOSE", CHAIN.keypoints, ((0, 1), (1, 2)))
    person = BODY[None] + 4
    heatmaps, pafs = gaussian_heatmaps(person, 20, 1.0)[0], paf_fields(person, loose, 20)
    seen = person.copy()
    seen[:, 2:] = np.nan
    filled = fill_along_limbs(seen, heatmaps, pafs, loose)
    assert not np.isnan(filled[0, 2]).any() and np.isnan(filled[0, 3]).all()
    assert fill_along_limbs(seen[:0], heatmaps, pafs, loose).shape == (0, 4, 2)


@pytest.mark.parametrize("seed", range(4))
def test_the_guess_is_the_best_of_all_pixels_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    height, width = 12, 14
    heatmaps = rng.random((4, height, width), np.float32)
    pafs = rng.uniform(-1, 1, (6, height, width)).astype(np.float32)
    person = rng.uniform(-1, 12, (1, 4, 2))  # some of it may lie outside the map
    person[0, 1] = np.nan  # its neighbours are a and c
    filled = fill_along_limbs(person, heatmaps, pafs, CHAIN)

    longest = LONGEST * (np.nanmax(person[0], 0) - np.nanmin(person[0], 0)).max()
    best, place = -np.inf, None
    for y, x in np.ndindex(height, width):
        total, near = 0.0, False
        for j, channels, sign in ((0, [0, 1], 1), (2, [2, 3], -1)):
            start = person[0, j]
            if np.hypot(*((x, y) - start)) > longest:
                total -= 1
                continue
            near = True
            start = np.clip(start, 0, [width - 1, height - 1])
            total += sign * reference.limb_scores(pafs[channels], [start], [(x, y)], 10)[0]
        value = heatmaps[1, y, x] + FIELD_WEIGHT * total / 2
        if near and value > best:
            best, place = value, (x, y)
    assert np.abs(filled[0, 1] - place).max() <= 0.25
    np.testing.assert_array_equal(filled[0, [0, 2, 3]], person[0, [0, 2, 3]])
