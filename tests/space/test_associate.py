import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import Poses
from npkpose.space.associate import (
    associate,
    epipolar_distances,
    fundamental_matrix,
    triangulate_people,
)
from npkpose.space.camera import Camera

BODY = np.random.default_rng(0).uniform(-400, 400, (9, 3))  # 9 keypoints, in mm
PLACES = np.array([[0, 0, 0], [900, 300, 0], [-500, 800, 0], [-600, -900, 0], [700, -800, 0]])


def views_of(cameras, bodies, orders):
    """Return the Poses of each view, with the people in the order of that view."""
    return [Poses(camera.project(bodies)[order]) for camera, order in zip(cameras, orders)]


def test_an_epipolar_line_worked_by_hand():
    # Side by side, focal length 100, no rotation: epipolar lines are rows; 50 and 53 are 3 apart.
    cameras = [Camera(np.eye(3), (-x, 0, 0), (100, 100), (50, 50)) for x in (0, 2)]
    F = fundamental_matrix(*cameras)
    a, b = np.array([[70.0, 50], [70, 50], [np.nan, 50]]), np.array([[20.0, 50], [90, 53], [1, 1]])
    np.testing.assert_allclose(epipolar_distances(a, b, F), [0, 3, np.nan], atol=1e-12)
    assert np.isnan(epipolar_distances(a, b, 0 * F)).all()  # two cameras at one position: no line


def test_every_point_lies_on_its_epipolar_line_which_is_opencvs(ring):
    cv2 = pytest.importorskip("cv2")
    first, second = ring("opencv", 2)
    points = np.random.default_rng(1).uniform(-900, 900, (30, 3))
    a, b = (camera.undistort(camera.project(points)) for camera in (first, second))
    F = fundamental_matrix(first, second)
    np.testing.assert_allclose(epipolar_distances(a, b, F), 0, atol=1e-7)
    lines = cv2.computeCorrespondEpilines(a[:, None], 1, F)[:, 0]
    b, homogeneous = b + [3, 40], np.column_stack([b + [3, 40], np.ones(30)])
    back = cv2.computeCorrespondEpilines(b[:, None], 2, F)[:, 0]
    expected = abs((homogeneous * lines).sum(axis=1))
    expected += abs((np.column_stack([a, np.ones(30)]) * back).sum(axis=1))
    np.testing.assert_allclose(epipolar_distances(a, b, F), expected / 2, rtol=1e-6)


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


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"people": []}, "people: expected 2 views, one per camera, got 0"),
        ({"people": 3}, "people: expected a sequence of Poses, got int"),
        ({"people": Poses.empty(3)}, "people: expected a sequence of Poses, got Poses"),
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
