import pytest

from npkpose.models import from_onnx
from npkpose.models.exported import FAMILIES
from tests.conftest import SHARED

FILES = {
    "data/pretrained/movenet_lightning.onnx": "MoveNet",
    "data/pretrained/handlandmark_lite_tfjs.onnx": "Hand",
    "data/pretrained/facemesh_tfjs.onnx": "FaceMesh",
    "data/pretrained/yunet_n_640.onnx": "YuNet",
    "data/pretrained/osf_lm_model0_opt.onnx": "OpenSeeFace",
    "data/pretrained/face_detection_front_128x128_barracuda.onnx": "Anchors",
    "data/pretrained/yolox_nano.onnx": "YoloX",
    "data/pretrained/tflite/face_landmark.tflite": "FaceMesh",
    "data/pretrained/tflite/hand_landmark_lite.tflite": "Hand",
    "data/pretrained/tflite/palm_detection_lite.tflite": "Anchors",
    "data/pretrained/tflite/pose_detection.tflite": "Anchors",
    "data/pretrained/tflite/pose_landmark_full.tflite": "BlazePose",
    "fixtures/onnx/rtmpose_ts11/model.onnx": "SimCC",
    "fixtures/onnx/rtmpose_fp16/model.onnx": "SimCC",
    "fixtures/onnx/rtmo_ts11/model.onnx": "RTMO",
    "fixtures/onnx/rtmdet_nms_ts11/model.onnx": "BoxesAndLabels",
    "fixtures/onnx/vitpose_simple_ts11/model.onnx": "Heatmaps",
    "fixtures/onnx/hrnet_ts9/model.onnx": "Heatmaps",
}


def shared(name):
    if not (SHARED / name).exists():
        pytest.skip("needs ../shared: files that are not ours to ship")
    return SHARED / name


@pytest.mark.parametrize("name", FILES)
def test_files_of_real_exporters_are_known_by_their_tensors(name):
    network = from_onnx(shared(name))
    assert network.family == FILES[name] and network.family in FAMILIES
    assert network.reason in str(network) and "channels" in str(network)


def test_choices_replace_the_recipe_and_a_wrong_family_is_refused():
    path = shared("data/pretrained/movenet_lightning.onnx")
    assert from_onnx(path, channels="BGR").recipe.channels == "BGR"
    with pytest.raises(ValueError, match="expected SimCC; got outputs Identity:0"):
        from_onnx(path, "SimCC")
    with pytest.raises(ValueError, match="^family: expected"):
        from_onnx(path, "Yolo9000")


@pytest.mark.parametrize(
    "choice, message",
    [
        ({"score": "mean"}, "score: expected one of the choices skeleton, size, .*padding"),
        ({"size": 0}, "size: expected at least 1"),
        ({"layout": "NCHW"}, "layout: expected one of NHWC"),
    ],
)
def test_a_choice_that_the_network_has_no_use_for_is_refused(choice, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        from_onnx(shared("data/pretrained/movenet_lightning.onnx"), **choice)


def test_a_file_of_no_family_is_refused_with_its_outputs():
    path = shared("data/pretrained/osf_mnv3_detection_opt.onnx")
    with pytest.raises(ValueError, match="expected a known family: MoveNet, .*got outputs output"):
        from_onnx(path)
