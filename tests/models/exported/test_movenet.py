import json

import numpy as np

from npkpose import COCO_17, oks
from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported.movenet import MoveNet
from npkpose.pipeline import TopDown
from tests.conftest import SHARED


def test_shares_of_the_square_become_pixels_of_the_image(network):
    answer = np.zeros((1, 1, 17, 3))
    answer[..., :2], answer[..., 2] = (0.25, 0.75), 0.8  # y, x
    net = network(MoveNet, {"y": answer}, (48, 48), "NHWC")
    poses = TopDown(net)(np.zeros((100, 200, 3), np.uint8))  # a square of 200 from (0, -50)
    np.testing.assert_allclose(poses.keypoints[0, 0], [149.5, -0.5])
    assert net.session.seen.shape == (1, 48, 48, 3) and poses.scores[0, 0] == np.float32(0.8)
    poses = TopDown(net)(np.zeros((100, 200, 3), np.uint8), [(10, 10, 50, 30)])
    np.testing.assert_allclose(poses.keypoints[0, 0], [5 + 37.5 - 0.5, -5 + 12.5 - 0.5])


def test_a_trained_file_finds_what_onnxruntime_finds(pretrained):
    path = pretrained("movenet_lightning.onnx")
    truth = json.loads((path.parent / "truth_detect.json").read_text("utf-8"))["movenet_lightning"]
    truth = np.array(truth)
    poses = TopDown(from_onnx(path))(read_image(path.parent / "astronaut.png"))
    sure = truth[:, 2] > 0.2
    np.testing.assert_allclose(poses.keypoints[0, sure] + 0.5, truth[sure, :2], atol=1)
    photos = SHARED / "data" / "photos"
    annotations = json.loads((photos / "annotations.json").read_text("utf-8"))["annotations"]
    (person,) = [each for each in annotations if each["image_id"] == 785]
    true = np.reshape(person["keypoints"], (1, 17, 3)).astype(float)
    poses = TopDown(from_onnx(path))(read_image(photos / "000000000785.jpg"))
    args = true[..., :2], [person["area"]], COCO_17.sigmas, true[..., 2]
    np.testing.assert_allclose(oks(poses.keypoints, *args), 0.92, atol=0.006)
