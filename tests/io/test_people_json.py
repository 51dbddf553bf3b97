import json

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18
from npkpose.io import read
from npkpose.results.people import PeopleFile
from tests.io import make

NAMED = {"id": 4, "score": 0.5, "keypoints": {"nose": [1.5, 2, 0.75], "left_eye": [3, 4, 0.0]}}


def file_of(tmp_path, people, **more):
    path = tmp_path / "photo.json"
    path.write_text(json.dumps({"skeleton": "COCO_17", "people": people, **more}), "utf-8")
    return path


@pytest.mark.parametrize("tracked", [False, True])
def test_a_video_is_read_as_the_people_that_were_written(tmp_path, tracked):
    path, (frames, labels) = tmp_path / "a.json", make.people_of_video()
    writer = PeopleFile(path, COCO_17, "dance.mp4", tracked)
    for frame in frames:
        writer.add(*frame)
    writer.close()
    assert read(path) == labels(tracked)


def test_a_photo_is_one_image_named_as_its_file(tmp_path):
    labels = read(file_of(tmp_path, [NAMED]))
    assert [tuple(image) for image in labels.images] == [(0, "photo", None, None)]
    assert labels.skeleton is COCO_17 and labels.present.sum() == 1 and not labels.fields
    np.testing.assert_array_equal(labels.keypoints[0, 0], [1.5, 2])
    assert labels.scores[0, 0] == 0.75 and labels.instance_scores.tolist() == [0.5]
    assert len(read(file_of(tmp_path, []))) == 0


def test_keypoints_that_the_skeleton_lacks_make_one_of_their_own(tmp_path):
    labels = read(file_of(tmp_path, [{"keypoints": {"tail": [1, 2, 1]}}], skeleton="dog"))
    assert labels.skeleton.name == "dog" and labels.skeleton.keypoints == ("tail",)
    assert read(file_of(tmp_path, [NAMED]), skeleton=OPENPOSE_18).skeleton is OPENPOSE_18


@pytest.mark.parametrize(("people", "message"), [
    ([3], r"photo.json: people\[0\].keypoints: expected keypoints by name, got 3"),
    ([{"keypoints": {"nose": [1, 2]}}], r"people\[0\].keypoints.nose: expected shape \(3\)"),
    ([{**NAMED, "score": "high"}], r"photo.json: people\[0\].score: expected real numbers"),
])  # fmt: skip
def test_an_error_names_file_entry_and_field(tmp_path, people, message):
    with pytest.raises(ValueError, match=message):
        read(file_of(tmp_path, people))
