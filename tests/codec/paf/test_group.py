import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import OPENPOSE_18, Grid, Skeleton, gaussian_heatmaps, group_paf, paf_fields
from npkpose._numba import COMPILES
from npkpose.codec.paf.group import PAF_VARIANTS
from npkpose.codec.paf.nearest_baseline import group_nearest
from npkpose.reference.codec.paf import group as reference

BODY = np.array(
    [(0, -9), (0, -6), (-3, -6), (-4, -2), (-4, 2), (3, -6), (4, -2), (4, 2), (-2, 2), (-2, 7),
     (-2, 12), (2, 2), (2, 7), (2, 12), (-1, -10), (1, -10), (-2, -9), (2, -9)], float,
)  # fmt: skip


def maps_of(people, size, skeleton=OPENPOSE_18, grid=None, background=True):
    """Ideal maps of people (P, K, 2), with a background channel as networks give it."""
    people = np.asarray(people, float).reshape(-1, skeleton.num_keypoints, 2)
    heatmaps = gaussian_heatmaps(people, size, 1.0, grid=grid).max(axis=0, initial=0)
    if background:
        heatmaps = np.concatenate([heatmaps, 1 - heatmaps.max(axis=0, keepdims=True)])
    return heatmaps, paf_fields(people, skeleton, size, grid=grid)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), unique=True, max_size=5),
    st.integers(0, 15),
)
def test_grouping_inverts_encoding_for_people_who_stand_apart(cells, sixteenths):
    offset = np.array([9, 14]) + sixteenths / 16
    people = np.array([BODY + offset + np.multiply(cell, (16, 30)) for cell in cells])
    poses = group_paf(*maps_of(people, (62, 56)), OPENPOSE_18)
    assert len(poses) == len(people)
    for person in people:
        error = np.abs(poses.keypoints - person).max(axis=(1, 2), initial=0)
        assert error.min() < 0.1


@given(st.integers(0, 10**6), st.integers(0, 3))
@settings(max_examples=10)
def test_the_people_match_the_reference(seed, people):
    rng = np.random.default_rng(seed)
    figures = BODY + rng.normal(0, 0.7, BODY.shape) + rng.uniform((4, 9), (22, 17), (people, 1, 2))
    figures[rng.random(figures.shape[:2]) < 0.1] = np.nan
    heatmaps, pafs = maps_of(figures, (28, 26))
    heatmaps, pafs = (m + rng.normal(0, 0.02, m.shape).astype(np.float32) for m in (heatmaps, pafs))
    poses = group_paf(heatmaps, pafs, OPENPOSE_18)
    keypoints, scores = reference.group_paf(heatmaps[:18], pafs, OPENPOSE_18)
    np.testing.assert_allclose(poses.keypoints, keypoints, rtol=0, atol=1e-5)
    np.testing.assert_allclose(poses.person_scores, scores, rtol=0, atol=1e-5)


@pytest.mark.parametrize("max_length_ratio", [8.0, math.inf])
def test_noise_with_too_many_peaks_is_refused(max_length_ratio):
    rng = np.random.default_rng(0)
    heatmaps, pafs = rng.random((18, 150, 150)), rng.normal(size=(38, 150, 150))
    with pytest.raises(ValueError, match="^heatmaps: expected at most 32768 peaks above .* 0.1"):
        group_paf(heatmaps, pafs, OPENPOSE_18, max_length_ratio=max_length_ratio)


@pytest.mark.skipif(not COMPILES, reason="6 million pairs are looked at")
def test_noise_with_too_many_pairs_of_peaks_is_refused():
    rng = np.random.default_rng(0)
    heatmaps, pafs = rng.random((18, 100, 100)), rng.normal(size=(38, 100, 100))
    with pytest.raises(ValueError, match="^peaks: expected at most 67108864 pairs .* threshold"):
        group_paf(heatmaps, pafs, OPENPOSE_18, separate=False)


def test_two_people_who_cross_are_separated_where_the_nearest_keypoint_mixes_them():
    skeleton = Skeleton("CHAIN", ("a", "b", "c"), ((0, 1), (1, 2)))
    people = np.array([[(4, 4), (14, 14), (24, 24)], [(24, 4), (14.5, 10), (4, 24)]])
    heatmaps, pafs = maps_of(people, 30, skeleton)
    poses = group_paf(heatmaps, pafs, skeleton, min_keypoints=3)
    found = poses.keypoints[np.argsort(poses.keypoints[:, 0, 0])]
    np.testing.assert_allclose(found, people, atol=0.1)
    nearest = group_nearest(heatmaps, skeleton)
    wrong = np.abs(nearest.keypoints[np.argsort(nearest.keypoints[:, 0, 0])] - people).max()
    assert wrong > 10


def test_with_a_grid_people_are_in_image_pixels():
    grid = Grid(8, "centre")
    person = (BODY + 15) * 8
    poses = group_paf(*maps_of(person, 32, grid=grid), OPENPOSE_18, grid)
    np.testing.assert_allclose(poses.keypoints[0], person, atol=0.5)


def test_partial_people_keep_their_keypoints_and_people_of_few_keypoints_are_dropped():
    partial = BODY + 15.0
    partial[8:] = np.nan
    maps = maps_of(partial, 32)
    poses = group_paf(*maps, OPENPOSE_18)
    assert poses.present[0].tolist() == [True] * 8 + [False] * 10
    assert (poses.scores[0, 8:] == 0).all()
    assert len(group_paf(*maps, OPENPOSE_18, min_keypoints=9)) == 0
    assert len(group_paf(*maps, OPENPOSE_18, min_score=5.0)) == 0


def test_a_person_of_one_limb_is_kept_if_two_keypoints_suffice():
    arm = np.full((18, 2), np.nan)
    arm[2], arm[3] = (5, 5), (12, 9)
    maps = maps_of(arm, 20)
    assert len(group_paf(*maps, OPENPOSE_18)) == 0
    assert group_paf(*maps, OPENPOSE_18, min_keypoints=2).present.sum() == 2


def test_more_channels_than_the_skeleton_needs_are_ignored():
    heatmaps, pafs = maps_of(BODY + 15, 32, background=False)
    plain = group_paf(heatmaps, pafs, OPENPOSE_18)
    noise = np.random.default_rng(0).random((3, 32, 32))
    more = group_paf(np.concatenate([heatmaps, noise]), np.concatenate([pafs, noise]), OPENPOSE_18)
    np.testing.assert_array_equal(plain.keypoints, more.keypoints)


@pytest.mark.parametrize("name", PAF_VARIANTS)
def test_published_settings_are_available_by_name_and_find_people_who_stand_apart(name):
    people = np.stack([BODY + (12, 15), BODY + (40, 15)])
    poses = group_paf(*maps_of(people, (30, 56)), OPENPOSE_18, **PAF_VARIANTS[name])
    assert len(poses) == 2 and poses.present.all()


def test_people_whose_necks_have_merged_are_separated_and_both_matchings_agree():
    people = np.stack([BODY, BODY * 0.9]) + np.array([[[15, 15]], [[16.6, 15.3]]])
    maps = maps_of(people, (30, 34))
    assert group_paf(*maps, OPENPOSE_18, separate=False).present.sum() < 34
    for matching in ("greedy", "optimal"):
        poses = group_paf(*maps, OPENPOSE_18, matching=matching)
        assert len(poses) == 2
        errors = abs(poses.keypoints[:, None] - people).max(axis=3)  # (2, 2, 18)
        assert np.nanmedian(errors, axis=2).min(axis=0).max() < 0.4


def test_a_keypoint_that_two_people_share_goes_to_one_of_them():
    people = np.stack([BODY + (12, 15), BODY + (22, 15)])
    people[0, 7] = people[1, 4] = (17, 17)  # the left wrist of one on the right of the other
    maps = maps_of(people, (30, 36))
    maps[0][7] = 0  # and only one of the two maps has the peak
    poses = group_paf(*maps, OPENPOSE_18)
    assert len(poses) == 2 and poses.present[:, 4].all()
    assert poses.present.sum() == 34 and not poses.present[:, 7].any()


def test_the_variants_have_the_published_numbers():
    numbers = {
        name: tuple(v[k] for k in ("threshold", "sample_fraction", "min_keypoints", "min_score"))
        for name, v in PAF_VARIANTS.items()
    }
    assert numbers == {
        "cvpr2017": (0.1, 0.8, 4, 0.4), "openpose": (0.05, 0.95, 3, 0.4),
        "tf-pose": (0.05, 0.6, 4, 0.3), "lightweight": (0.1, 0.8, 3, 0.2),
    }  # fmt: skip
    assert all(v["sample_threshold"] == 0.05 and not v["separate"] for v in PAF_VARIANTS.values())


def test_channels_after_the_skeletons_may_hold_any_values():
    heatmaps, pafs = maps_of(BODY + 15, 32)
    heatmaps[18], spare = np.nan, np.full((1, 32, 32), np.inf)
    assert len(group_paf(heatmaps, np.concatenate([pafs, spare]), OPENPOSE_18)) == 1


def test_small_people_beside_large_ones_are_found():
    small = [0.35 * BODY + (x, 8) for x in (6, 16, 26, 36, 46, 56)]
    people = np.array([*small, 2.2 * BODY + (16, 45), 2.2 * BODY + (46, 45)])
    poses = group_paf(*maps_of(people, (76, 64)), OPENPOSE_18)
    assert len(poses) == 8 and poses.present.all()


def test_no_people_give_an_empty_poses_of_the_right_shape():
    for maps in (np.zeros((19, 8, 8)), np.zeros((19, 0, 8))):
        poses = group_paf(maps, np.zeros((38, *maps.shape[1:])), OPENPOSE_18)
        assert poses.keypoints.shape == (0, 18, 2) and len(poses) == 0


def test_people_are_sorted_by_falling_score_and_a_second_call_is_equal():
    people = np.stack([BODY + (12, 15), BODY + (40, 15)])
    heatmaps, pafs = maps_of(people, (30, 56))
    heatmaps[:, :, :26] *= 0.6
    first, second = (group_paf(heatmaps, pafs, OPENPOSE_18) for _ in range(2))
    assert first.person_scores[0] > first.person_scores[1]
    assert first.keypoints[0, 0, 0] > 30
    np.testing.assert_array_equal(first.keypoints, second.keypoints)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"heatmaps": np.zeros((8, 8))}, "heatmaps: expected shape"),
        (
            {"heatmaps": np.zeros((17, 8, 8))},
            "heatmaps: expected at least 18 channels for OPENPOSE_18",
        ),
        ({"pafs": np.zeros((38, 8, 9))}, r"pafs: expected shape \(D, 8, 8\), got \(38, 8, 9\)"),
        ({"pafs": np.zeros((37, 8, 8))}, "pafs: expected at least 38 channels"),
        (
            {"heatmaps": np.full((19, 8, 8), np.nan)},
            r"heatmaps\[0, 0, 0\]: expected a finite value",
        ),
        ({"pafs": np.full((38, 8, 8), -np.inf)}, r"pafs\[0, 0, 0\]: expected a finite value"),
        ({"skeleton": -1}, "skeleton: expected a Skeleton, got -1"),
        ({"grid": 4}, "grid: expected a Grid, got 4"),
        ({"max_length_ratio": np.array([True, False])}, "max_length_ratio: expected a finite"),
        ({"threshold": None}, "threshold: expected a finite number"),
        ({"threshold": 0}, "threshold: expected more than 0"),
        ({"sample_threshold": 1e308}, "sample_threshold: expected at most 3.40282e\\+38"),
        ({"max_length_ratio": 0.5}, "max_length_ratio: expected at least 1"),
        ({"matching": "best"}, "matching: expected"),
        ({"separate": 1}, "separate: expected True or False, got 1"),
        ({"fill_missing": "no"}, "fill_missing: expected True or False, got 'no'"),
        ({"num_samples": 1}, "num_samples: expected at least 2"),
        ({"min_keypoints": 0}, "min_keypoints: expected at least 1"),
        ({"min_score": np.nan}, "min_score: expected a finite number"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"heatmaps": np.zeros((19, 8, 8)), "pafs": np.zeros((38, 8, 8)), "skeleton": OPENPOSE_18}
    with pytest.raises(ValueError, match=message):
        group_paf(**{**good, **arguments})
