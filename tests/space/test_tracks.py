import numpy as np
import pytest

from npkpose.poses import Poses
from npkpose.space.tracks import MAX_PEOPLE, follow_people


def person(rng, x, y=200.0):
    return rng.uniform(-50, 50, (17, 2)) + [x, y]


def walkers(rng, frames=12, missing=()):
    """Two people, 400 px apart, who both move 10 px per frame: (2, F, 17, 2)."""
    start = np.stack([person(rng, 200), person(rng, 600)])
    return start[:, None] + np.arange(frames)[:, None, None] * [10.0, 0.0]


def test_a_person_is_followed_whatever_the_order_and_the_scores(rng):
    people = walkers(rng)
    frames = []
    for f in range(12):
        order = [f % 2, 1 - f % 2]
        scores = np.array([2.5, 2.0 + f % 2])  # the best of a frame alternates
        frames.append(Poses(people[order, f], person_scores=scores[order], ids=[-1, -1]))
    tracks = follow_people(frames)
    assert [list(frames) for frames, _ in tracks] == [list(range(12))] * 2
    np.testing.assert_array_equal(tracks[0][1], people[0])  # 12 x 2.5 against 12 x 2.5: the first
    np.testing.assert_array_equal(tracks[1][1], people[1])


def test_people_who_alternate_are_two_tracks_with_gaps(rng):
    people = walkers(rng)
    frames = [Poses(people[[f % 2], f], person_scores=[1 + f % 2], ids=[-1]) for f in range(12)]
    (odd, second), (even, first) = follow_people(frames)
    assert odd == [1, 3, 5, 7, 9, 11] and even == [0, 2, 4, 6, 8, 10]
    np.testing.assert_array_equal(second, people[1, odd])
    np.testing.assert_array_equal(first, people[0, even])


def test_a_track_goes_on_after_frames_without_people(rng):
    people = walkers(rng)[:1]
    frames = [
        Poses(people[:, f], ids=[-1]) if not 4 <= f < 8 else Poses.empty(17) for f in range(12)
    ]
    [(found, keypoints)] = follow_people(frames)
    assert found == [0, 1, 2, 3, 8, 9, 10, 11]
    np.testing.assert_array_equal(keypoints, people[0, found])


def test_identities_of_the_file_are_used_where_people_cross(rng):
    shape = rng.uniform(-50, 50, (17, 2))
    x = np.arange(11) * 20.0
    people = np.stack([shape + [[[a, 0]] for a in x], shape + [[[200 - a, 0]] for a in x]])
    frames = [Poses(people[:, f], person_scores=[1, 2], ids=[7, 3]) for f in range(11)]
    (_, best), (_, other) = follow_people(frames)
    np.testing.assert_array_equal(best, people[1])
    np.testing.assert_array_equal(other, people[0])


@pytest.mark.parametrize("ids", [[0, 0], [4, -1], [-1, -1]])
def test_identities_that_tell_nobody_apart_are_passed_over(rng, ids):
    people = walkers(rng)
    frames = [Poses(people[:, f], person_scores=[2, 1], ids=ids) for f in range(12)]
    (_, best), _ = follow_people(frames)
    np.testing.assert_array_equal(best, people[0])


def test_a_missing_keypoint_and_a_person_without_any_break_no_track(rng):
    people = walkers(rng)[0]
    people[::2, 3] = np.nan
    nobody = np.full((17, 2), np.nan)
    frames = [Poses(np.stack([nobody, people[f]]), ids=[-1, -1]) for f in range(12)]
    [(found, keypoints)] = follow_people(frames)
    np.testing.assert_array_equal(keypoints, people)
    assert found == list(range(12))


def test_one_keypoint_alone_is_followed_only_where_it_stays():
    points = np.array([[[5.0, 5.0]], [[5.0, 5.0]], [[6.0, 5.0]]])
    tracks = follow_people([Poses(point[None], ids=[-1]) for point in points])
    assert [found for found, _ in tracks] == [[0, 1], [2]]


def test_of_a_crowd_the_best_are_followed(rng):
    crowd = np.stack([person(rng, 1000 * n) for n in range(MAX_PEOPLE + 9)])
    scores = rng.permutation(len(crowd)) + 1.0
    tracks = follow_people([Poses(crowd, person_scores=scores, ids=-np.ones(len(crowd), int))] * 3)
    best = np.argsort(-scores)[:MAX_PEOPLE]
    np.testing.assert_array_equal([keypoints[0] for _, keypoints in tracks], crowd[best])


def test_nobody_is_no_track():
    assert follow_people([]) == follow_people([Poses.empty(17)] * 3) == []
