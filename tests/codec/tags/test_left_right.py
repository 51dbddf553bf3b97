import numpy as np
import pytest

from npkpose import Poses, Skeleton, gaussian_heatmaps
from npkpose.codec.tags.group import group_tags
from npkpose.codec.tags.left_right import separate_coinciding
from npkpose.reference.codec.tags import left_right as reference

LEGS = Skeleton(
    "LEGS", ("hip", "left", "right"), ((0, 1), (0, 2)), pairs=((1, 2),), sigmas=(0.1, 0.1, 0.1)
)
HIP, HERE, THERE = (20, 6), (12, 24), (28, 25)


def unsure(left, right):
    """Maps of a network that confuses the legs: heights (here, there) in the left and right map."""
    each = gaussian_heatmaps([[HIP] * 3, [HERE] * 3, [THERE] * 3], 40, 1.5, dtype=np.float64)
    return np.stack(
        [each[0, 0], left[0] * each[1, 1] + left[1] * each[2, 1],
         right[0] * each[1, 2] + right[1] * each[2, 2]]
    )  # fmt: skip


def legs(heatmaps, tags=None, **options):
    tags = np.zeros_like(heatmaps) if tags is None else tags
    options = {"threshold": 0.3, "min_keypoints": 3, **options}
    poses = group_tags(heatmaps, tags, LEGS, **options)
    assert len(poses) == 1
    return poses.keypoints[0, 1:], poses.scores[0, 1:]


def test_of_two_at_one_place_the_one_with_the_better_alternative_moves():
    heatmaps = unsure((0.6, 0.4), (0.52, 0.5))
    np.testing.assert_allclose(legs(heatmaps)[0], [HERE, HERE])
    points, scores = legs(heatmaps, separate_left_right=True)
    np.testing.assert_allclose(points, [HERE, THERE])
    np.testing.assert_allclose(scores, [0.6, 0.5], atol=1e-9)
    points, _ = legs(heatmaps.astype(np.float32), separate_left_right=True)
    np.testing.assert_allclose(points, [HERE, THERE])


def test_the_sum_of_both_scores_decides_not_the_higher_score_here():
    heatmaps = unsure((0.6, 0.58), (0.55, 0.4))  # left is higher here, and there
    np.testing.assert_allclose(legs(heatmaps, separate_left_right=True)[0], [THERE, HERE])


def test_a_keypoint_moves_only_if_the_alternative_scores_at_least_0_7_of_it():
    for other in (0.0, 0.34):  # 0.34 is less than 0.7 of 0.5
        heatmaps = unsure((0.6, other), (0.5, other))
        np.testing.assert_allclose(legs(heatmaps, separate_left_right=True)[0], [HERE, HERE])
    heatmaps = unsure((0.6, 0.36), (0.5, 0.36))
    np.testing.assert_allclose(legs(heatmaps, separate_left_right=True)[0], [HERE, THERE])


@pytest.mark.parametrize("apart, separated", [(1, True), (2, False)])
def test_keypoints_coincide_if_less_than_two_pixels_apart(apart, separated):
    heatmaps = unsure((0.6, 0.4), (0.52, 0.5))
    heatmaps[2] = np.roll(heatmaps[2], apart, axis=1)
    heatmaps[2, :, 20:] = np.roll(heatmaps[2, :, 20:], -apart, axis=1)  # there, as before
    points, _ = legs(heatmaps, separate_left_right=True)
    here = np.add(HERE, (apart, 0))
    np.testing.assert_allclose(points, [HERE, THERE if separated else here])


def test_person_scores_and_ids_stay_and_the_new_point_moves_towards_its_higher_neighbour():
    heatmaps = unsure((0.6, 0.4), (0.52, 0.5))
    heatmaps[2, 25, 29] += 0.01
    keypoints = np.array([[HIP, HERE, HERE]], float)
    poses = Poses(keypoints, [[1, 0.6, 0.52]], [0.9], [7])
    tags = np.zeros((*heatmaps.shape, 1))
    separated = separate_coinciding(poses, np.zeros((1, 1)), heatmaps, tags, LEGS.pairs, 0.25)
    np.testing.assert_array_equal(separated.keypoints[0, 2], np.add(THERE, (0.25, 0)))
    assert separated.ids == [7] and separated.person_scores == [0.9]
    assert separated.scores[0, 2] == heatmaps[2, 25, 28]


def test_without_an_alternative_no_keypoint_moves():
    """The middle of a plateau may lie outside it, and there may be no other pixel above 0."""
    heatmaps = np.full((3, 20, 20), -0.1)
    heatmaps[0, 5, 5] = 0.9
    heatmaps[1:, 10, [9, 11]] = 0.5
    points, scores = legs(heatmaps, separate_left_right=True)
    np.testing.assert_allclose(points, [(10, 10), (10, 10)])
    heatmaps[2, 19, 19] = 0.001
    np.testing.assert_allclose(legs(heatmaps, separate_left_right=True)[0], points)


def test_the_alternative_must_have_the_persons_tag():
    heatmaps = unsure((0.6, 0.4), (0.52, 0.5))
    tags = np.zeros_like(heatmaps)
    tags[:, :, 20:] = 5.0
    tags[0] = 0.0
    np.testing.assert_allclose(legs(heatmaps, tags, separate_left_right=True)[0], [HERE, HERE])


def test_a_filled_in_keypoint_keeps_score_zero():
    heatmaps = unsure((0.6, 0.4), (0.29, 0.28))
    points, scores = legs(heatmaps, min_keypoints=2, fill_missing=True, separate_left_right=True)
    np.testing.assert_allclose(points, [HERE, THERE])
    assert scores[0] > 0 == scores[1]


@pytest.mark.parametrize("seed", range(4))
def test_separated_keypoints_match_the_reference(seed):
    rng = np.random.default_rng(seed)
    pairs = (1, 2), (3, 4)
    heatmaps = rng.integers(-1, 9, (5, 16, 14)) / 8.0
    heatmaps[1, 3, 3], heatmaps[2, 9, 9] = np.nan, np.inf
    tags, means = rng.integers(-4, 5, (5, 16, 14, 2)) / 4.0, rng.normal(0, 0.5, (6, 2))
    keypoints = rng.integers(0, 14, (6, 5, 2)).astype(float)
    keypoints[:, 2] = np.clip(keypoints[:, 1] + rng.integers(-1, 2, (6, 2)), 0, 13)
    keypoints[:5, 4] = keypoints[:5, 3]
    keypoints[0, 1] = np.nan
    before = keypoints.copy()
    with np.errstate(invalid="ignore"):
        scores = rng.integers(0, 3, (6, 5)) / 4.0
        maps = means, heatmaps, tags, pairs
        separated = separate_coinciding(Poses(keypoints, scores), *maps, 0.0, 2.0)
        expected = reference.separate_coinciding(keypoints, scores, *maps, 2.0)
    np.testing.assert_array_equal(separated.keypoints, expected)
    np.testing.assert_array_equal(keypoints, before)
    assert (separated.keypoints[:, 1:] != before[:, 1:]).any()


def test_no_people_or_no_pairs_change_nothing():
    heatmaps = np.zeros((3, 8, 8))
    plain = Skeleton("PLAIN", ("a", "b", "c"), ())
    assert len(group_tags(heatmaps, heatmaps, LEGS, separate_left_right=True)) == 0
    heatmaps[:, 4, 4] = 1
    poses = group_tags(heatmaps, 0 * heatmaps, plain, min_keypoints=3, separate_left_right=True)
    np.testing.assert_allclose(poses.keypoints, np.full((1, 3, 2), 4.0))
