import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics.distances.sizes import SIZES, sizes_of


def one(skeleton, **columns):
    points = np.zeros((1, skeleton.num_keypoints, 2))
    points[0, :, 0] = np.arange(skeleton.num_keypoints)
    return Labels(skeleton, [ImageEntry(1)], [0], points, **columns)


def test_boxes_heads_and_fields_worked_by_hand():
    hand = one(skeletons.HAND_21, boxes=[[1, 2, 9, 4]], fields={
        "head_boxes": np.array([[5.0, 5, 3, 4]]), "box_size": np.array([7.0]),
    })  # fmt: skip
    found = {size: sizes_of(hand, size)[0] for size in ("box", "box_side", "head", "box_size")}
    assert found == {"box": 6, "box_side": 9, "head": 3, "box_size": 7}
    only_size = one(skeletons.HAND_21, fields={"head_size": np.array([140.0])})
    assert sizes_of(only_size, "head")[0] == 140 and sizes_of(only_size, "pixels")[0] == 1


@pytest.mark.parametrize("size", [size for size in SIZES if size != "pixels"])
def test_labels_that_lack_a_size_are_refused(size):
    with pytest.raises(ValueError, match="ground_truth.*expected .* size"):
        sizes_of(one(skeletons.ZEBRA_9), size) if size != "head" else sizes_of(
            one(skeletons.ZEBRA_9, fields={"head_boxes": np.array([None])}), size
        )


def test_a_missing_eye_gives_no_size():
    face = one(skeletons.WFLW_98)
    face.keypoints[0, 60] = np.nan
    assert np.isnan(sizes_of(face, "interocular")).all()
    assert sizes_of(face, "interpupil").tolist() == [1]
