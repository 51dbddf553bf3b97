import json

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18, Poses

NAN = (np.nan, np.nan)


def two_people():
    return Poses([[(1, 2), NAN, (3, 8)], [NAN, NAN, NAN]], [[0.5, 0.9, 0.7], [1, 1, 1]])


def test_missing_keypoints_score_zero_and_defaults_follow():
    poses = two_people()
    assert poses.scores.tolist() == [[0.5, 0, 0.7], [0, 0, 0]]
    np.testing.assert_allclose(poses.person_scores, [0.6, 0])
    assert poses.ids.tolist() == [0, 1] and poses.num_present.tolist() == [2, 0]
    np.testing.assert_array_equal(poses.boxes, [[1, 2, 3, 8], [np.nan] * 4])


def test_indexing_keeps_ids_and_empty_has_the_right_shape():
    poses = two_people()
    assert poses[1].ids.tolist() == [1] and len(poses[:0]) == 0
    assert poses[poses.person_scores > 0].keypoints.shape == (1, 3, 2)
    empty = Poses.empty(17)
    assert empty.keypoints.shape == (0, 17, 2) and empty.boxes.shape == (0, 4)
    assert empty.to_coco(1) == [] and Poses([np.empty((0, 2))]).person_scores.tolist() == [0]


def test_the_callers_arrays_are_copied():
    keypoints, scores = np.zeros((1, 2, 2)), np.ones((1, 2))
    poses = Poses(keypoints, scores)
    keypoints[:], scores[:] = 5, 5
    assert poses.keypoints.max() == 0 and poses.scores.max() == 1


def test_conversion_is_by_name_and_derives_what_the_source_lacks():
    keypoints = np.arange(36.0).reshape(1, 18, 2)
    coco = Poses(keypoints, person_scores=[0.3], ids=[7]).convert(OPENPOSE_18, COCO_17)
    for k, name in enumerate(COCO_17.keypoints):
        source = OPENPOSE_18.keypoints.index(name)
        np.testing.assert_array_equal(coco.keypoints[0, k], keypoints[0, source])
    back = coco.convert(COCO_17, OPENPOSE_18, derive=False)
    assert np.isnan(back.keypoints[0, 1]).all() and back.present.sum() == 17
    derived = coco.convert(COCO_17, OPENPOSE_18)
    np.testing.assert_array_equal(derived.keypoints[0, 1], keypoints[0, [2, 5]].mean(axis=0))
    assert coco.ids.tolist() == [7] and coco.person_scores.tolist() == [0.3]
    with pytest.raises(ValueError, match="source: expected 18 keypoints, got COCO_17 with 17"):
        Poses(keypoints).convert(COCO_17, OPENPOSE_18)


def test_each_format_gets_its_own_form_of_missing_keypoints():
    entry = two_people().to_coco(image_id=42)[0]
    assert entry["keypoints"] == [1, 2, 0.5, 0, 0, 0, 3, 8, 0.7] and entry["image_id"] == 42
    poses = Poses(np.full((1, 17, 2), 3.0))
    poses.keypoints[0, 5] = np.nan
    person = json.loads(json.dumps(poses.to_dict(COCO_17)))["people"][0]
    assert person["keypoints"]["nose"] == [3, 3, 1] and "left_shoulder" not in person["keypoints"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([np.zeros((2, 3))], r"keypoints: expected shape \(P, K, 2\)"),
        ([np.full((1, 1, 2), np.inf)], "keypoints: expected .* finite or both NaN"),
        ([[[(1, np.nan)]]], "keypoints: expected .* finite or both NaN"),
        ([np.zeros((1, 2, 2)), [[1]]], r"scores: expected shape \(1, 2\)"),
        ([np.zeros((1, 2, 2)), [[1, np.nan]]], r"scores\[0, 1\]: expected a finite value"),
        ([np.zeros((1, 2, 2)), None, [1, 2]], r"person_scores: expected shape \(1\)"),
        ([np.zeros((1, 2, 2)), None, None, [1, 2]], r"ids: expected shape \(1\)"),
        ([np.zeros((1, 2, 2)), None, None, [1.9]], r"ids\[0\]: expected an integer .*, got 1.9"),
        ([np.zeros((1, 2, 2)), None, None, [np.nan]], r"ids\[0\]: expected an integer .*, got nan"),
        ([np.zeros((1, 2, 2)), None, None, np.array([2**63], np.uint64)], r"ids\[0\]: expected an"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Poses(*arguments)
