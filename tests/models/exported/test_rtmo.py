import numpy as np

from npkpose.models.exported.rtmo import RTMO


def test_people_are_those_above_the_threshold_once_each(network):
    dets = np.array([[[0, 0, 20, 20, 0.9], [0, 0, 20, 21, 0.8], [40, 40, 60, 60, 0.7],
                      [40, 40, 60, 60, 0.01]]])  # fmt: skip
    keypoints = np.broadcast_to(np.arange(4)[None, :, None, None], (1, 4, 17, 3)) * 0.1 + 1
    net = network(RTMO, {"dets": dets, "keypoints": keypoints})
    poses = net(np.zeros((128, 64, 3), np.uint8))  # enlarged by 2
    np.testing.assert_allclose(poses.person_scores, [0.9, 0.7], rtol=1e-6)
    np.testing.assert_allclose(poses.keypoints[:, 0], [[2, 2], [2.4, 2.4]], rtol=1e-6)


def test_the_network_sees_blue_first_and_grey_beside_the_image(network):
    outputs = {"dets": np.zeros((1, 1, 5)), "keypoints": np.zeros((1, 1, 17, 3))}
    net = network(RTMO, outputs)
    image = np.zeros((64, 32, 3), np.uint8)
    image[..., 2] = 255
    assert len(net(image)) == 0
    assert net.session.seen[0, :, 5, 5].tolist() == [255, 0, 0]
    assert net.session.seen[0, :, 5, 40].tolist() == [114, 114, 114]
