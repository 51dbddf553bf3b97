"""Files are run: MediaPipe's networks give what TensorFlow Lite gives."""

import numpy as np
import pytest

from npkpose.tflite import Session, is_tflite, open_session
from tests.conftest import SHARED
from tests.tflite import writer

FOLDER = SHARED / "data" / "pretrained" / "tflite"
# Of the largest output. The mask's logits go up to 1700, where TensorFlow Lite itself is 5e-4 from
# the network in float64.
TOLERANCES = {"pose_landmark_full": {"Identity_2": 1e-3}}
NAMES = ["face_landmark", "hand_landmark_lite", "palm_detection_lite", "pose_detection",
         "pose_landmark_full"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_gives_what_tensorflow_lite_gives(name):
    if not FOLDER.is_dir():
        pytest.skip("needs ../shared/data/pretrained: files that are not ours to ship")
    session = Session(FOLDER / f"{name}.tflite")
    with np.load(FOLDER / f"{name}.npz") as arrays:
        feeds = {session.inputs[0].name: arrays["in0"]}
        expected = [arrays[f"out{k}"] for k in range(len(session.outputs))]
    for _ in range(2):  # node by node, then as it is kept for later inputs
        for (key, got), wanted in zip(session.run(feeds).items(), expected):
            assert got.shape == wanted.shape and got.dtype == wanted.dtype
            allowed = TOLERANCES.get(name, {}).get(key, 1e-4) * np.abs(wanted).max()
            assert np.abs(got - wanted).max() <= allowed, key


def test_inputs_and_outputs_are_as_the_file_declares_them(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(writer.image_network())
    session = Session(path)
    assert [str(value) for value in session.inputs] == ["image float32 (1, 8, 8, 3)"]
    assert [str(value) for value in session.outputs] == ["out float32 (1, 5)"]
    with pytest.raises(ValueError, match="image: expected shape"):
        session.run({"image": np.zeros((1, 3, 8, 8), np.float32)})


def test_more_images_than_the_file_declares_give_each_its_own_answer(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(writer.sparse_network())
    session, images = Session(path, any_size=True), writer.floats(3, 4, 4, 4)
    rows = session.run({"image": images})["rows"]
    one = [session.run({"image": images[k : k + 1]})["rows"] for k in range(3)]
    np.testing.assert_array_equal(rows, np.concatenate(one))


def test_a_file_is_known_by_its_identifier_or_its_name(tmp_path):
    assert is_tflite("missing.tflite") and not is_tflite("missing.onnx") and not is_tflite(tmp_path)
    path = tmp_path / "network.bin"
    path.write_bytes(writer.image_network())
    assert is_tflite(path) and type(open_session(path)) is Session
    path.write_bytes(b"\x08\x08" * 9)
    assert not is_tflite(path)
