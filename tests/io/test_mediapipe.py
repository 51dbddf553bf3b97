import json

import numpy as np
import pytest

from npkpose.io import read

MARK = {"x": 0.25, "y": 0.5, "z": 0.1, "visibility": 0.75}


def test_a_landmark_in_the_middle_of_a_pixel_has_its_integers(tmp_path):
    path = tmp_path / "pose.json"
    row = [MARK] * 32 + [{"x": 10.5 / 64, "y": 20.5 / 48, "z": 0}]
    content = {"pose_landmarks": [row], "width": 64, "height": 48, "image": "a.png"}
    path.write_text(json.dumps(content), encoding="utf-8")
    labels = read(path)
    np.testing.assert_allclose(labels.keypoints[0, 32], [10, 20])
    assert labels.keypoints[0, 0].tolist() == [15.5, 23.5] and labels.scores[0, 0] == 0.75
    assert labels.skeleton.name == "MEDIAPIPE_33" and labels.images[0] == (0, "a.png", 64, 48)


def test_the_forms_of_older_versions_and_several_kinds_are_read(tmp_path):
    path = tmp_path / "frames.json"
    hand = {"landmark": [{"x": 0.5, "y": 0.5}] * 21}
    frame = {"poseLandmarks": [MARK] * 33, "multi_hand_landmarks": [hand], "width": 8, "height": 8}
    path.write_text(json.dumps([frame, {"width": 8, "height": 8}]), encoding="utf-8")
    assert len(read(path).images) == 2 and read(path).skeleton.num_keypoints == 33
    hands = read(path, category="hand")
    assert hands.skeleton.name == "HAND_21" and hands.category == "hand"
    with pytest.raises(ValueError, match="expected 'face' landmarks, got pose, hand"):
        read(path, category="face")


def test_arrays_of_landmarks_are_read(tmp_path):
    marks = np.full((2, 1, 21, 3), 0.25)
    marks[1] = np.nan
    np.savez(tmp_path / "x.npz", landmarks=marks, width=64, height=48)
    labels = read(tmp_path / "x.npz")
    assert len(labels) == 1 and labels.keypoints[0, 0].tolist() == [15.5, 11.5]


@pytest.mark.parametrize(("changes", "message"), [
    ({"width": None}, r"x.json\[0\].width: expected the image's size in pixels .*, got None"),
    ({"pose_landmarks": [[{"x": "a"}] * 33]}, r"pose_landmarks\[0\]\[0\].x: expected a number"),
    ({"pose_landmarks": [[MARK] * 33, [MARK]]}, r"pose_landmarks\[1\]: expected 33 landmarks, got"),
])  # fmt: skip
def test_an_error_names_frame_and_landmark(tmp_path, changes, message):
    whole = {"pose_landmarks": [[MARK] * 33], "width": 64, "height": 48}
    (tmp_path / "x.json").write_text(json.dumps({**whole, **changes}), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "x.json")
