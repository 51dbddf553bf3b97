import numpy as np

from npkpose import COCO_17
from npkpose.results.image import Image
from npkpose.results.npz import NpzFile


def test_arrays_hold_all_people_and_frames(write, frames):
    arrays = np.load(write(NpzFile, "a.npz"))
    for name in ("keypoints", "scores", "person_scores", "ids"):
        expected = np.concatenate([getattr(poses, name) for _, poses in frames])
        np.testing.assert_array_equal(arrays[name], expected)
        assert arrays[name].dtype == expected.dtype
    assert arrays["image_index"].tolist() == [0, 0, 2]
    assert arrays["image_ids"].tolist() == [10, 11, 12]
    assert arrays["times"].tolist() == [0, 0.125, 0.25]
    assert arrays["image_sizes"].tolist() == [[64, 48]] * 3
    assert tuple(arrays["keypoint_names"]) == COCO_17.keypoints


def test_photographs_have_names_and_ids_of_any_kind(tmp_path, frames):
    file = NpzFile(tmp_path / "a.npz", COCO_17)
    for i, name in ((7, "7"), ("b/x.png", "x")):
        file.add(Image(i, name, 64, 48), frames[0][1])
    file.close()
    arrays = np.load(tmp_path / "a.npz")
    assert arrays["image_ids"].tolist() == ["7", "b/x.png"]
    assert arrays["image_names"].tolist() == ["7", "x"] and np.isnan(arrays["times"]).all()
