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
    np.testing.assert_allclose(poses.keypoints[0, 0], [150, 0])
    assert net.session.seen.shape == (1, 48, 48, 3) and poses.scores[0, 0] == np.float32(0.8)
    poses = TopDown(net)(np.zeros((100, 200, 3), np.uint8), [(10, 10, 50, 30)])
    np.testing.assert_allclose(poses.keypoints[0, 0], [5 + 37.5, -5 + 12.5])


def people_of(image_id):
    """An image, and of its people the boxes, keypoints (P, 17, 3) and areas."""
    photos = SHARED / "data" / "photos"
    annotations = json.loads((photos / "annotations.json").read_text("utf-8"))["annotations"]
    people = [each for each in annotations if each["image_id"] == image_id]
    boxes = np.array([each["bbox"] for each in people])
    boxes[:, 2:] += boxes[:, :2]
    true = np.reshape([each["keypoints"] for each in people], (-1, 17, 3)).astype(float)
    image = read_image(photos / f"{image_id:012d}.jpg")
    return image, boxes, true, [each["area"] for each in people]


def similarities(poses, true, areas):
    return oks(poses.keypoints, true[..., :2], areas, COCO_17.sigmas, true[..., 2])


def test_a_trained_file_finds_what_onnxruntime_finds(pretrained):
    path = pretrained("movenet_lightning.onnx")
    truth = json.loads((path.parent / "truth_detect.json").read_text("utf-8"))["movenet_lightning"]
    truth = np.array(truth)
    poses = TopDown(from_onnx(path))(read_image(path.parent / "astronaut.png"))
    sure = truth[:, 2] > 0.2
    np.testing.assert_allclose(poses.keypoints[0, sure], truth[sure, :2], atol=0.1)
    image, _, true, areas = people_of(785)
    found = similarities(TopDown(from_onnx(path))(image), true, areas)
    np.testing.assert_allclose(found, 0.92, atol=0.005)


def test_with_true_boxes_a_trained_file_has_the_similarities_of_onnxruntime_and_opencv(pretrained):
    top_down = TopDown(from_onnx(pretrained("movenet_lightning.onnx")), nms_threshold=1.0)
    for image_id, asked in ((785, [0.97]), (197388, [0.63, 0.01, 0.80, 0.74, 0.89])):
        image, boxes, true, areas = people_of(image_id)
        poses = top_down(image, boxes)
        found = similarities(poses[np.argsort(poses.ids)], true, areas)
        np.testing.assert_allclose(np.diag(np.atleast_2d(found)), asked, atol=0.005)


def test_a_detector_and_movenet_find_five_of_six_people_and_nobody_else(pretrained):
    detector = from_onnx(pretrained("yolox_nano.onnx"))
    top_down = TopDown(from_onnx(pretrained("movenet_lightning.onnx")), detector=detector)
    right = 0
    for image_id in (785, 197388):
        image, _, true, areas = people_of(image_id)
        poses = top_down(image)
        best = np.reshape(similarities(poses, true, areas), (len(poses), -1)).max(axis=1)
        right += (best > 0.5).sum()
        assert (best > 0.5).all(), "a person who is not there"
    assert right == 5
