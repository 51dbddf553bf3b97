import json

import numpy as np

from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported.boxes import BoxesAndLabels, YoloX

CELLS = 8 * 8 + 4 * 4 + 2 * 2


def test_a_cell_of_yolox_becomes_a_box(network):
    rows = np.zeros((1, CELLS, 85))
    rows[0, 64 + 4 * 2 + 1] = [0.5, 0.25, np.log(2), 0, 0.9, 0.8, *[0] * 79]  # stride 16: (1, 2)
    rows[0, 3] = [0, 0, 1, 1, 0.9, 0, 0.9, *[0] * 78]  # not a person
    found = network(YoloX, {"y": rows})(np.zeros((128, 128, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[16, 56, 80, 88]], atol=1e-4)  # centre (24, 36) x 2
    np.testing.assert_allclose(found.scores, [0.72], rtol=1e-6)


def test_sizes_that_overflow_and_boxes_outside_the_image_are_dropped(network):
    rows = np.zeros((1, CELLS, 85))
    rows[0, 0] = [0, 0, 1000, 1000, 1, 1, *[0] * 79]
    rows[0, 1] = [-100, 0, 0, 0, 1, 1, *[0] * 79]
    assert len(network(YoloX, {"y": rows})(np.zeros((64, 64, 3), np.uint8))) == 0


def test_boxes_of_other_classes_are_left_out(network):
    dets = np.array([[[1, 2, 11, 12, 0.9], [20, 20, 40, 40, 0.8]]])
    net = network(BoxesAndLabels, {"dets": dets, "labels": np.array([[0, 5]])})
    np.testing.assert_allclose(net(np.zeros((64, 64, 3), np.uint8)).boxes, [[1, 2, 11, 12]])
    assert net.recipe.mean[0] == 103.53  # RTMDet's, unless the name says YOLOX
    named = network(BoxesAndLabels, net.session.given, name="yolox_m.onnx")
    assert named.recipe.mean == (0, 0, 0)


def test_a_trained_file_finds_one_person(pretrained):
    path = pretrained("yolox_nano.onnx")
    (truth,) = json.loads((path.parent / "truth_detect.json").read_text("utf-8"))["yolox_nano"]
    found = from_onnx(path)(read_image(path.parent / "astronaut.png"))
    np.testing.assert_allclose(found.boxes, [truth["box"]], atol=0.5)
    np.testing.assert_allclose(found.scores, [truth["score"]], atol=0.002)
