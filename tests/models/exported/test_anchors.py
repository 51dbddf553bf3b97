import json

import numpy as np

from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported.anchors import LEVELS, Anchors, _anchors


def test_levels_have_as_many_anchors_as_the_outputs():
    for (side, count), _ in LEVELS.items():
        anchors = _anchors(side, count)
        assert anchors.shape == (count, 2) and (anchors > 0).all() and (anchors < 1).all()
    np.testing.assert_allclose(_anchors(128, 896)[2], [1.5 / 16, 0.5 / 16])  # x first, two a cell


def test_overlapping_boxes_become_their_mean_weighted_by_score(network):
    rows, logits = np.zeros((1, 896, 16)), np.full((1, 896, 1), -50.0)
    rows[0, :2, 2:4] = 64  # both of the cell (0, 0), half the image wide and high
    rows[0, :2, 0], rows[0, :2, 4] = (0, 12.8), (0, 12.8)
    logits[0, :2, 0] = 0, np.log(3)  # scores .5 and .75
    net = network(Anchors, {"boxes": rows, "scores": logits}, (128, 128), "NHWC")
    found = net(np.zeros((100, 100, 3), np.uint8))
    left = 100 * (0.5 / 16 + 0.1 * 0.75 / 1.25 - 0.25)
    np.testing.assert_allclose(found.boxes[0], [left, -21.875, left + 50, 28.125], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.75], rtol=1e-6)
    np.testing.assert_allclose(found.points[0, 0], [3.125 + 6, 3.125], atol=1e-4)


def test_a_box_without_an_area_is_dropped(network):
    logits = np.full((1, 896, 1), 5.0)
    net = network(Anchors, {"boxes": np.zeros((1, 896, 16)), "scores": logits}, (128, 128), "NHWC")
    assert len(net(np.zeros((100, 100, 3), np.uint8))) == 0


def test_a_high_image_is_in_the_middle_of_its_square(network):
    rows, logits = np.zeros((1, 896, 16)), np.full((1, 896, 1), -50.0)
    rows[0, 0, 2:4], logits[0, 0] = 64, 5
    net = network(Anchors, {"boxes": rows, "scores": logits}, (128, 128), "NHWC")
    found = net(np.zeros((200, 100, 3), np.uint8))
    np.testing.assert_allclose(found.points[0, 0], [-50 + 6.25, 6.25])


def test_a_trained_file_finds_the_face_that_mediapipe_finds(pretrained):
    path = pretrained("face_detection_front_128x128_barracuda.onnx")
    (truth,) = json.loads((path.parent / "truth_mediapipe.json").read_text("utf-8"))["face_short"]
    found = from_onnx(path)(read_image(path.parent / "astronaut.png"))
    x, y, w, h = truth["box"]
    np.testing.assert_allclose(found.boxes, [[x, y, x + w, y + h]], atol=0.1)
    np.testing.assert_allclose(found.points[0], truth["keypoints"], atol=0.1)
    np.testing.assert_allclose(found.scores, [truth["score"]], atol=1e-3)


def test_an_image_without_a_palm_gives_no_box(pretrained):
    found = from_onnx(pretrained("tflite/palm_detection_lite.tflite"))(np.zeros((64, 64, 3), "u1"))
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.points.shape == (0, 7, 2)
