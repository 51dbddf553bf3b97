import numpy as np
from numpy.testing import assert_allclose

from npkpose import COCO_17, Skeleton, oks
from npkpose.reference.tracking import similarity as reference
from npkpose.tracking.similarity import sigmas_of, track_similarity


def people(rng, count):
    """Return keypoints (P, 5, 2), some of them missing."""
    keypoints = rng.integers(0, 64, (count, 5, 2)) / 4
    keypoints[rng.random((count, 5)) < 0.3] = np.nan
    return keypoints


def test_the_similarity_is_the_mean_of_oks_and_box_overlap_worked_by_hand():
    tracked = np.array([[(0, 0), (4, 2)]], float)
    found = np.array([[(0, 0), (4, 4)], [(2, 0), (np.nan, np.nan)], [(np.nan, np.nan)] * 2])
    result = track_similarity(tracked, np.full((1, 2), 2.0), np.array([10.0]), found)
    oks_part = (1 + np.exp(-1)) / 3, np.exp(-1) / 2
    overlap = 6 * 4 / (6 * 6)  # of boxes with a margin of 1
    scale = np.exp(-0.5 * (np.log((8**0.5 + 0.5) / (5**0.5 + 0.5)) / 0.3) ** 2)
    assert_allclose(result, [[(oks_part[0] + overlap) / 2 * scale, oks_part[1] / 2, 0]], rtol=1e-12)


def test_the_kernel_agrees_with_its_twin():
    rng = np.random.default_rng(0)
    for T, D in [(0, 3), (3, 0), (4, 6), (40, 30)]:
        variances, sizes = rng.uniform(1, 9, (T, 5)), rng.uniform(4, 9, T)
        arguments = people(rng, T), variances, sizes, people(rng, D)
        expected = reference.track_similarity(*arguments)
        assert_allclose(track_similarity(*arguments), expected, atol=1e-12)


def test_of_exact_predictions_the_keypoint_part_is_oks_but_for_the_extra_keypoint():
    rng = np.random.default_rng(1)
    tracked = rng.uniform(0, 100, (1, 17, 2))
    found, area = tracked + (2, 1), 900.0
    variances = area * (2 * sigmas_of(COCO_17)) ** 2
    for k in (17, 4):
        found[0, k:] = np.nan
        one, two = (
            track_similarity(tracked, factor * variances[None], np.ones(1), found)
            for factor in (1, 1e9)
        )
        expected = oks(found[:, :k], tracked[:, :k], [area], COCO_17.sigmas[:k])
        # With wide variances S is k / (k + 1); overlap and scale are the same.
        assert_allclose(1 - 2 * (two - one) * (k + 1) / k, expected, atol=1e-4)


def test_a_keypoint_without_an_oks_constant_gets_the_default():
    assert sigmas_of(Skeleton("s", ("a", "b"), (), sigmas=(np.nan, 0.1))).tolist() == [0.05, 0.1]
