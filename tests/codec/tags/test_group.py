from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import COCO_17, Grid, Skeleton, gaussian_heatmaps
from npkpose.codec.tags.group import group_tags
from npkpose.reference.codec.tags import group as reference

CHAIN = Skeleton("CHAIN", ("a", "b", "c", "d"), ((0, 1), (1, 2), (2, 3)))
BODY = np.array([(0, 0), (4, 1), (8, 3), (3, 8)], float)


def maps_of(people, tag_of, size, sigma=1.0, heights=None, grid=None):
    """Ideal heatmaps (K, H, W), and the tags (K, H, W, T) of the highest person at each pixel."""
    people = np.asarray(people, float)
    drawn = gaussian_heatmaps(people, size, sigma, grid=grid, dtype=np.float64)  # (P, K, H, W)
    if heights is not None:
        drawn *= np.asarray(heights)[..., None, None]
    tag_of = np.reshape(tag_of, (len(people), -1)).astype(float)
    return drawn.max(axis=0, initial=0.0), tag_of[drawn.argmax(axis=0)]


def rows_of(poses):
    """Keypoints (P, K, 2) in the order of the first keypoint's x."""
    return poses.keypoints[np.argsort(poses.keypoints[:, 0, 0])]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), unique=True, min_size=1, max_size=6),
    st.integers(0, 15),
    st.integers(1, 2),
)
def test_grouping_inverts_encoding(cells, sixteenths, dims):
    people = np.array([BODY + 2 + sixteenths / 16 + np.multiply(cell, 13) for cell in cells])
    tag_of = 2.0 * np.arange(len(people))[::-1, None] + np.arange(dims)
    poses = group_tags(*maps_of(people, tag_of, (41, 42)), CHAIN)
    assert len(poses) == len(people)
    for person in people:
        assert np.abs(poses.keypoints - person).max(axis=(1, 2)).min() <= 0.25 + 1e-12


def test_overlapping_people_are_separated_by_tag():
    people = np.array([BODY, BODY + (3, 0)]) + 3
    poses = group_tags(*maps_of(people, [0.0, 1.5], 20, sigma=0.8), CHAIN)
    np.testing.assert_allclose(rows_of(poses), people, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_groups_of_noisy_maps_match_the_reference(seed):
    rng = np.random.default_rng(seed)
    heatmaps, tags = rng.random((4, 12, 13)), rng.normal(0, 0.7, (4, 12, 13, 2))
    order = rng.permutation(4)
    options = {"threshold": 0.7, "tag_threshold": 1.3, "max_people": 4}
    poses = group_tags(
        heatmaps, tags, CHAIN, order=order, min_keypoints=1, min_score=0, nms_threshold=None,
        **options,
    )  # fmt: skip
    expected = reference.group_tags(heatmaps, tags, order, **options)
    assert len(poses) == len(expected) > 3
    for person in expected:
        assert any(np.array_equal(person, row, equal_nan=True) for row in poses.keypoints)


def test_more_than_thirty_people_are_grouped_as_whole_people():
    places = np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=2).reshape(-1, 2)
    people = 13.0 * places[:, None] + BODY + 2
    heatmaps, tags = maps_of(people, 1.5 * np.arange(36), 82)
    assert len(group_tags(heatmaps, tags, CHAIN)) == 30  # 30 peaks of each keypoint
    poses = group_tags(heatmaps, tags, CHAIN, max_people=40)
    assert len(poses) == 36 and poses.present.all()


def test_a_forbidden_pair_displaces_no_good_one_and_two_poor_pairs_do_not_replace_one():
    # Peaks a, b of the second keypoint, people 1, 2: |a-1| = .1, |a-2| = |b-1| = .9, |b-2| = 1.9.
    skeleton = Skeleton("PAIR", ("first", "second"), ((0, 1),))
    heatmaps, tags = np.zeros((2, 9, 30)), np.zeros((2, 9, 30))
    heatmaps[0, 4, [4, 20]], tags[0, 4, [4, 20]] = 1.0, (0.0, 1.0)
    heatmaps[1, 4, [4, 12]], tags[1, 4, [4, 12]] = 0.9, (0.1, -0.9)
    poses = group_tags(heatmaps, tags, skeleton, min_keypoints=1, min_score=0, adjust=False)
    assert poses.keypoints[0].tolist() == [[4, 4], [4, 4]] and len(poses) == 3
    assert poses.num_present.tolist() == [2, 1, 1]


def test_a_faint_false_peak_with_the_same_tag_loses_to_the_true_one():
    heatmaps, tags = maps_of([BODY + 5], [0.3], 24)
    heatmaps[1, 20, 20] = 0.2
    tags[:] = 0.3
    tags[1, 6, 9] = 0.6  # the true peak's tag is the farther one
    poses = group_tags(heatmaps, tags, CHAIN)
    assert len(poses) == 1
    np.testing.assert_allclose(poses.keypoints[0], BODY + 5, atol=1e-12)


def test_partial_people_keep_their_keypoints_and_people_of_few_or_weak_ones_are_dropped():
    people = np.array([BODY + 3, BODY + (18, 3)])
    people[1, 3] = np.nan
    maps = maps_of(people, [0, 5], 32, heights=[[1.0], [0.5]])
    assert len(group_tags(*maps, CHAIN)) == 1
    poses = group_tags(*maps, CHAIN, min_keypoints=3)
    assert poses.num_present.tolist() == [4, 3] and poses.scores[1, 3] == 0
    np.testing.assert_allclose(poses.person_scores, [1.0, 1.5 / 4])
    assert len(group_tags(*maps, CHAIN, min_keypoints=3, min_score=0.6)) == 1


def test_of_two_nearly_equal_people_one_is_kept_and_ids_have_a_gap():
    people = np.array([BODY + 3, BODY + (6, 3), BODY + (3, 16)]) * 1.0
    heatmaps, tags = maps_of(people, [0, 5, 9], 40, 0.5, heights=[[0.9], [0.8], [0.7]])
    wide = Skeleton("WIDE", CHAIN.keypoints, CHAIN.limbs, sigmas=0.5)
    assert group_tags(heatmaps, tags, wide).ids.tolist() == [0, 2]
    assert group_tags(heatmaps, tags, wide, nms_threshold=None).ids.tolist() == [0, 1, 2]


def test_filled_in_keypoints_have_coordinates_and_score_zero():
    people = np.array([BODY + 3, BODY + (18, 3)])
    heatmaps, tags = maps_of(people, [0, 5], 32, heights=[[1, 1, 1, 0.05], [0.9] * 4])
    tags[3] = 5.0
    tags[3, 8:16, 3:12] = 0.0  # around the faint keypoint of the first person
    plain = group_tags(heatmaps, tags, CHAIN, min_keypoints=3)
    assert np.isnan(plain.keypoints[1, 3]).all()
    filled = group_tags(heatmaps, tags, CHAIN, min_keypoints=3, fill_missing=True)
    np.testing.assert_allclose(filled.keypoints[1], BODY + 3, atol=1e-12)
    assert (filled.present & (filled.scores == 0)).sum() == 1
    np.testing.assert_array_equal(filled.person_scores, plain.person_scores)


def test_with_a_grid_people_are_in_image_pixels():
    grid = Grid(4, "centre")
    person = (BODY + 4) * 4 + 1.5  # on pixels of the map
    maps = maps_of([person], [0], 20, grid=grid)
    np.testing.assert_allclose(group_tags(*maps, CHAIN, grid).keypoints[0], person, atol=1e-9)


def test_order_further_channels_and_types_of_maps_do_not_change_the_groups():
    people = np.array([BODY + 3, BODY + (16, 4)])
    heatmaps, tags = maps_of(people, [0, 5], 32, heights=[[1.0], [0.9]])
    poses = group_tags(heatmaps, tags, CHAIN)
    backwards = group_tags(heatmaps, tags, CHAIN, order=[3, 2, 1, 0])
    np.testing.assert_array_equal(poses.keypoints, backwards.keypoints)
    more = [np.concatenate([m, np.ones_like(m)]) for m in (heatmaps, tags)]
    np.testing.assert_array_equal(poses.keypoints, group_tags(*more, CHAIN).keypoints)
    flat = group_tags(heatmaps.astype(np.float32), tags[..., 0].astype(np.float16), CHAIN)
    np.testing.assert_array_equal(poses.keypoints, flat.keypoints)


def test_a_tag_or_pixel_that_is_not_finite_joins_no_person():
    heatmaps, tags = maps_of([BODY + 4], [0], 20)
    heatmaps[0, 0, 0] = np.inf
    for value in (np.nan, np.inf):
        tags[1, 5, 8] = value
        poses = group_tags(heatmaps, tags, CHAIN, min_keypoints=3)
        assert len(poses) == 1 and poses.present[0].tolist() == [True, False, True, True]


def test_no_people_give_an_empty_poses_of_the_right_shape():
    for shape in ((17, 8, 8), (17, 0, 8), (17, 1, 1)):
        poses = group_tags(np.zeros(shape), np.zeros(shape), COCO_17, fill_missing=True)
        assert poses.keypoints.shape == (0, 17, 2)


def test_eight_threads_give_the_serial_result():
    rng = np.random.default_rng(0)
    images = [(rng.random((4, 20, 20)), rng.normal(0, 2, (4, 20, 20))) for _ in range(8)]

    def keypoints(maps):
        return group_tags(*maps, CHAIN, fill_missing=True).keypoints

    with ThreadPoolExecutor(8) as pool:
        for threaded, maps in zip(pool.map(keypoints, images), images):
            np.testing.assert_array_equal(threaded, keypoints(maps))


def test_inputs_are_not_modified():
    heatmaps, tags = maps_of([BODY + 4], [0], 20)
    copies = heatmaps.copy(), tags.copy()
    heatmaps.flags.writeable = tags.flags.writeable = False
    assert len(group_tags(heatmaps, tags, CHAIN, fill_missing=True)) == 1
    np.testing.assert_array_equal(heatmaps, copies[0])
    np.testing.assert_array_equal(tags, copies[1])


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"heatmaps": np.zeros((8, 8))}, r"heatmaps: expected shape \(C, H, W\)"),
        ({"heatmaps": np.zeros((3, 8, 8))}, "heatmaps: expected at least 4 maps for CHAIN, got 3"),
        ({"tags": np.zeros((4, 8, 9))}, r"tags: expected shape \(D, 8, 8\) or \(D, 8, 8, T\)"),
        ({"tags": np.zeros((4, 8))}, "tags: expected shape"),
        ({"tags": np.zeros((3, 8, 8, 1))}, "tags: expected at least 4 maps for CHAIN, got 3"),
        ({"tags": [["a"]]}, "tags: expected real numbers"),
        ({"threshold": -0.1}, "threshold: expected at least 0"),
        ({"tag_threshold": 0}, "tag_threshold: expected more than 0"),
        ({"max_people": 0}, "max_people: expected at least 1"),
        ({"order": [0, 1, 2]}, "order: expected each of 0 to 3 once"),
        ({"order": [0, 1, 2, 2]}, "order: expected each of 0 to 3 once"),
        ({"order": ["a", "b", "c", "d"]}, "order: expected real numbers"),
        ({"min_keypoints": 0}, "min_keypoints: expected at least 1"),
        ({"min_score": np.nan}, "min_score: expected a finite number"),
        ({"nms_threshold": -1}, "nms_threshold: expected at least 0"),
        ({"adjust": 0.25}, "adjust: expected True or False, got 0.25"),
        ({"fill_missing": None}, "fill_missing: expected True or False, got None"),
        ({"separate_left_right": 1}, "separate_left_right: expected True or False, got 1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"heatmaps": np.zeros((4, 8, 8)), "tags": np.zeros((4, 8, 8)), "skeleton": CHAIN}
    with pytest.raises(ValueError, match=message):
        group_tags(**{**good, **arguments})
