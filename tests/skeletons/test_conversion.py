import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import COCO_17, H36M_17, HALPE_26, OPENPOSE_18, Poses, Skeleton, skeletons
from npkpose.skeletons import conversion_table, skeleton_names
from npkpose.skeletons.layout import layout
from npkpose.space import coco_to_h36m

PLANS = [getattr(skeletons, name) for name in skeleton_names()]


@st.composite
def people_and_plans(draw):
    """Two plans, and up to three people of the first with some keypoints missing."""
    source, target = draw(st.sampled_from(PLANS)), draw(st.sampled_from(PLANS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = draw(st.integers(0, 3))
    keypoints = rng.normal(100, 50, (people, source.num_keypoints, 2))
    keypoints[rng.random(keypoints.shape[:2]) < draw(st.sampled_from([0.0, 0.2]))] = np.nan
    scores = rng.uniform(0.1, 1, keypoints.shape[:2])
    return source, target, Poses(keypoints, scores, rng.random(people), 5 + np.arange(people))


@given(people_and_plans())
def test_a_round_trip_loses_only_what_the_tables_say(case):
    source, target, poses = case
    there, back = conversion_table(source, target), conversion_table(target, source)
    found = poses.convert(source, target).convert(target, source)
    for k, row in enumerate(back.rows):
        j = back.columns[k]
        if row.how == "exact" and there.columns[j] == k:  # exact in both directions
            np.testing.assert_array_equal(found.keypoints[:, k], poses.keypoints[:, k])
            np.testing.assert_array_equal(found.scores[:, k], poses.scores[:, k])
        elif row.how == "missing" or row.how == "exact" and there.rows[j].how == "missing":
            assert not found.present[:, k].any() and not found.scores[:, k].any()
    kept = {k for k, j in enumerate(back.columns) if j >= 0 and there.columns[j] == k}
    assert {source.keypoints[k] for k in set(range(source.num_keypoints)) - kept} == set(there.lost)
    np.testing.assert_array_equal(found.ids, poses.ids)
    np.testing.assert_array_equal(found.person_scores, poses.person_scores)


@given(people_and_plans())
def test_every_keypoint_is_exact_derived_or_missing_as_the_table_says(case):
    source, target, poses = case
    table, found = conversion_table(source, target), poses.convert(source, target)
    where = {name: k for k, name in enumerate(source.keypoints)}
    for k, row in enumerate(table.rows):
        columns = [where[name] for name in row.sources]
        present = poses.present[:, columns].all(axis=1) & (row.how != "missing")
        np.testing.assert_array_equal(found.present[:, k], present)
        assert (table.columns[k] >= 0) == (row.how == "exact")
        if row.how != "missing" and present.any():
            least = poses.scores[:, columns].min(axis=1)
            np.testing.assert_array_equal(found.scores[present, k], least[present])
        if row.how == "derived":
            assert row.rule and row.note
    exact = poses.convert(source, target, derive=False)
    np.testing.assert_array_equal(exact.present.any(0), (np.array(table.columns) >= 0)
                                  & found.present.any(0))  # fmt: skip


@given(people_and_plans(), st.floats(-3, 3), st.floats(0.25, 4))
def test_derived_keypoints_move_with_the_person(case, angle, scale):
    source, target, poses = case
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = poses.with_keypoints(poses.keypoints @ turn + [7, -3]).convert(source, target)
    expected = poses.convert(source, target).keypoints @ turn + [7, -3]
    np.testing.assert_allclose(moved.keypoints, expected, rtol=0, atol=1e-9)


def pose(**places):
    """Return a COCO person with these keypoints, and the scores 0.1, 0.2, ..."""
    keypoints = np.full((1, 17, 2), np.nan)
    for name, place in places.items():
        keypoints[0, COCO_17.keypoints.index(name)] = place
    return Poses(keypoints, 0.05 + np.arange(17.0)[None] / 20)


def converted(poses, target):
    """Return {name: (x, y, score)} of the first person."""
    poses = poses.convert(COCO_17, target)
    rows = zip(target.keypoints, poses.keypoints[0].tolist(), poses.scores[0].tolist())
    return {name: (*place, round(score, 9)) for name, place, score in rows}


def test_rules_worked_by_hand():
    person = pose(
        left_shoulder=(4, 8), right_shoulder=(0, 8), left_ear=(3, 4), right_ear=(1, 4),
        left_hip=(4, 16), right_hip=(2, 16), left_eye=(3, 3), right_eye=(1, 3),
    )  # fmt: skip
    halpe = converted(person, HALPE_26)
    assert halpe["neck"] == (2, 8, 0.3) and halpe["hip"] == (3, 16, 0.6)
    assert halpe["head"] == (2, 2, 0.2)  # 8 + 1.5 (4 - 8)
    posetrack = converted(person, skeletons.POSETRACK_17)
    assert posetrack["head_bottom"] == (2, 6, 0.2) and posetrack["head_top"] == halpe["head"]
    h36m = converted(person, H36M_17)
    assert h36m["spine"] == (2.5, 12, 0.3) and h36m["thorax"] == (2, 8, 0.3)
    assert h36m["head"] == (2, 3.5, 0.1) and h36m["neck_nose"] == (2, 5.75, 0.1)
    mpii = converted(person, skeletons.MPII_16)
    assert np.isnan(mpii["upper_neck"][0]) and mpii["pelvis"] == halpe["hip"]


def test_a_face_of_68_points_gives_the_five():
    face = np.stack([np.arange(68.0), 2 * np.arange(68.0)], 1)[None]
    five = Poses(face).convert(skeletons.FACE_68, skeletons.FACE_5).keypoints[0, :, 0]
    assert five.tolist() == [37.5, 43.5, 30, 48, 54]


def test_numbered_points_of_faces_are_those_of_other_sets():
    five, face, wflw = skeletons.FACE_5, skeletons.FACE_68, skeletons.WFLW_98
    numbers = Poses(np.stack([np.arange(98.0)] * 2, 1)[None])
    there = numbers.convert(wflw, face)
    assert there.keypoints[0, [0, 16, 17, 36, 38, 67], 0].tolist() == [0, 32, 33, 60, 63, 95]
    back = there.convert(face, wflw)
    assert back.present.sum() == 68 and np.isnan(back.keypoints[0, 1, 0])
    np.testing.assert_array_equal(back.keypoints[back.present], numbers.keypoints[back.present])
    assert numbers.convert(wflw, five).keypoints[0, :, 0].tolist() == [62, 70, 54, 76, 82]
    mesh = Poses(np.stack([np.arange(478.0)] * 2, 1)[None])
    for plan in (face, skeletons.COCO_WHOLEBODY_FACE_68):
        there = mesh.convert(skeletons.MEDIAPIPE_478, plan).keypoints[0, :, 0]
        assert there[[0, 8, 30, 36, 45, 48, 54]].tolist() == [162, 152, 4, 33, 263, 61, 291]
    whole = mesh.convert(skeletons.MEDIAPIPE_478, skeletons.COCO_WHOLEBODY_133).present[0]
    assert whole[23:91].all() and not whole[91:].any()


@pytest.mark.parametrize("name", ["WFLW_98", "MEDIAPIPE_478"])
def test_points_that_are_made_of_another_sets_stand_where_300_w_draws_them(name):
    places = layout(getattr(skeletons, name))
    found = conversion_table(getattr(skeletons, name), skeletons.FACE_68).points(places)
    there = np.column_stack([layout(skeletons.FACE_68), np.ones(68)])
    moved, *_ = np.linalg.lstsq(there, found)
    error = np.hypot(*(there @ moved - found).T).mean() / np.sqrt(np.prod(np.ptp(found, axis=0)))
    assert error < 0.06  # of the face's size


def test_halpe_and_openpose_hold_the_same_keypoints_but_the_top_of_the_head():
    body_25 = skeletons.BODY_25
    assert conversion_table(HALPE_26, body_25).lost == ("head",)
    assert [row.how for row in conversion_table(body_25, HALPE_26).rows].count("exact") == 25
    feet = conversion_table(COCO_17, body_25).rows[19:]
    assert {row.how for row in feet} == {"missing"}


def test_human_36m_from_coco_is_what_lifting_uses(rng):
    keypoints = rng.normal(size=(5, 17, 2))
    lifted = Poses(keypoints).convert(COCO_17, H36M_17).keypoints
    np.testing.assert_array_equal(lifted, coco_to_h36m(keypoints))


def test_names_that_mean_something_else_are_not_exact():
    smpl, halpe = skeletons.SMPL_24, HALPE_26
    how = {row.keypoint: row.how for row in conversion_table(smpl, halpe).rows}
    assert how["head"] == "missing" and how["hip"] == how["neck"] == "exact"
    assert set(conversion_table(skeletons.FLY_32, COCO_17).columns) == {-1}
    assert set(conversion_table(skeletons.WFLW_98, skeletons.FACE_106).columns) == {-1}
    hands = conversion_table(skeletons.RHD_21, skeletons.HAND_21).columns
    assert hands[:5] == (0, 4, 3, 2, 1) and min(hands) == 0


def test_the_table_says_where_definitions_differ_and_who_says_so():
    rows = {row.keypoint: row for row in conversion_table(skeletons.SMPL_24, COCO_17).rows}
    assert "Kolotouros" in rows["left_hip"].note and rows["left_knee"].note == ""
    for plan in PLANS:  # never between a plan and itself
        assert {row.note for row in conversion_table(plan, plan).rows} == {""}


def test_the_printed_table():
    lines = str(conversion_table(COCO_17, skeletons.MPII_16)).splitlines()
    assert lines[0] == "COCO_17 -> MPII_16: 12 exact, 3 derived, 1 missing"
    assert lines[1].split() == ["right_ankle", "exact"]
    assert "  pelvis          derived: middle of the hips [1]" in lines
    assert "  upper_neck      missing" in lines and lines[-1].startswith("not kept: nose, left_eye")
    lines = str(conversion_table(skeletons.FACE_68, skeletons.FACE_5)).splitlines()
    assert lines[-1] == "not kept: face-0..67"
    assert "exact: hip" in str(conversion_table(HALPE_26, skeletons.BODY_25))
    for plan in PLANS:
        assert max(map(len, str(conversion_table(plan, COCO_17)).splitlines())) <= 100


def test_derive_takes_names():
    person = pose(left_shoulder=(4, 8), right_shoulder=(0, 8), left_hip=(4, 16), right_hip=(2, 16))
    body_25 = skeletons.BODY_25
    for derive, present in ((True, 6), (False, 4), ((), 4), (["neck"], 5), ({"mid_hip"}, 5)):
        assert person.convert(COCO_17, body_25, derive).present.sum() == present
    for bad in ("neck", ["pelvis"], 1, None, [["neck"]]):
        with pytest.raises(ValueError, match="^derive: expected True, False or a sequence"):
            person.convert(COCO_17, body_25, bad)


def test_a_skeleton_of_ones_own_is_converted_by_names_in_any_spelling():
    mine = Skeleton("MINE", ("LHip", "Right Hip", "LShoulder", "RShoulder", "pelvis", "root"), ())
    table = conversion_table(mine, OPENPOSE_18)
    how = dict(zip(OPENPOSE_18.keypoints, (row.how for row in table.rows)))
    assert how["left_hip"] == how["right_shoulder"] == "exact" and how["neck"] == "derived"
    there = conversion_table(COCO_17, mine)
    assert [row.how for row in there.rows] == ["exact"] * 4 + ["derived", "missing"]
    double = Skeleton("TWICE", ("pelvis", "mid_hip"), ())
    values = conversion_table(double, skeletons.BODY_25).points([[1.0, 1.0], [2.0, 2.0]])
    assert values[8].tolist() == [1, 1]  # the first of equal ones


def test_points_in_space_and_empty_input_are_converted_too():
    table = conversion_table(COCO_17, H36M_17)
    assert table.points(np.ones((2, 3, 17, 3))).shape == (2, 3, 17, 3)
    assert table.scores(np.ones((0, 17))).shape == (0, 17)
    nothing = Skeleton("NOTHING", (), ())
    assert conversion_table(COCO_17, nothing).points(np.ones((2, 17, 2))).shape == (2, 0, 2)
    assert Poses(np.empty((2, 0, 2))).convert(nothing, COCO_17).present.sum() == 0
    with pytest.raises(ValueError, match="keypoints: expected shape"):
        table.points(np.ones((2, 18, 2)))
    with pytest.raises(ValueError, match="source"):
        conversion_table("COCO_17", H36M_17)


def test_other_sigmas_of_a_plan_change_nothing():
    mine = dataclasses.replace(HALPE_26, sigmas=0.1)
    assert conversion_table(mine, COCO_17).columns == conversion_table(HALPE_26, COCO_17).columns
