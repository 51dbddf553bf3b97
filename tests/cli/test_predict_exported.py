"""`npkpose predict` with networks from ONNX and TFLite files."""

import json

import pytest

from npkpose.cli.main import main
from tests.conftest import SHARED

PRETRAINED, PHOTO = SHARED / "data" / "pretrained", SHARED / "data/photos/000000000785.jpg"
MOVENET, YOLOX = PRETRAINED / "movenet_lightning.onnx", PRETRAINED / "yolox_nano.onnx"
needs_files = pytest.mark.skipif(
    not (MOVENET.exists() and YOLOX.exists() and PHOTO.exists()),
    reason="needs ../shared/data: files that are not ours to ship",
)
BAD = [
    (["--weights", str(YOLOX)], "--weights: expected a network of keypoints, got YoloX"),
    (["--weights", str(MOVENET), "--detector", str(MOVENET)],
     "--detector: expected a network of boxes, got MoveNet"),
    (["--weights", str(MOVENET), "--model", "hrnet-w32"], "--model: expected none"),
    (["--weights", str(MOVENET), "--height", "400"], "--height: expected none"),
    (["--weights", str(MOVENET), "--flip"], "flip: expected False"),
    (["--weights", str(PRETRAINED / "handlandmark_lite_tfjs.onnx"), "--flip"],
     "--flip: expected none, since HAND_21 has no pairs"),
]  # fmt: skip


@needs_files
def test_a_detector_and_a_network_of_crops_find_the_person(tmp_path, capsys):
    arguments = ["predict", "--weights", str(MOVENET), "--detector", str(YOLOX), "--out"]
    assert main([*arguments, str(tmp_path / "out"), str(PHOTO)]) == 0
    assert "1 person" in capsys.readouterr().out
    (person,) = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert person["image_id"] == 785 and len(person["keypoints"]) == 51
    assert (tmp_path / "out" / "000000000785.png").exists()


@pytest.mark.skipif(not (PRETRAINED / "tflite").is_dir(), reason="needs ../shared/data")
def test_tflite_files_find_the_person(tmp_path, capsys):
    pose, detector = (PRETRAINED / "tflite" / f"{name}.tflite"
                      for name in ("pose_landmark_full", "pose_detection"))  # fmt: skip
    arguments = ["predict", "--weights", str(pose), "--detector", str(detector), "--out"]
    assert main([*arguments, str(tmp_path / "out"), str(PRETRAINED / "astronaut.png")]) == 0
    assert "1 person" in capsys.readouterr().out
    (person,) = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert len(person["keypoints"]) == 3 * 33


@needs_files
@pytest.mark.parametrize("arguments, message", BAD, ids=[message for _, message in BAD])
def test_options_that_do_not_fit_are_named(arguments, message, tmp_path, capsys):
    assert main(["predict", *arguments, "--out", str(tmp_path / "out"), str(PHOTO)]) == 1
    assert message in capsys.readouterr().err


def test_a_detector_beside_a_network_of_whole_photos_is_refused(tmp_path, capsys):
    assert main(["predict", "--weights", "a.pth", "--detector", "b.onnx", "photo.jpg"]) == 1
    error = capsys.readouterr().err
    assert "--detector: expected none, since openpose-mobilenetv2 sees whole photos" in error
