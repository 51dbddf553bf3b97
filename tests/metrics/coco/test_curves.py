import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npkpose.metrics.coco import curves
from npkpose.metrics.coco.curves import match_outcomes, precision_curves
from npkpose.reference.metrics.coco import curves as reference

LEVELS = np.linspace(0, 1, 101)


def test_a_curve_worked_by_hand():
    # true, false, ignored, true, of 4 people: recall 1/4, 1/4, 1/4, 2/4; precision 1, .5, .5, 2/3
    outcomes, scores = np.array([[1, 0, 2, 1]], np.uint8), np.array([0.9, 0.8, 0.7, 0.6])
    levels = np.array([0, 0.25, 0.26, 0.5, 0.51])
    precision, recall, at_scores = precision_curves(outcomes, scores, 4, levels)
    np.testing.assert_allclose(precision, [[1, 1, 2 / 3, 2 / 3, 0]])
    assert recall.tolist() == [0.5] and at_scores.tolist() == [[0.9, 0.9, 0.6, 0.6, 0]]


def test_curves_are_minus_1_without_ground_truth_and_0_without_detections():
    outcomes = np.zeros((2, 0), np.uint8)
    for num_gt, value in ((0, -1), (3, 0)):
        for curve in precision_curves(outcomes, np.zeros(0), num_gt, LEVELS):
            assert curve.shape[0] == 2 and (curve == value).all()


def test_outcomes_worked_by_hand():
    matched = np.array([[-1, -1, 0, 1, 2, 2]], np.int32)
    outcomes = match_outcomes(
        matched, ignored=np.array([False, True, False]), unmatched=np.array([False, False, True]),
        out_of_range=np.array([False, True, True, False, False, True]),
    )  # fmt: skip
    assert outcomes.tolist() == [[0, 2, 1, 2, 0, 2]] and outcomes.dtype == np.uint8


@given(st.integers(0, 2**32 - 1), st.integers(0, 9))
def test_outcomes_equal_the_reference(seed, count):
    rng = np.random.default_rng(seed)
    matched = rng.integers(-1, count, (3, 12), dtype=np.int32)
    flags = rng.random(count) < 0.3, rng.random(count) < 0.3, rng.random(12) < 0.5
    np.testing.assert_array_equal(
        match_outcomes(matched, *flags), reference.match_outcomes(matched, *flags)
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_curves_equal_the_reference_and_precision_falls(seed, count):
    rng = np.random.default_rng(seed)
    outcomes = rng.integers(0, 3, (4, count)).astype(np.uint8)
    num_gt = int((outcomes == 1).sum(axis=1).max()) + int(rng.integers(1, 5))
    scores = -np.sort(-rng.random(count))
    ours = precision_curves(outcomes, scores, num_gt, LEVELS)
    expected = reference.precision_curves(outcomes, scores, num_gt, LEVELS)
    for curve, expected_curve in zip(ours, expected):
        np.testing.assert_array_equal(curve, expected_curve)
    assert (np.diff(ours[0], axis=1) <= 0).all()


def test_one_specialisation_serves_every_input():
    table = np.zeros((4, 6), np.uint8)
    precision_curves(table[:, ::2], np.zeros(6)[::2], 1, LEVELS)
    precision_curves(table, np.zeros(6), np.int64(1), LEVELS)
    levels = LEVELS.copy()
    levels.setflags(write=False)
    precision_curves(table, np.zeros(6), 1, levels)
    assert len(getattr(curves._curves, "signatures", [None])) == 1
