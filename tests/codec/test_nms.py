import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17, Poses, Skeleton
from npkpose.codec import nms
from npkpose.codec.nms import box_nms, oks_nms
from npkpose.reference.codec import nms as reference

PAIR = Skeleton("PAIR", ("a", "b"), ((0, 1),), sigmas=(0.1, 0.2))
TRIPLE = Skeleton("TRIPLE", ("a", "b", "c"), ((0, 1),), sigmas=0.1)
lattice = st.integers(0, 8).map(float)


@st.composite
def crowds(draw):
    """Poses of TRIPLE on a lattice, some keypoints missing, scores often tied."""
    people = draw(st.integers(0, 6))
    points = draw(arrays(np.float64, (people, 3, 2), elements=lattice))
    points[draw(arrays(np.bool_, (people, 3)))] = np.nan
    scores = draw(arrays(np.float64, people, elements=st.integers(0, 2).map(float)))
    return Poses(points, person_scores=scores)


@st.composite
def many_boxes(draw):
    """Boxes on a lattice, of area 0 included, and scores that are often tied."""
    corners = draw(arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=lattice))
    low = np.minimum(corners[:, :2], corners[:, 2:])
    high = np.maximum(corners[:, :2], corners[:, 2:])
    scores = draw(arrays(np.float64, len(corners), elements=st.integers(0, 2).map(float)))
    return np.concatenate([low, high], axis=1), scores


def test_a_hand_worked_similarity_is_on_either_side_of_the_threshold():
    # area 100: keypoint a moved by 2, exp(-4 / (2 * 100 * .04)) = exp(-1/2); b not: mean 0.803
    points = np.array([[(0, 0), (10, 10)], [(2, 0), (10, 10)]], float)
    poses = Poses(points, person_scores=[0.5, 0.9])
    areas, similarity = [100, 100], (np.exp(-0.5) + 1) / 2
    assert oks_nms(poses, PAIR, areas, similarity - 1e-9).tolist() == [1]
    assert oks_nms(poses, PAIR, areas, similarity + 1e-9).tolist() == [1, 0]
    assert oks_nms(poses, PAIR, [50, 150], similarity + 1e-9).tolist() == [1, 0]  # their mean


def test_a_keypoint_is_compared_only_if_both_people_have_it():
    points = np.array([[(0, 0), (10, 10)], [(0, 0), (50, 50)], [(0, 0), (10, 10)]], float)
    points[1, 1] = np.nan
    poses = Poses(points, person_scores=[3, 2, 1])
    assert oks_nms(poses, PAIR, [100] * 3).tolist() == [0]  # person 1 agrees in its only keypoint
    points[1] = points[1, ::-1]
    points[1, 1] = 10, 40
    assert oks_nms(Poses(points, person_scores=[2, 3, 1]), PAIR, [100] * 3).tolist() == [1, 0]


@given(crowds(), st.sampled_from([0.0, 0.5, 0.9]))
def test_people_kept_match_the_reference(poses, threshold):
    areas = np.arange(len(poses)) * 10.0
    expected = reference.oks_nms(
        poses.keypoints, areas, TRIPLE.sigmas, poses.person_scores, threshold
    )
    assert oks_nms(poses, TRIPLE, areas, threshold).tolist() == expected


@given(crowds())
def test_keeping_the_kept_changes_nothing_and_neither_does_scale(poses):
    kept = oks_nms(poses, TRIPLE, threshold=0.5)
    assert oks_nms(poses[kept], TRIPLE, threshold=0.5).tolist() == list(range(len(kept)))
    larger = poses.with_keypoints(4 * poses.keypoints)
    assert oks_nms(larger, TRIPLE, threshold=0.5).tolist() == kept.tolist()


def test_people_of_area_0_are_similar_only_where_they_coincide():
    points = np.full((4, 3, 2), np.nan)
    points[:3, 0] = (5, 5), (5, 5), (5, 6)
    poses = Poses(points, person_scores=[1, 1, 1, 1])
    assert oks_nms(poses, TRIPLE).tolist() == [0, 2, 3]  # the last person has no keypoints


def test_empty_input_gives_no_indices():
    assert oks_nms(Poses.empty(17), COCO_17).shape == (0,)
    assert box_nms(np.empty((0, 4)), []).shape == (0,)


def test_boxes_are_compared_by_intersection_over_union():
    boxes = [(0, 0, 2, 2), (1, 0, 3, 2), (0, 0, 2, 2.5), (4, 4, 5, 5)]  # overlaps 1/3 and 4/5
    scores = [0.9, 0.8, 0.7, 0.95]
    assert box_nms(boxes, scores, 0.5).tolist() == [3, 0, 1]
    assert box_nms(boxes, scores, 0.3).tolist() == [3, 0]
    assert box_nms(boxes, scores, 0.81).tolist() == [3, 0, 1, 2]


@given(many_boxes(), st.sampled_from([0.0, 0.3, 0.7]))
def test_boxes_kept_match_the_reference(case, threshold):
    assert box_nms(*case, threshold).tolist() == reference.box_nms(*case, threshold)


def test_equal_scores_go_by_index_and_a_box_of_area_0_overlaps_nothing():
    boxes = [(0, 0, 2, 2), (0, 0, 2, 2), (1, 1, 1, 1), (1, 1, 1, 1), (0, 1, 2, 1)]
    assert box_nms(boxes, np.ones(5)).tolist() == [0, 2, 3, 4]


def test_the_default_areas_are_those_of_the_boxes_around_the_keypoints_that_people_have():
    keypoints = np.random.default_rng(0).normal(0, 9, (6, 4, 2))
    keypoints[1, 2:], keypoints[2, 1:], keypoints[3] = np.nan, np.nan, np.nan
    areas = np.empty(6)
    nms._fill_areas(keypoints, areas)
    boxes = np.nan_to_num(Poses(keypoints).boxes)
    np.testing.assert_array_equal(areas, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


@pytest.mark.parametrize("chunk", [1, 100])
def test_suppression_in_several_calls_keeps_the_same(chunk, monkeypatch):
    rng = np.random.default_rng(1)
    people = 9 * rng.normal(size=(3, 3, 2)) + 0.1 * rng.normal(size=(3, 3, 3, 2))
    poses = Poses(people.reshape(9, 3, 2), person_scores=rng.random(9))
    corners = rng.uniform(0, 4, (9, 2))
    boxes = np.concatenate([corners, corners + 3], axis=1)
    expected = oks_nms(poses, TRIPLE, threshold=0.5), box_nms(boxes, poses.person_scores, 0.3)
    assert 1 < len(expected[0]) < 9 and 1 < len(expected[1]) < 9
    monkeypatch.setattr(nms, "CHUNK", chunk)
    assert len(nms._chunks(9, 54)) > 1
    np.testing.assert_array_equal(oks_nms(poses, TRIPLE, threshold=0.5), expected[0])
    np.testing.assert_array_equal(box_nms(boxes, poses.person_scores, 0.3), expected[1])


def test_one_specialisation_serves_every_input():
    box_nms(np.ones((2, 4), np.float32), [1, 2])
    oks_nms(Poses(np.ones((2, 3, 2), np.float32)), TRIPLE, areas=[1, 2])
    for name in ("_suppress_poses", "_suppress_boxes"):
        assert len(getattr(getattr(nms, name), "signatures", [None])) == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((Poses.empty(2), COCO_17), r"skeleton.sigmas: expected shape \(2\), got \(17,\)"),
        ((Poses([[(0, 0), (1, 1)]]), PAIR, [1, 2]), r"areas: expected shape \(1\)"),
        ((Poses([[(0, 0), (1, 1)]]), PAIR, [-1]), "areas: expected at least 0, got -1"),
        ((Poses([[(0, 0), (1, 1)]]), PAIR, [np.nan]), r"areas\[0\]: expected a finite value"),
        ((Poses([[(0, 0), (1, 1)]]), PAIR, None, -1), "threshold: expected at least 0"),
    ],
)
def test_bad_people_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        oks_nms(*arguments)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([[0, 0, 1]], [1]), r"boxes: expected shape \(N, 4\)"),
        (([[0, 0, 1, 1], [2, 0, 1, 1]], [1, 1]), r"boxes\[1\]: expected x0 <= x1 and y0 <= y1"),
        (([[0, 0, np.nan, 1]], [1]), r"boxes\[0, 2\]: expected a finite value"),
        (([[0, 0, 1, 1]], [1, 2]), r"scores: expected shape \(1\)"),
        (([[0, 0, 1, 1]], [np.nan]), r"scores\[0\]: expected a finite value"),
        (([[0, 0, 1, 1]], [1], None), "threshold: expected a finite number"),
    ],
)
def test_bad_boxes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        box_nms(*arguments)
