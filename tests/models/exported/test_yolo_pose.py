import numpy as np
import pytest

from npkpose.models.exported.yolo_pose import YoloPose

PERSON = [32, 16, 20, 10, 0.9, *[30, 20, 0.7] * 17]  # centre, size, score, keypoints


@pytest.mark.parametrize("final", [False, True])
def test_both_layouts_give_the_same_person(network, final):
    if final:
        rows = [[22, 11, 42, 21, 0.9, 0, *PERSON[5:]]] + [[0.0] * 57] * 99
        outputs = np.array([rows])
    else:
        outputs = np.zeros((1, 56, 84))
        outputs[0, :, [3, 50]] = PERSON  # twice: suppressed
    net = network(YoloPose, {"output0": outputs})
    poses = net(np.zeros((128, 128, 3), np.uint8))
    assert len(poses) == 1 and poses.person_scores[0] == np.float32(0.9)
    np.testing.assert_allclose(poses.keypoints[0, 5], [60, 40])
    np.testing.assert_allclose(poses.scores[0], np.float32(0.7))
    assert net.session.seen.max() == np.float32(0)


def test_damaged_metadata_is_not_this_family(network):
    from npkpose.models.exported.network import About

    about = About({"y": (1, 56, 84)}, (64, 64), "NCHW", "float32", {"kpt_shape": "[17"}, "x")
    assert YoloPose.matches(about) is None
