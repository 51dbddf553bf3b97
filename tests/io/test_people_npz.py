import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.io import read
from npkpose.results.image import Image
from npkpose.results.npz import NpzFile
from tests.io import make


def write(path, frames, tracked=False):
    writer = NpzFile(path, COCO_17, tracked)
    for frame in frames:
        writer.add(*frame)
    writer.close()
    return path


@pytest.mark.parametrize("tracked", [False, True])
def test_a_video_is_read_as_the_people_that_were_written(tmp_path, tracked):
    frames, labels = make.people_of_video()
    again, expected = read(write(tmp_path / "a.npz", frames, tracked)), labels(tracked)
    named = [image._replace(file_name="") for image in expected.images]
    assert again == expected.with_images(named)


def test_photos_keep_their_names_and_ids(tmp_path):
    frames, _ = make.people_of_video()
    photos = [(Image(i, name, 64, 48), poses) for (_, poses), (i, name) in zip(
        frames, [("7", "7"), ("b/x.png", "x")])]  # fmt: skip
    labels = read(write(tmp_path / "a.npz", photos))
    assert [tuple(image) for image in labels.images] == [
        ("7", "7", 64, 48), ("b/x.png", "x", 64, 48)]  # fmt: skip
    assert not labels.image_fields and not labels.fields


@pytest.mark.parametrize(("change", "message"), [
    ({"image_index": [0, 5, 0, 1]}, r"a.npz: image_index\[1\]: expected 0 to 3, got 5"),
    ({"keypoint_names": [1, 2]}, "a.npz: keypoint_names: expected names"),
    ({"image_ids": [0.5, 1, 2, 3]}, "a.npz: image_ids: expected ids"),
    ({"scores": np.ones(3)}, "a.npz: scores: expected a shape"),
])  # fmt: skip
def test_an_error_names_file_and_array(tmp_path, change, message):
    path = write(tmp_path / "a.npz", make.people_of_video()[0])
    np.savez(path, **{**np.load(path), **change})
    with pytest.raises(ValueError, match=message):
        read(path)


def test_an_archive_of_other_arrays_is_no_file_of_people(tmp_path):
    np.savez(tmp_path / "a.npz", keypoints=np.zeros((2, 17, 2)))
    with pytest.raises(ValueError, match="a.npz: expected a file of keypoints"):
        read(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="a.npz: expected the array image_ids, got none"):
        read(tmp_path / "a.npz", "npz")
