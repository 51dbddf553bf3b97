import numpy as np
import pytest
from numpy.testing import assert_allclose

from npkpose import Poses
from npkpose.tracking import OneEuroFilter, PoseSmoother


def people(rng, ids):
    keypoints = rng.uniform(0, 100, (len(ids), 4, 2))
    keypoints[rng.random((len(ids), 4)) < 0.2] = np.nan
    return Poses(keypoints, person_scores=np.ones(len(ids)), ids=ids)


def test_each_identity_has_its_own_filter_whatever_the_order():
    rng, smoother = np.random.default_rng(0), PoseSmoother(min_cutoff=1.0, beta=0.0)
    alone = {id: OneEuroFilter(min_cutoff=1.0) for id in (3, 7, 9)}
    for f, ids in enumerate([(3, 7), (7, 3), (9, 3), (), (7, 9, 3)]):
        poses = people(rng, ids)
        smooth = smoother.update(poses)
        assert smooth.ids.tolist() == list(ids) and len(smooth) == len(poses)
        for id, before, after in zip(ids, poses.keypoints, smooth.keypoints):
            assert_allclose(after, alone[id](before, f / 30), rtol=1e-9)


def test_a_person_twice_as_large_moves_twice_as_far():
    rng = np.random.default_rng(1)
    small, large = PoseSmoother(), PoseSmoother()
    for _ in range(5):
        poses = people(rng, [1])
        twice = poses.with_keypoints(2 * poses.keypoints)
        a, b = small.update(poses).keypoints, large.update(twice).keypoints
        assert_allclose(2 * a, b, rtol=1e-9)


def test_points_in_space_are_smoothed_in_their_own_unit():
    rng, smoother = np.random.default_rng(2), PoseSmoother(min_cutoff=1.0, beta=0.7)
    alone = OneEuroFilter(min_cutoff=1.0, beta=0.7)
    for f in range(5):
        points = rng.normal(0, 1, (1, 4, 3))
        assert_allclose(smoother.update_points([5], points), alone(points, f / 30))


def test_a_person_who_was_away_begins_anew():
    rng, smoother = np.random.default_rng(3), PoseSmoother(keep=1.0)
    smoother.update(people(rng, [1]), time=0)
    poses = people(rng, [1])
    assert_allclose(smoother.update(poses, time=2).keypoints, poses.keypoints)


def test_two_people_of_one_id_are_refused():
    with pytest.raises(ValueError, match="ids: expected distinct"):
        PoseSmoother().update(Poses(np.zeros((2, 4, 2)), ids=[1, 1]))
    smoother = PoseSmoother()
    smoother.update_points([1], np.zeros((1, 4, 3)))
    with pytest.raises(ValueError, match="points: expected"):
        smoother.update_points([1], np.zeros((1, 5, 3)))


def test_jitter_falls_to_a_third_at_a_lag_below_40_ms():
    """Of a still wrist with the noise of a network, and of one that swings; see example 20."""
    rng, time = np.random.default_rng(4), np.arange(600) / 30
    swing = 0.5 * np.sin(2 * np.pi * 0.75 * time)
    still = rng.normal(0, 0.014, (600, 40, 1))
    results = []
    for signal in (still, still + swing[:, None, None]):
        smoother = PoseSmoother()
        results.append(np.array([smoother.update_points([1], each[None])[0] for each in signal]))
    assert still[60:].std() / results[0][60:].std() > 3
    late = [np.interp(time - lag, time, swing)[60:] for lag in np.arange(0, 0.1, 0.001)]
    mean = results[1][60:, :, 0].mean(axis=1)
    assert np.argmin([((each - mean) ** 2).mean() for each in late]) < 40
