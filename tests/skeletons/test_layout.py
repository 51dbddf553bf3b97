import json

import numpy as np
import pytest

from npkpose import Skeleton, skeletons
from npkpose.skeletons import skeleton_names
from npkpose.skeletons.layout import circles, known_places, layout

PLANS = {name: getattr(skeletons, name) for name in skeleton_names()}
ONE_SIDE = """COCO_WHOLEBODY_133 HALPE_136 MEDIAPIPE_478 MEDIAPIPE_468 AP10K_17 ANIMALPOSE_20
    ZEBRA_9 ATRW_15 ANIMALKINGDOM_23 DEEPFASHION2_294"""  # not drawn from the front or from above
FROM_ABOVE = ("FLY_32", "LOCUST_35")


@pytest.mark.parametrize("name", PLANS)
def test_no_two_keypoints_are_drawn_at_one_place(name):
    places = layout(PLANS[name])
    assert places.shape == (PLANS[name].num_keypoints, 2) and np.isfinite(places).all()
    distances = np.hypot(*np.moveaxis(places[:, None] - places, 2, 0))
    least = 0 if name.startswith("MEDIAPIPE_4") else 1  # the lips of a closed mouth touch
    assert (distances + 100 * np.eye(len(places))).min() >= least
    assert 25 <= np.ptp(places[:, 1]) <= 150


@pytest.mark.parametrize("name", sorted(set(PLANS) - set(ONE_SIDE.split())))
def test_a_front_view_is_symmetric_with_the_left_on_the_right(name):
    plan, places = PLANS[name], layout(PLANS[name])
    if plan.pairs and has_places(plan):
        np.testing.assert_allclose(places[plan.flip_order] * [-1, 1], places, atol=0.2)
        left = [a if "left" in plan.keypoints[a] else b for a, b in plan.pairs
                if "left" in plan.keypoints[a] + plan.keypoints[b]]  # fmt: skip
        assert (places[left, 0] * (-1 if name in FROM_ABOVE else 1) > 0).all()


def has_places(plan):
    return all(each in known_places(plan) for each in plan.keypoints)


def test_bodies_hands_and_faces_have_places_of_their_own():
    computed = [plan for plan in PLANS.values() if not has_places(plan)]
    assert {plan.group for plan in computed} <= {"animal", "clothes", "wholebody"}
    assert not {skeletons.HORSE10_22, skeletons.COCO_WHOLEBODY_133} & set(computed)


def test_what_is_unknown_in_a_known_body_stands_on_a_circle_beside_it():
    mine = Skeleton("MINE", ("nose", "left_knee", "right_knee", "badge", "hat"), ())
    places = layout(mine)
    np.testing.assert_array_equal(places[:3], layout(Skeleton("M", mine.keypoints[:3], ())))
    assert (places[3:, 0] < places[:3, 0].min()).all() and np.hypot(*(places[3] - places[4])) == 44


def test_a_plan_of_ones_own_is_laid_out_by_its_limbs():
    mine = Skeleton("MINE", tuple("abcdefg"), ((0, 1), (1, 2), (3, 4)))
    places = circles(mine)
    assert np.array_equal(layout(mine), places)
    distances = np.hypot(*np.moveaxis(places[:, None] - places, 2, 0))
    parts = [0, 1, 2], [3, 4], [5, 6]  # the last two have no limb
    for part in parts:
        others = [k for k in range(7) if k not in part]
        assert distances[np.ix_(part, part)].max() < 2 * distances[np.ix_(part, others)].max()
    assert (distances + 10 * np.eye(7)).min() > 5
    assert circles(Skeleton("NOTHING", (), ())).shape == (0, 2)
    assert circles(Skeleton("ONE", ("a",), ())).tolist() == [[0, 0]]


def test_a_body_of_ones_own_with_known_names_looks_like_one():
    mine = Skeleton("MINE", ("nose", "left_wrist", "right_wrist"), ())
    nose, left, right = layout(mine)
    assert left[0] == -right[0] > 0 == nose[0] and nose[1] < left[1] == right[1]


@pytest.mark.parametrize(("file", "name"), [
    ("300w_test_300w", "FACE_68"), ("wflw_test_wflw", "WFLW_98"), ("lapa_test_lapa", "FACE_106"),
    ("cofw_test_cofw", "COFW_29"), ("aflw_test_aflw", "AFLW_19"),
])  # fmt: skip
def test_numbered_points_stand_where_annotators_put_them(file, name, shared_data):
    path = shared_data / "samples" / "annotations" / f"{file}.json"
    faces = [np.reshape(row["keypoints"], (-1, 3)) for row in
             json.loads(path.read_text(encoding="utf-8"))["annotations"]]  # fmt: skip
    places = np.column_stack([layout(PLANS[name]), np.ones(len(faces[0]))])
    errors = []
    for face in faces:
        known = face[:, 2] > 0
        moved, *_ = np.linalg.lstsq(places[known], face[known, :2])  # an affine map
        error = np.hypot(*(places[known] @ moved - face[known, :2]).T)
        errors.append(error.mean() / np.sqrt(np.prod(np.ptp(face[known, :2], axis=0))))
    assert min(errors) < 0.09  # of the face's size; numbers off by one give 0.12 and more
