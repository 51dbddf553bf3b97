import numpy as np
from numpy.testing import assert_allclose

from npkpose import COCO_17, oks
from npkpose.reference.tracking import similarity as reference
from npkpose.tracking.motion import boxes_of
from npkpose.tracking.similarity import sigmas_of, track_similarity


def people(rng, count, missing=0.3):
    """Return keypoints (P, 5, 2), at least one of each person, and their boxes."""
    keypoints = rng.integers(0, 64, (count, 5, 2)) / 4
    keypoints[:, 1:][rng.random((count, 4)) < missing] = np.nan
    return keypoints, boxes_of(keypoints)


def test_the_similarity_is_the_mean_of_oks_and_box_overlap_worked_by_hand():
    tracked = np.array([[(0, 0), (4, 2)]], float)
    found = np.array([[(0, 0), (4, 4)], [(2, 0), (np.nan, np.nan)]])
    variances = np.full((1, 2), 2.0)
    result = track_similarity(tracked, variances, boxes_of(tracked), found, boxes_of(found))
    both = (1 + np.exp(-1)) / 3, np.exp(-1) / 2
    assert_allclose(result, [[(both[0] + 0.5) / 2, both[1] / 2]], rtol=1e-12)


def test_the_kernel_agrees_with_its_twin():
    rng = np.random.default_rng(0)
    for T, D in [(0, 3), (3, 0), (4, 6), (20, 15)]:
        (tracked, boxes), (found, found_boxes) = people(rng, T), people(rng, D)
        arguments = tracked, rng.uniform(1, 9, (T, 5)), boxes, found, found_boxes
        expected = reference.track_similarity(*arguments)
        assert_allclose(track_similarity(*arguments), expected, atol=1e-12)


def test_of_exact_predictions_the_keypoint_part_is_oks_but_for_the_extra_keypoint():
    rng = np.random.default_rng(1)
    tracked = rng.uniform(0, 100, (3, 17, 2))
    found, area = tracked + rng.normal(0, 3, tracked.shape), 900.0
    variances = np.tile(area * (2 * sigmas_of(COCO_17)) ** 2, (3, 1))
    nowhere = np.zeros((3, 4))
    result = track_similarity(tracked, variances, nowhere, found, nowhere)
    expected = oks(found, tracked, np.full(3, area), COCO_17.sigmas).T
    assert_allclose(2 * result * 18 / 17, expected, atol=1e-12)
