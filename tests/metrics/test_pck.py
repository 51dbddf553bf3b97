import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.metrics import auc, pck, pckh

NAN = (np.nan, np.nan)


def scene(seed, people=6, parts=4):
    """Return poses near their truth, sizes, visibility; an eighth of the keypoints is missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 50, (people, parts, 2)).astype(float)
    poses = truth + rng.integers(-6, 7, truth.shape)
    poses[rng.random((people, parts)) < 1 / 8] = np.nan
    return (
        poses,
        truth,
        rng.integers(4, 30, people).astype(float),
        rng.integers(0, 3, poses.shape[:2]),
    )


def test_a_keypoint_exactly_at_the_threshold_is_correct():
    # distances 5, 5.1, missing and 0, sizes 10; the second person's first is not labelled
    poses = [[(3, 4), (5.1, 0)], [(9, 9), NAN], [(0, 0), (0, 0)]]
    truth = [[(0, 0), (0, 0)], [NAN, (0, 0)], [(0, 0), (0, 0)]]
    result = pck(poses, truth, [10, 10, 10], (0.5, 0.51))
    np.testing.assert_allclose(result.per_keypoint, [[1, 1 / 3], [1, 2 / 3]])
    np.testing.assert_allclose(result.mean, [3 / 5, 4 / 5])
    np.testing.assert_allclose(result.mean_of_keypoints, [4 / 6, 5 / 6])
    assert result.counts.tolist() == [2, 3]


def test_the_size_of_a_head_is_six_tenths_of_its_diagonal():
    poses, truth = [[(3, 0), (3.01, 0)]], [[(0, 0), (0, 0)]]
    result = pckh(poses, truth, [(10, 20, 16, 28)])  # the diagonal is 10: half of 6 is 3
    assert result.per_keypoint.tolist() == [[1, 0]]
    assert pckh(poses, truth, [(10, 20, 16, 28)], left_out=[1]).mean.tolist() == [1]


@given(st.integers(0, 2**32 - 1))
def test_counting_one_by_one_gives_the_same(seed):
    poses, truth, sizes, visibility = scene(seed)
    result = pck(poses, truth, sizes, (0.1, 0.5), visibility, left_out=(2,))
    for t, threshold in enumerate((0.1, 0.5)):
        hits, counts = np.zeros(4), np.zeros(4)
        for p, k in zip(*np.nonzero(visibility)):
            counts[k] += 1
            hits[k] += np.sqrt(((poses[p, k] - truth[p, k]) ** 2).sum()) <= threshold * sizes[p]
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(result.per_keypoint[t], hits / counts)
            kept = [0, 1, 3]
            np.testing.assert_allclose(result.mean[t], hits[kept].sum() / counts[kept].sum())


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_scale_and_order_of_the_people_change_nothing(seed, scale):
    poses, truth, sizes, visibility = scene(seed)
    expected = pck(poses, truth, sizes, (0.25, 1), visibility)
    other = pck(poses[::-1] * scale, truth[::-1] * scale, sizes[::-1] * scale, (0.25, 1),
                visibility[::-1])  # fmt: skip
    for got, want in zip(other, expected):
        np.testing.assert_allclose(got, want)


def test_the_area_under_a_straight_line_is_half_and_steps_approximate_it():
    truth = np.zeros((1, 1000, 2))
    poses = np.zeros((1, 1000, 2))
    poses[0, :, 0] = np.arange(0.5, 1000) / 1000 * 8  # evenly from 0 to 8, the size
    assert auc(poses, truth, [8]) == pytest.approx(0.5)
    assert auc(poses, truth, [8], high=0.5) == pytest.approx(0.25)
    assert auc(poses, truth, [8], steps=20) == pytest.approx(0.5 - 1 / 40)
    assert auc(poses, truth, [8], steps=2000) == pytest.approx(0.5, abs=1e-3)
    poses[0, :500] = np.nan
    assert auc(poses, truth, [8]) == pytest.approx(0.125)  # of the upper half


def test_without_labelled_keypoints_shares_are_nan():
    nothing = pck(np.zeros((2, 3, 2)), np.full((2, 3, 2), np.nan), [1, 1])
    assert np.isnan(nothing.per_keypoint).all() and np.isnan(nothing.mean).all()
    assert nothing.counts.tolist() == [0, 0, 0] and np.isnan(nothing.mean_of_keypoints).all()
    empty = pck(np.empty((0, 3, 2)), np.empty((0, 3, 2)), [])
    assert empty.per_keypoint.shape == (1, 3) and np.isnan(empty.mean).all()
    assert np.isnan(auc(np.empty((0, 3, 2)), np.empty((0, 3, 2)), []))
    with pytest.raises(ValueError, match="steps: expected an integer, got 'a'"):
        auc(np.empty((0, 3, 2)), np.empty((0, 3, 2)), [], steps="a")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"keypoints": np.zeros((1, 2))}, "keypoints: expected shape"),
        ({"true_keypoints": np.zeros((1, 3, 2))}, r"true_keypoints: expected shape \(1, 2, 2\)"),
        ({"true_keypoints": [[(0, np.inf), (0, 0)]]}, r"true_keypoints\[0, 0, 1\]: expected a fin"),
        ({"sizes": [0]}, r"sizes\[0\]: expected more than 0, got 0"),
        ({"sizes": [1, 2]}, r"sizes: expected shape \(1\)"),
        ({"visibility": [[1]]}, r"visibility: expected shape \(1, 2\)"),
        ({"thresholds": "x"}, "thresholds: expected real numbers"),
        ({"left_out": [2]}, "left_out: expected indices from 0 to 1, got"),
        ({"left_out": 1}, r"left_out: expected shape \(N\), got \(\)"),
        ({"left_out": [0.5]}, r"left_out\[0\]: expected an integer .int64., got 0.5"),
        ({"left_out": [-1]}, "left_out: expected indices from 0 to 1, got"),
        ({"keypoints": np.full((1, 2, 2), 1e200)}, "keypoints.*: expected at most 1e.150 in size"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {"keypoints": np.zeros((1, 2, 2)), "true_keypoints": np.zeros((1, 2, 2)), "sizes": [1]}
    with pytest.raises(ValueError, match=message):
        pck(**{**good, **change})


def test_a_head_without_size_is_named():
    with pytest.raises(ValueError, match=r"head_boxes\[1\]: expected a box with a diagonal"):
        pckh(np.zeros((2, 1, 2)), np.zeros((2, 1, 2)), [(0, 0, 1, 1), (2, 2, 2, 2)])
    with pytest.raises(ValueError, match="steps: expected at least 1"):
        auc(np.zeros((1, 1, 2)), np.zeros((1, 1, 2)), [1], steps=0)
