import numpy as np

from npkpose import COCO_17
from npkpose.models.exported.simcc import SimCC
from npkpose.pipeline import TopDown
from npkpose.skeletons import find


def bins(columns, rows, size=(64, 48)):
    """Outputs whose maxima of keypoint k are .6 + k / 100 in x and .9 in y."""
    H, W = size
    x, y = np.zeros((1, 17, 2 * W)), np.zeros((1, 17, 2 * H))
    keypoints = np.arange(17)
    x[0, keypoints, columns], y[0, keypoints, rows] = 0.6 + keypoints / 100, 0.9
    return {"simcc_x": x, "simcc_y": y}


def test_bins_become_pixels_and_the_score_is_the_lesser_maximum(network):
    columns, rows = np.arange(17) + 5, 2 * np.arange(17) + 7
    net = network(SimCC, bins(columns, rows), size=(64, 48))
    poses = TopDown(net, flip=False)(np.zeros((64, 48, 3), np.uint8))
    np.testing.assert_allclose(poses.keypoints[0], np.stack([columns, rows], 1) / 2)
    np.testing.assert_allclose(poses.scores[0], 0.6 + np.arange(17) / 100, rtol=1e-6)


def test_score_refinement_and_grid_of_the_crop_can_be_chosen(network):
    outputs = bins(np.full(17, 40), np.full(17, 60))
    outputs["simcc_x"][:, :, 39] = outputs["simcc_x"][:, :, 40] / 2  # the left neighbour is higher
    image, box = np.zeros((64, 48, 3), np.uint8), [(0, 0, 48, 64)]

    def poses(**choices):
        net = network(SimCC, outputs, (64, 48), **choices)
        return TopDown(net, flip=False, padding=1.0)(image, box)

    np.testing.assert_allclose(poses(score="mean").scores[0, 0], 0.75, rtol=1e-6)
    np.testing.assert_allclose(poses(refine="quarter").keypoints[0, 0], [39.75 / 2, 30])
    corner = poses(convention="corner").keypoints[0, 0]
    np.testing.assert_allclose(corner, [20 * 48 / 47, 30 * 64 / 63])


def test_a_maximum_that_is_not_positive_shows_nothing(network):
    outputs = bins(np.arange(17), np.arange(17))
    outputs["simcc_x"][0, 3] -= 1
    points, scores = network(SimCC, outputs, size=(64, 48)).locate(np.zeros((1, 64, 48, 3)))
    assert np.isnan(points[0, 3]).all() and scores[0, 3] == 0 and np.isfinite(points[0, 4]).all()


def test_the_flip_test_averages_with_mirrored_bins_of_the_partners(network):
    columns = np.full(17, 40)
    columns[1], columns[2] = 30, 65  # left eye, right eye: 95 - 30
    columns[[0, 3, 4]] = 20, 10, 85  # a nose and ears; a mirrored nose is at 75
    net = network(SimCC, bins(columns, 7), size=(64, 48))
    _, scores = net.locate(np.zeros((1, 64, 48, 3)), flip=True)
    np.testing.assert_allclose(scores[0, [1, 2]], [0.615, 0.615], rtol=1e-6)  # both agree
    np.testing.assert_allclose(scores[0, 0], 0.3, rtol=1e-6)  # the halves of two places


def test_the_name_of_a_file_chooses_among_skeletons_of_one_size(network):
    outputs = {"simcc_x": np.zeros((1, 17, 96)), "simcc_y": np.zeros((1, 17, 128))}
    animal = network(SimCC, outputs, (64, 48), name="rtmpose-m_ap10k.onnx")
    assert animal.skeleton == find("AP10K_17")
    assert network(SimCC, outputs, (64, 48)).skeleton is COCO_17


def test_the_padding_of_the_recipe_enlarges_the_boxes(network):
    net = network(SimCC, bins(np.full(17, 48), np.full(17, 64)), (64, 48), padding=2.0)
    net.session.given["simcc_x"][0, 0] = np.eye(96)[0]  # the left edge of the crop
    poses = TopDown(net, flip=False)(np.zeros((300, 300, 3), np.uint8), [(100, 100, 148, 164)])
    np.testing.assert_allclose(poses.keypoints[0, 0], [124 - 48, 132])
