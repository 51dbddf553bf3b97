import json

import numpy as np

from npkpose import TopDown, skeletons
from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.models.exported.openseeface import OpenSeeFace


def test_a_cell_and_its_offsets_become_a_point_of_the_box(network):
    answer = np.full((1, 198, 28, 28), 0.5)
    answer[:, :66] = 0.0
    answer[0, :66, 9, 18] = 0.75  # row, column
    answer[0, 66:132, 9, 18], answer[0, 132:] = 1 / (1 + np.exp(-0.16)), 1 / (1 + np.exp(0.32))
    net = network(OpenSeeFace, {"output": answer}, (224, 224))
    points, scores = net.locate(np.zeros((1, 224, 224, 3), np.uint8))
    np.testing.assert_allclose(points[0, 5], [223 * (18 / 27 - 0.02), 223 * (9 / 27 + 0.01)])
    assert (scores == 0.75).all()
    poses = TopDown(net)(np.zeros((300, 400, 3), np.uint8), [(100, 40, 200, 120)])
    scale, corner = np.array([120, 100]) / 224, [90, 30]  # margins of 10 % and 12.5 %
    np.testing.assert_allclose(poses.keypoints[0, 5], points[0, 5] * scale + corner)


def test_a_trained_file_finds_the_face_that_other_networks_find(pretrained):
    folder = pretrained("osf_lm_model0_opt.onnx").parent
    image = read_image(pretrained("astronaut.png"))
    truth = json.loads(pretrained("truth_detect.json").read_text("utf-8"))["yunet_n_640"][0]
    left, top, wide, high = np.array(truth[:4]) * 512 / 640
    net = from_onnx(folder / "osf_lm_model0_opt.onnx")
    assert net.family == "OpenSeeFace" and net.skeleton is skeletons.OPENSEEFACE_66
    poses = TopDown(net)(image, [(left, top, left + wide, top + high)])
    found = poses.convert(net.skeleton, skeletons.FACE_68)
    mesh = json.loads(pretrained("truth_mediapipe.json").read_text("utf-8"))["face468"]
    mesh = np.reshape(mesh, (-1, np.shape(mesh)[-1]))[:, :2]
    # Corners of both eyes and of the mouth, and the lower lip, by the numbers of both plans.
    for ours, theirs in {36: 33, 39: 133, 42: 362, 45: 263, 48: 61, 54: 291, 57: 17}.items():
        np.testing.assert_allclose(found.keypoints[0, ours], mesh[theirs], atol=2.5)
    assert poses.scores.min() > 0.3 and not found.present[0, [60, 64]].any()


def test_the_plan_has_the_points_of_300w_without_the_inner_corners_of_the_mouth():
    plan = skeletons.OPENSEEFACE_66
    assert set(skeletons.FACE_68.keypoints) - set(plan.keypoints) == {"face-60", "face-64"}
    assert [plan.keypoints.index(f"face-{k}") for k in (47, 49, 55, 48, 61, 54, 65)] == [
        47, 48, 53, 58, 59, 62, 63]  # fmt: skip
