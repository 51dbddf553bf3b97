import json

import numpy as np

from npkpose.image.crop import to_image
from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported import Found
from npkpose.models.exported.landmarks import BlazePose, FaceMesh, Hand, refined
from npkpose.pipeline import TopDown

BLANK = np.zeros((100, 100, 3), np.uint8)


def hand(network, presence=0.9):
    points = np.zeros((1, 63))
    points[0, :2] = 112, 224  # bottom centre of the crop
    outputs = {"Identity": points, "Identity_1": [[presence]], "Identity_2": [[1.0]],
               "Identity_3": np.zeros((1, 63))}  # fmt: skip
    return network(Hand, outputs, (224, 224), "NHWC")


def test_an_upright_palm_gives_an_upright_square_above_it(network):
    palm = np.full((1, 7, 2), 50.0)
    palm[0, 0], palm[0, 2] = (50, 60), (50, 40)  # the middle finger is above the wrist
    detector = lambda image: Found(np.array([[40.0, 40, 60, 60]]), np.ones(1), palm)  # noqa: E731
    poses = TopDown(hand(network), detector=detector)(BLANK)
    np.testing.assert_allclose(poses.keypoints[0, 0], [50, 40 + 26])  # side 52, centre (50, 40)


def test_a_palm_that_lies_on_its_side_turns_the_square(network):
    palm = np.full((1, 7, 2), 50.0)
    palm[0, 0], palm[0, 2] = (40, 50), (60, 50)  # the middle finger is on the right
    detector = lambda image: Found(np.array([[40.0, 40, 60, 60]]), np.ones(1), palm)  # noqa: E731
    poses = TopDown(hand(network), detector=detector)(BLANK)
    np.testing.assert_allclose(poses.keypoints[0, 0], [60 - 26, 50])  # its foot is on the left


def test_a_crop_without_a_hand_gives_no_person(network):
    assert len(TopDown(hand(network, 0.4))(BLANK)) == 0
    assert len(TopDown(hand(network, 0.6))(BLANK)) == 1


def test_a_box_without_points_gives_an_upright_square_and_so_does_the_whole_image(network):
    net = hand(network)
    np.testing.assert_allclose(TopDown(net)(BLANK).keypoints[0, 0], [50, 100])
    poses = TopDown(net)(BLANK, [(40, 40, 60, 50)])
    np.testing.assert_allclose(poses.keypoints[0, 0], [50, 45 + 12.5])


def test_hips_and_head_give_the_square_of_a_person(network):
    outputs = {"a": np.zeros((1, 195)), "b": [[1.0]], "c": np.zeros((1, 117))}
    net = network(BlazePose, outputs, (256, 256), "NHWC")
    points = np.zeros((1, 4, 2))
    points[0, 0], points[0, 1] = (50, 60), (50, 40)
    matrices = net.matrices(np.array([[0.0, 0, 1, 1]]), points, 1.25)
    corners = to_image(np.array([[[0.0, 0], [256, 256]]]), matrices)
    np.testing.assert_allclose(corners[0], [[25, 35], [75, 85]])


def test_points_move_to_the_mean_of_their_map():
    maps = np.full((1, 64, 64, 1), -100.0)
    maps[0, 20, 31, 0] = maps[0, 20, 32, 0] = 100
    near = refined(np.array([[[128.0, 84]]]), maps, (256, 256))
    np.testing.assert_allclose(near, [[[31.5 * 4, 80]]])
    far = np.array([[[40.0, 84]]])
    np.testing.assert_array_equal(refined(far, maps, (256, 256)), far)
    outside = np.array([[[-1e9, 84], [1e9, 84]]])
    np.testing.assert_array_equal(refined(outside, np.repeat(maps, 2, 3), (256, 256)), outside)


def test_a_trained_file_finds_the_face_that_mediapipe_finds(pretrained):
    path = pretrained("facemesh_tfjs.onnx")
    truth = json.loads((path.parent / "truth_mediapipe.json").read_text("utf-8"))["face468"]
    detector = from_onnx(pretrained("face_detection_front_128x128_barracuda.onnx"))
    net = from_onnx(path)
    assert isinstance(net, FaceMesh)
    poses = TopDown(net, detector=detector)(read_image(path.parent / "astronaut.png"))
    np.testing.assert_allclose(poses.keypoints[0], np.array(truth)[:, :2], atol=1)


def test_trained_files_find_the_person_that_mediapipe_finds(pretrained):
    path = pretrained("tflite/pose_landmark_full.tflite")
    folder = path.parent.parent
    truth = json.loads((folder / "truth_mediapipe.json").read_text(encoding="utf-8"))
    detector = from_onnx(pretrained("tflite/pose_detection.tflite"))
    net = from_onnx(path)
    assert isinstance(net, BlazePose)
    poses = TopDown(net, detector=detector)(read_image(folder / "astronaut.png"))
    distances = np.hypot(*(poses.keypoints[0] - np.array(truth["pose33_full"])[:, :2]).T)
    # A pixel of the crop is 5 of the image. The maps of two arms' and two hips' points are weak;
    # that of point 24 has a maximum of 0.5000, MediaPipe's threshold, so it is refined or not.
    assert len(poses) == 1 and (distances < 1).sum() >= 28
    assert np.delete(distances, 24).max() < 6


def test_a_crop_repeats_the_border_of_its_image(network):
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    net = hand(network)
    crop = net.crop(image, np.array([[1.0, 0, -100], [0, 1, -100]]))
    assert crop.shape == (224, 224, 3)
    at = np.arange(-100, 124).clip(0, 2)
    np.testing.assert_array_equal(crop, image[at][:, at])
    half = net.crop(image, np.array([[1.0, 0, 0.5], [0, 1, 0.5]]))
    np.testing.assert_array_equal(half[0, 0], image[:2, :2].mean(axis=(0, 1)))
