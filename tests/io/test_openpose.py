import json

import numpy as np
import pytest

from npkpose import BODY_25, COCO_17, OPENPOSE_18
from npkpose.io import read, write
from tests.io import make


def person(K, **more):
    return {"pose_keypoints_2d": [1, 2, 0.5] * (K - 1) + [0, 0, 0], **more}


def test_a_folder_of_frames_is_read_in_the_order_of_names(tmp_path):
    for name, people in {"f_001": [], "f_000": [person(25), person(25, person_id=[3])]}.items():
        text = json.dumps({"version": 1.3, "people": people})
        (tmp_path / f"{name}_keypoints.json").write_text(text, encoding="utf-8")
    labels = read(tmp_path)
    assert labels.skeleton is BODY_25 and labels.image_index.tolist() == [0, 0]
    assert [image.file_name for image in labels.images] == ["f_000", "f_001"]
    assert labels.fields["track_ids"].tolist() == [-1, 3] and labels.scores[0, 0] == 0.5
    assert np.isnan(labels.keypoints[0, 24]).all()


def test_faces_hands_and_the_older_names_of_lists_are_read(tmp_path):
    hand = [3, 4, 0.25] * 21
    one = {"pose_keypoints": [1, 2, 0.5] * 18, "hand_left_keypoints": hand, "face_keypoints": []}
    path = tmp_path / "a_keypoints.json"
    path.write_text(json.dumps({"version": 1.0, "people": [one]}), encoding="utf-8")
    labels = read(path)
    assert labels.skeleton is OPENPOSE_18 and labels.fields["hand_left"].shape == (1, 21, 3)
    assert list(labels.fields) == ["hand_left"]


def test_images_are_looked_up_by_name(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    text = json.dumps({"version": 1, "people": [person(25)]})
    (tmp_path / "a_keypoints.json").write_text(text, "utf-8")
    assert read(tmp_path, images=tmp_path).images[0] == (0, "a.png", 64, 48)


def test_an_error_names_the_file_the_person_and_the_list(tmp_path):
    path = tmp_path / "a_keypoints.json"
    path.write_text(json.dumps({"version": 1, "people": [person(25), person(24)]}), "utf-8")
    with pytest.raises(ValueError, match=r"a_keypoints.json: people\[1\].pose_keypoints_2d: exp"):
        read(tmp_path)
    with pytest.raises(ValueError, match=r"expected 17 keypoints of COCO_17, got 25"):
        read(tmp_path, skeleton=COCO_17)


def test_images_of_one_name_are_refused(tmp_path):
    labels = make.labels_for("openpose")
    images = [image._replace(file_name=f"{i}/a.png") for i, image in enumerate(labels.images)]
    with (pytest.warns(UserWarning, match="does not hold"),
          pytest.raises(ValueError, match="expected names that differ, got 'a' twice")):
        write(labels.with_images(images), tmp_path / "out", "openpose")
