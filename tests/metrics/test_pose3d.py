import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.metrics.pose3d import auc_3d, mpjpe, mpjve, n_mpjpe, pa_mpjpe, pck_3d, pve
from npkpose.space.rotations import axis_angle_to_matrix

TRUTH = np.array([[0, 0, 0], [100, 0, 0], [0, 200, 0], [0, 0, 300.0]])
sixteenths = st.integers(-32, 32).map(lambda n: n / 16)
sequences = arrays(np.float64, (3, 5, 3), elements=sixteenths)


def test_distances_of_5_0_10_and_13_worked_by_hand():
    found = TRUTH + [[3, 4, 0], [0, 0, 0], [0, 6, 8], [3, 4, 12]]
    assert mpjpe(found, TRUTH) == pytest.approx(28 / 4)
    assert mpjpe([found, TRUTH], [TRUTH, TRUTH]) == pytest.approx(28 / 8)
    # from joint 0: (0, 0, 0), (-3, -4, 0), (-3, 2, 8) and (0, 0, 12)
    assert mpjpe(found, TRUTH, root=0) == pytest.approx((0 + 5 + np.sqrt(77) + 12) / 4)
    assert pck_3d(found, TRUTH, threshold=10) == 0.5  # a joint at the threshold is not nearer
    assert pck_3d(found, TRUTH, threshold=10.01) == 0.75
    assert auc_3d(found, TRUTH, thresholds=[0, 4, 8, 20]) == pytest.approx((0 + 1 + 2 + 4) / 16)
    assert auc_3d(TRUTH, TRUTH) == pytest.approx(30 / 31)
    assert pve(found, TRUTH) == pytest.approx(7)
    assert pve(found + 5, TRUTH, roots=[(5, 5, 5), (0, 0, 0)]) == pytest.approx(7)


def test_n_mpjpe_does_not_depend_on_scale_and_pa_mpjpe_on_no_similarity():
    assert n_mpjpe(0.5 * TRUTH, TRUTH) == pytest.approx(0, abs=1e-12)
    moved = 3 * TRUTH @ axis_angle_to_matrix([1, 2, 3]).T + [5, 6, 7]
    assert pa_mpjpe(moved, TRUTH) == pytest.approx(0, abs=1e-10)
    assert n_mpjpe(moved, TRUTH, root=0) > 10
    # <p, q> / <p, p> of (2, 0) and (0, 0) with (1, 1) and (0, 0) is 1/2: |(1, 0) - (1, 1)| = 1
    assert n_mpjpe([[2, 0, 0], [0, 0, 0]], [[1, 1, 0], [0, 0, 0]]) == pytest.approx(0.5)


def test_a_mirrored_pose_is_another_pose():
    pose = np.random.default_rng(0).normal(0, 300, (17, 3))
    assert pa_mpjpe(pose * [-1, 1, 1], pose) > 50


def test_a_constant_offset_does_not_change_velocities():
    sequence = np.arange(4.0)[:, None, None] * [1, 0, 0] + TRUTH
    assert mpjve(sequence + [50, 60, 70], sequence) == pytest.approx(0, abs=1e-12)
    assert mpjve(2 * sequence - TRUTH, sequence) == pytest.approx(1)  # twice as fast
    trembling = sequence + [[[0, 0, 5]], [[0, 0, -5]], [[0, 0, 5]], [[0, 0, -5]]]
    assert mpjve(trembling, sequence) == pytest.approx(10)
    assert np.isnan(mpjve(sequence[:1], sequence[:1]))


@given(sequences, sequences)
def test_rotating_both_changes_nothing_and_the_truth_is_perfect(found, truth):
    turn = axis_angle_to_matrix([0.3, 0.2, -1]).T
    for metric in (mpjpe, n_mpjpe, mpjve):
        assert metric(found @ turn, truth @ turn) == pytest.approx(metric(found, truth), abs=1e-6)
    for metric in (mpjpe, n_mpjpe, mpjve, pa_mpjpe):
        assert metric(found, truth) >= 0
        assert metric(truth, truth) == pytest.approx(0, abs=1e-7)


def test_unlabelled_joints_are_left_out_and_missing_joints_are_not():
    truth, found = TRUTH.copy(), TRUTH + [[0, 0, 0], [0, 0, 7], [0, 0, 0], [1, 0, 0]]
    truth[1] = np.nan
    assert mpjpe(found, truth) == pytest.approx(1 / 3)
    assert n_mpjpe(2 * TRUTH, truth) == pytest.approx(0, abs=1e-12)
    assert pa_mpjpe(2 * TRUTH, truth) == pytest.approx(0, abs=1e-10)
    found[2] = np.nan
    assert np.isnan(mpjpe(found, truth)) and np.isnan(pa_mpjpe(found, truth))
    assert np.isnan(n_mpjpe(found, truth)) and np.isnan(pve(found, truth))
    assert pck_3d(found, truth) == pytest.approx(2 / 3)
    for metric in (mpjpe, pa_mpjpe, n_mpjpe, pve, pck_3d, auc_3d, mpjve):
        assert np.isnan(metric(found[None], np.full((1, 4, 3), np.nan)))
        assert np.isnan(metric(np.empty((0, 4, 3)), np.empty((0, 4, 3))))
    assert n_mpjpe(np.zeros((4, 3)), TRUTH) == pytest.approx(150)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: mpjpe([1, 2, 3], [1, 2, 3]), r"points: expected shape \(..., K, 3\), got \(3,\)"),
        (lambda: mpjpe(TRUTH, TRUTH[:3]), r"true_points: expected shape \(4, 3\), got \(3, 3\)"),
        (lambda: pa_mpjpe(TRUTH, TRUTH / 0), "true_points: expected finite values or NaN"),
        (lambda: mpjpe(TRUTH, TRUTH, root=4), "root: expected less than 4, got 4"),
        (lambda: mpjve(TRUTH, TRUTH), r"points: expected shape \(F, ..., K, 3\), got \(4, 3\)"),
        (lambda: pve([[1, 2]], TRUTH), r"^vertices: expected shape \(..., K, 3\), got \(1, 2\)"),
        (lambda: pve(TRUTH, TRUTH[1:]), r"^true_vertices: expected shape \(4, 3\), got \(3, 3\)"),
        (lambda: pve(TRUTH, TRUTH, roots=[1, 2]), r"roots: expected shape \(2, 3\), got \(2,\)"),
        (lambda: pck_3d(TRUTH, TRUTH, threshold=-1), "threshold: expected at least 0"),
        (lambda: auc_3d(TRUTH, TRUTH, thresholds=3), r"thresholds: expected shape \(T\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("metric", [mpjpe, pa_mpjpe, n_mpjpe, pve, pck_3d, auc_3d])
def test_numbers_whose_squares_overflow_are_refused_by_name(metric):
    with pytest.raises(ValueError, match=r"\[1, 2\]: expected at most 1e\+150 in size, got -1e"):
        metric(np.where([[0, 0, 0], [0, 0, 1]], -1e155, TRUTH[:2]), TRUTH[:2])
    with pytest.raises(ValueError, match=r"true_\w+\[0, 0\]: expected at most 1e\+150"):
        metric(TRUTH, TRUTH + 1e308)
