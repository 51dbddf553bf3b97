import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import Poses
from npkpose.space.associate import associate, triangulate_people

BODY = np.random.default_rng(0).uniform(-400, 400, (9, 3))  # 9 keypoints, in mm
PLACES = np.array([[0, 0, 0], [900, 300, 0], [-500, 800, 0], [-600, -900, 0], [700, -800, 0]])


def views_of(cameras, bodies, orders):
    """Return the Poses of each view, with the people in the order of that view."""
    return [Poses(camera.project(bodies)[order]) for camera, order in zip(cameras, orders)]


@settings(max_examples=25)
@given(st.lists(st.permutations(range(5)), min_size=5, max_size=5), st.integers(0, 5))
def test_people_are_matched_in_any_order_of_the_detections(ring, orders, count):
    cameras = ring("opencv")
    orders = [[person for person in order if person < count] for order in orders]
    bodies = BODY + PLACES[:count, None]
    people = views_of(cameras, bodies, orders)
    members = associate(people, cameras)
    assert members.shape == (count, 5)
    who = [[orders[v][row[v]] for v in range(5)] for row in members]
    assert sorted(who) == [[person] * 5 for person in range(count)]
    found = triangulate_people(people, cameras, members)
    assert found.points.shape == (count, 9, 3)
    if count:
        np.testing.assert_allclose(found.points, bodies[[row[0] for row in who]], atol=1e-6)


def test_a_missing_person_is_minus_one_and_people_with_more_views_come_first(ring):
    cameras = ring("none")
    bodies = BODY + PLACES[:3, None]
    people = views_of(cameras, bodies, [[0, 1, 2], [1, 0], [2, 1], [], [1]])
    members = associate(people, cameras)
    assert members.tolist() == [[1, 0, 1, -1, 0], [2, -1, 0, -1, -1], [0, 1, -1, -1, -1]] or (
        members.tolist() == [[1, 0, 1, -1, 0], [0, 1, -1, -1, -1], [2, -1, 0, -1, -1]]
    )
    assert associate(people, cameras, min_views=3).tolist() == [[1, 0, 1, -1, 0]]
    alone = associate(people[:1], cameras[:1], min_views=1)
    assert sorted(alone.tolist()) == [[0], [1], [2]]
    result = triangulate_people(people, cameras, members)
    assert np.isfinite(result.points).all() and (result.errors < 1e-6).all()


def test_only_keypoints_with_a_high_score_are_compared_and_others_are_not_joined(ring):
    cameras = ring("none", 3)
    bodies = BODY + PLACES[:1, None]
    people = views_of(cameras, bodies, [[0]] * 3)
    wrong = people[0].keypoints + [0, 300]
    scores = np.full((1, 9), 0.1)
    scores[0, :2], wrong[:, :2] = 0.9, people[0].keypoints[:, :2]
    assert len(associate([Poses(wrong, scores), *people[1:]], cameras)) == 1
    strangers = [Poses(wrong), *people[1:]]
    assert associate(strangers, cameras).tolist() == [[-1, 0, 0]]
    unsure = [Poses(poses.keypoints, 0 * scores) for poses in people]
    assert associate(unsure, cameras).shape == (0, 3)
    assert associate([], []).shape == (0, 0)


def test_real_bodies_of_the_panoptic_studio(panoptic):
    cameras, bodies = panoptic
    cameras = [cameras[node] for node in (3, 6, 12, 13, 23)]
    rng = np.random.default_rng(0)
    people = [Poses(camera.project(bodies) + rng.normal(0, 3, (3, 19, 2))) for camera in cameras]
    members = associate(people, cameras)
    assert sorted(members.tolist()) == [[0] * 5, [1] * 5, [2] * 5]


def test_raw_detections_of_the_shelf_give_three_people_in_each_frame(shelf):
    """Medians of 3.2 to 5.9 pixels per person; a person's thighs differ by less than 5 cm."""
    cameras, frames = shelf
    for frame in frames:
        people = [Poses(found[..., :2], found[..., 2]) for found in frame]
        members = associate(people, cameras, min_views=4)
        assert len(members) == 3
        result = triangulate_people(people, cameras, members)
        assert (result.status == 0).all()
        for p, member in enumerate(members):
            errors = [
                np.linalg.norm(
                    cameras[v].project(result.points[p]) - people[v].keypoints[person], axis=1
                )
                for v, person in enumerate(member)
                if person >= 0
            ]
            assert np.median(errors) < 6.5
        hips, knees = result.points[:, [11, 12]], result.points[:, [13, 14]]
        left, right = np.linalg.norm(hips - knees, axis=2).T
        assert (abs(left - right) < 50).all() and (left > 350).all() and (left < 500).all()


SHELF = [  # detections of the four people in each view; the last is seen by three cameras
    [[1, 2, 1, 3, 1], [2, 0, 0, 1, 0], [0, 1, 2, 0, 3], [-1, -1, 3, 2, 2]],
    [[1, 0, 1, 3, 1], [2, 2, 0, 1, 0], [0, 1, 2, 0, 3], [-1, -1, 3, 2, 2]],
    [[1, 2, 1, 3, 0], [-1, 1, 0, 1, 1], [0, 0, 2, 0, -1], [-1, -1, 3, 2, 2]],
]


def test_a_person_that_is_found_twice_in_a_view_of_the_shelf_is_one_person(shelf):
    """View 0 of frame 1 has a part of a person, score .36, beside the whole, .65 and 9 px off."""
    cameras, frames = shelf
    for frame, expected in zip(frames, SHELF):
        people = [Poses(found[..., :2], found[..., 2]) for found in frame]
        members = associate(people, cameras)
        assert sorted(members.tolist()) == sorted(expected)
        points = triangulate_people(people, cameras, members).points
        apart = np.median(np.linalg.norm(points[:, None] - points, axis=-1), axis=-1)
        assert (apart[~np.eye(4, dtype=bool)] > 900).all()  # mm; copies were 54 and 110 away


def crowd(cameras, rng, count):
    """Return bodies (P, 17, 3), and of each view the Poses and whose each detection is.

    Noise of 4 px, one keypoint in ten wrong, one person in eight missing, one in seven found
    twice: the second time 25 px off, with scores below .6.
    """
    angles = 2 * np.pi * np.arange(count) / count
    places = 1500 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    bodies = rng.normal(0, (200, 200, 400), (count, 17, 3)) + places[:, None]
    views, owners = [], []
    for camera in cameras:
        pixels, found = camera.project(bodies), []
        for p in np.flatnonzero(rng.random(count) > 1 / 8):
            wrong = rng.random(17) < 0.1
            seen = pixels[p] + rng.normal(0, np.where(wrong, 60, 4)[:, None], (17, 2))
            found.append((seen, rng.uniform(0.6, 1, 17), p))
            if rng.random() < 1 / 7:
                again = pixels[p] + rng.normal(0, 25, 2) + rng.normal(0, 12, (17, 2))
                found.append((again, rng.uniform(0.1, 0.6, 17), p))
        order = rng.permutation(len(found))
        points, scores, who = zip(*(found[n] for n in order))
        views.append(Poses(np.array(points), np.array(scores)))
        owners.append(np.array(who))
    return bodies, views, owners


def test_crowds_with_people_found_twice(ring):
    """Of 150 people in 30 scenes, 149 are found, none twice; none of 658 members is another's."""
    rng = np.random.default_rng(0)
    found, strangers, members_in_all = 0, 0, 0
    for _ in range(30):
        cameras = ring("none", 5)
        bodies, views, owners = crowd(cameras, rng, 5)
        members = associate(views, cameras)
        points = triangulate_people(views, cameras, members).points
        away = np.nanmedian(np.linalg.norm(points[:, None] - bodies, axis=-1), axis=-1)  # (P, 5)
        nearest, is_found = away.argmin(axis=1), away.min(axis=1) < 150
        assert len(set(nearest[is_found])) == is_found.sum()  # no copies
        found += is_found.sum()
        for p in np.flatnonzero(is_found):
            who = [owners[v][n] for v, n in enumerate(members[p]) if n >= 0]
            strangers += sum(owner != nearest[p] for owner in who)
            members_in_all += len(who)
    assert found >= 148 and members_in_all >= 650 and strangers <= 3


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"people": []}, "people: expected 2 views, one per camera, got 0"),
        ({"people": 3}, "people: expected a sequence of Poses, got int"),
        ({"people": Poses.empty(3)}, "people: expected "),
        ({"people": np.array(3)}, "people: expected a sequence of Poses, got ndarray"),
        ({"people": [3, 4]}, r"people\[0\]: expected Poses, got int"),
        ({"people": [Poses.empty(3), Poses.empty(4)]}, r"people\[1\]: expected 3 keypoints, got 4"),
        ({"max_distance": -1}, "max_distance: expected at least 0"),
        ({"min_views": 0}, "min_views: expected at least 1, got 0"),
        ({"min_score": None}, "min_score: expected a finite number"),
    ],
)
def test_bad_arguments_are_named(ring, changed, message):
    good = {"people": [Poses.empty(3)] * 2, "cameras": ring("none", 2)}
    with pytest.raises(ValueError, match=message):
        associate(**{**good, **changed})


@pytest.mark.parametrize("members, message", [
    ([[7, 0]], r"members\[0, 0\]: expected -1 or one of 1 people, got 7"),
    ([[0, 0], [0, -2]], r"members\[1, 1\]: expected -1 or one of 1 people, got -2"),
    ([0], r"members: expected shape \(P, 2\), got \(1,\)"),
    ([[0.5, 0]], r"members\[0, 0\]: expected an integer"),
])  # fmt: skip
def test_members_that_are_nobody_are_named(ring, members, message):
    people = [Poses(np.zeros((1, 3, 2)))] * 2
    with pytest.raises(ValueError, match=message):
        triangulate_people(people, ring("none", 2), members)
