from types import SimpleNamespace

import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.io import ImageEntry
from npkpose.io.supervision import from_supervision, to_supervision


def key_points(**changes):
    xy = np.arange(68, dtype=np.float32).reshape(2, 17, 2)
    xy[0, 0] = 0
    return SimpleNamespace(**{"xy": xy, "class_id": np.array([0, 2]), **changes})


def test_key_points_become_labels_and_the_same_arrays_again():
    scores = np.full((2, 17), 0.5, np.float32)
    scores[0, 0] = 0
    found = key_points(keypoint_confidence=scores, detection_confidence=np.array([0.25, 0.75]))
    labels = from_supervision(found, image=ImageEntry(7, "a.png", 64, 48))
    assert labels.skeleton is COCO_17 and labels.fields["category_ids"].tolist() == [0, 2]
    assert np.isnan(labels.keypoints[0, 0]).all() and labels.scores[1].tolist() == [0.5] * 17
    for name, array in to_supervision(labels).items():
        np.testing.assert_array_equal(array, getattr(found, name), err_msg=name)


def test_the_older_name_of_the_scores_is_read():
    labels = from_supervision(key_points(confidence=np.full((2, 17), 0.25)))
    assert labels.scores[1, 0] == 0.25


def test_another_object_and_a_wrong_shape_are_named():
    with pytest.raises(ValueError, match="keypoints: expected an object with xy, got dict"):
        from_supervision({})
    with pytest.raises(ValueError, match=r"keypoints.xy: expected shape \(N, K, 2\)"):
        from_supervision(SimpleNamespace(xy=np.zeros((2, 3))))
