import json

import numpy as np

from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported.yunet import YuNet


def test_a_cell_becomes_a_face_with_points(network):
    outputs = {}
    for stride in (8, 16, 32):
        count = (64 // stride) ** 2
        for what, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{what}_{stride}"] = np.zeros((1, count, columns))
    outputs["cls_16"][0, 5] = outputs["obj_16"][0, 5] = 0.81  # column 1, row 1
    outputs["bbox_16"][0, 5] = 0.5, 0.5, 0, np.log(2)
    outputs["kps_16"][0, 5] = np.arange(10) / 10
    found = network(YuNet, outputs)(np.zeros((64, 64, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[16, 8, 32, 40]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.81], rtol=1e-6)
    np.testing.assert_allclose(found.points[0, 1], [16 * 1.2, 16 * 1.3], rtol=1e-6)


def test_a_trained_file_finds_the_face_that_opencv_finds(pretrained):
    path = pretrained("yunet_n_640.onnx")
    (truth,) = json.loads((path.parent / "truth_detect.json").read_text("utf-8"))["yunet_n_640"]
    truth = np.array(truth)
    found = from_onnx(path)(read_image(path.parent / "astronaut.png"))
    box = np.concatenate([truth[:2], truth[:2] + truth[2:4]]) * 512 / 640
    np.testing.assert_allclose(found.boxes, [box], atol=0.5)
    np.testing.assert_allclose(found.points[0].ravel(), truth[4:14] * 512 / 640, atol=0.5)
    np.testing.assert_allclose(found.scores, truth[14:], atol=0.002)
