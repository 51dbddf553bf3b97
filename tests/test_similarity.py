"""Every copy of the OKS formula in the package against the formula, one keypoint at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import Skeleton
from npkpose.codec import nms
from npkpose.codec.heatmap.expected_oks import expected_oks
from npkpose.metrics import Detections, GroundTruth, evaluate_coco, oks
from npkpose.metrics.oks import People
from npkpose.reference.codec import nms as reference_nms
from npkpose.reference.metrics import oks as reference_oks
from npkpose.similarity import keypoint_similarity


def by_oks_twin(pose, truth, area, sigma):
    people = People(truth[None, None], np.ones((1, 1), bool), np.array([area]), np.zeros((1, 4)))
    return reference_oks.pair_oks(pose[None, None], people, [sigma], [(0, 0)])[0]


def by_nms_twin(pose, truth, area, sigma):
    both = np.array([[pose], [truth]])
    return reference_nms.pose_similarity(both, np.array([area, area]), [sigma])[0, 1]


def by_expected_oks(pose, truth, area, sigma):
    heatmaps = np.zeros((1, 16, 16))
    heatmaps[0, int(truth[1]), int(truth[0])] = 1.0
    return expected_oks(heatmaps, [sigma], math.sqrt(area))[0, int(pose[1]), int(pose[0])]


def by_keypoint_errors(pose, truth, area, sigma):
    plan = Skeleton("ONE", ("a",), (), sigmas=sigma)
    tables = GroundTruth(truth[None, None], [[2]], [1], [area]), Detections([[pose]], [1.0], [1])
    return evaluate_coco(*tables, plan, thresholds=[0.0]).keypoint_errors(0.0).similarity[0]


COPIES = {
    "similarity": lambda pose, truth, area, sigma: keypoint_similarity(
        ((pose - truth) ** 2).sum(), area, sigma
    ),
    "metrics.oks": lambda pose, truth, area, sigma: oks([[pose]], [[truth]], [area], [sigma])[0, 0],
    "reference.metrics.oks": by_oks_twin,
    "codec.nms": lambda pose, truth, area, sigma: nms._similarity(
        pose[None], truth[None], area, np.array([sigma])
    ),
    "reference.codec.nms": by_nms_twin,
    "codec.heatmap.expected_oks": by_expected_oks,
    "metrics.coco.result": by_keypoint_errors,
}
pixels = st.tuples(st.integers(0, 15), st.integers(0, 15))


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
@given(pixels, pixels, st.integers(4, 400), st.integers(1, 16))
def test_every_copy_gives_the_formula(copy, pose, truth, area, sixteenths):
    squared = (pose[0] - truth[0]) ** 2 + (pose[1] - truth[1]) ** 2
    sigma = sixteenths / 16
    expected = math.exp(-squared / (2 * area * (2 * sigma) ** 2))
    got = copy(np.array(pose, float), np.array(truth, float), float(area), sigma)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_one_annotator_sigma_away_is_exp_of_minus_an_eighth():
    areas = np.array([[400.0], [900.0]])
    sigmas = (0.05, 0.1)
    squared = areas * np.square(sigmas)
    np.testing.assert_allclose(keypoint_similarity(squared, areas, sigmas), math.exp(-1 / 8))


def test_at_the_true_place_it_is_1_for_any_area():
    assert keypoint_similarity(np.array([0.0, 1.0]), 0.0, 0.1).tolist() == [1.0, 0.0]
