import numpy as np
import pytest

from npkpose import BODY_25, COCO_17, H36M_17
from npkpose.io import ImageEntry, Labels
from npkpose.skeleton import Skeleton

PAIR = Skeleton("pair", ("left_end", "right_end"), ((0, 1),), ((0, 1),))
IMAGES = ImageEntry(7, "a.png", 64, 48), ImageEntry(9, "b.png")


def some(**changes):
    """Return three instances of two keypoints in two images; the second is half missing."""
    keypoints = np.arange(12.0).reshape(3, 2, 2)
    keypoints[1, 1] = np.nan
    columns = {"skeleton": PAIR, "images": IMAGES, "image_index": [1, 0, 1], "keypoints": keypoints}
    return Labels(**{**columns, **changes})


def test_what_a_file_does_not_say_has_a_default():
    labels = some()
    assert labels.visibility.tolist() == [[2, 2], [2, 0], [2, 2]]
    assert labels.scores.tolist() == [[1, 1], [1, 0], [1, 1]]
    assert np.isnan(labels.instance_scores).all() and np.isnan(labels.boxes).all()
    assert not labels.ignored.any() and labels.category == "person" and not labels.is_results


def test_the_instances_of_an_image_are_poses_with_track_ids():
    labels = some(instance_scores=[0.5, 0.25, 0.75], fields={"track_ids": np.array([4, 5, 6])})
    poses = labels.of_image(1)
    assert poses.ids.tolist() == [4, 6] and poses.person_scores.tolist() == [0.5, 0.75]
    np.testing.assert_array_equal(poses.keypoints, labels.keypoints[[0, 2]])
    assert len(some().of_image(0)) == 1 and some().of_image(0).person_scores.tolist() == [1]


def test_rows_are_taken_with_all_their_columns_and_fields():
    labels = some(fields={"word": np.array(["a", "b", "c"], object)}, areas=[1, 2, 3])
    taken = labels.at([2, 0])
    assert taken.fields["word"].tolist() == ["c", "a"] and taken.areas.tolist() == [3, 1]
    assert taken.images == labels.images
    assert labels.at([False, True, False]).at([0]) == labels.at([1])


def test_labels_are_equal_if_everything_is_and_nan_equals_nan():
    assert some() == some() and some() != some(areas=[1, 2, 3]) and some() != 1
    assert some() != some(images=(ImageEntry(7), ImageEntry(9)))
    assert some() != some(fields={"a": np.zeros(3)})


def test_another_skeleton_takes_keypoints_of_the_same_names():
    rng = np.random.default_rng(0)
    visibility = rng.integers(0, 3, (4, 17))
    keypoints = np.where(visibility[..., None] > 0, rng.uniform(0, 9, (4, 17, 2)), np.nan)
    labels = Labels(COCO_17, IMAGES, [0, 1, 1, 0], keypoints, visibility)
    there = labels.to_skeleton(BODY_25)
    columns = COCO_17.columns_of(BODY_25)
    np.testing.assert_array_equal(there.visibility[:, columns >= 0],
                                  visibility[:, columns[columns >= 0]])  # fmt: skip
    assert there.to_skeleton(COCO_17) == labels and len(labels.to_skeleton(H36M_17)) == 4


@pytest.mark.parametrize(("changes", "message"), [
    ({"images": IMAGES[:1]}, r"image_index\[0\]: expected 0 to 0, got 1"),
    ({"images": (*IMAGES, ImageEntry(7))}, "expected ids that differ, got 7 twice"),
    ({"images": (*IMAGES, ImageEntry("7"))}, r"images\[2\].id: expected all int or all str"),
    ({"keypoints": np.full((3, 2, 2), np.inf)}, r"keypoints\[0, 0, 0\]: expected at most"),
    ({"keypoints": np.array([[[1, np.nan]] * 2] * 3)}, r"keypoints\[0, 0\]: .* both NaN"),
    ({"visibility": [[2, 2], [2, 2], [2, 2]]}, r"visibility\[1, 1\]: expected 0 where"),
    ({"visibility": [[2, 3], [2, 0], [2, 2]]}, r"visibility\[0, 1\]: expected 0 to 2, got 3"),
    ({"fields": {"a": np.zeros(2)}}, "fields: expected names and arrays of 3 rows"),
    ({"boxes": np.zeros((3, 3))}, r"boxes: expected shape \(3, 4\)"),
])  # fmt: skip
def test_wrong_columns_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        some(**changes)
