import numpy as np
import pytest

from npkpose.models.small import (
    SIZE_UNIT,
    SLOPE,
    SmallDetector,
    SmallNet,
    SmallPaf,
    SmallTags,
    SmallTopDown,
)
from npkpose.nn import check_layer
from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.detect import Detector
from npkpose.pipeline.topdown import TopDown


def test_the_number_of_parameters_is_as_counted_by_hand_and_all_four_take_four_megabytes():
    def block(i, o):  # two 3x3, their normalisations, and a 1x1 if the widths differ
        return 9 * i * o + 2 * o + 9 * o * o + 2 * o + (i * o + 2 * o if i != o else 0)

    trunk = 27 * 16 + 32 + block(16, 32) + block(32, 64) + block(64, 64) + block(64, 96)
    trunk += 4 * 96 * 64 + 64 + block(64, 64) + 4 * 64 * 32 + 32 + block(32, 32)
    nets = SmallTopDown(), SmallPaf(), SmallTags()
    for net, channels in zip(nets, (17, 17 + 38, 17 + 38 + 34)):
        assert net.num_parameters() == trunk + 4 * 32 * channels + channels
    detector = SmallDetector()
    assert detector.num_parameters() == trunk + 9 * 32 * 32 + 32 + 32 * 5 + 5
    assert 2 * sum(net.num_parameters() for net in (*nets, detector)) < 3.6e6  # bytes, in float16


def test_maps_are_half_the_size_and_split_separates_heatmaps_from_the_rest():
    x = np.zeros((2, 3, 16, 32), np.float32)
    assert SmallTopDown(base=2)(x).shape == (2, 17, 8, 16)
    net = SmallPaf(base=2)
    heatmaps, fields = net.split(net(x))
    assert heatmaps.shape == (2, 17, 8, 16) and fields.shape == (2, 38, 8, 16)
    net = SmallTags(base=2)
    assert [maps.shape for maps in net.split(net(x))] == [(2, 17, 8, 16), (2, 34, 8, 16)]


def test_a_detector_begins_with_low_scores_and_boxes_of_usual_size():
    net = SmallDetector(base=2)
    net.head.layers[2].params["weight"][:] = 0
    scores, sizes, offsets = net.split(net(np.zeros((2, 3, 32, 64), np.float32)))
    np.testing.assert_allclose(1 / (1 + np.exp(-scores)), 0.1, atol=1e-3)
    assert (sizes[:, 0] == SIZE_UNIT / 2).all() and (sizes[:, 1] == SIZE_UNIT).all()
    assert offsets.shape == (2, 2, 8, 16) and not offsets.any()


@pytest.mark.parametrize("training", [True, False])
def test_heatmaps_of_a_crop_have_the_sum_of_a_gaussian(training, rng):
    net = SmallTopDown((32, 16), base=2, rng=rng).train(training)
    heatmaps = net(rng.normal(size=(2, 3, 32, 16)).astype(np.float32))
    np.testing.assert_allclose(heatmaps.sum(axis=(2, 3)), 2 * np.pi * net.sigma**2, rtol=1e-5)


def test_tags_begin_with_the_position_of_their_pixel():
    net = SmallTags(base=2)
    net.head.params["weight"][:] = net.tags.params["weight"][:] = 0
    heatmaps, tags = net.split(net(np.zeros((1, 3, 16, 32), np.float32)))
    assert (heatmaps == 0).all()
    np.testing.assert_array_equal(tags[0, 3, 5], SLOPE * (np.arange(16) - 7.5))
    np.testing.assert_array_equal(tags[0, 20, :, 5], SLOPE * (np.arange(8) - 3.5))
    assert (tags[:, :17] == tags[:, :1, :1]).all()
    assert (tags[:, 17:] == tags[:, 17:18, :, :1]).all()


def test_gradients_are_right(rng):
    check_layer(SmallNet(3, 2, rng=rng), rng.normal(size=(2, 3, 32, 32)), rng, rtol=1e-5)
    check_layer(SmallTags(2, rng=rng), rng.normal(size=(2, 3, 32, 16)), rng, rtol=1e-5)
    check_layer(SmallDetector(2, rng=rng), rng.normal(size=(2, 3, 32, 16)), rng, rtol=1e-5)
    net = SmallTopDown((32, 16), 2, rng=rng)
    check_layer(net, rng.normal(size=(2, 3, 32, 16)), rng, rtol=1e-5)


def test_they_fit_the_pipelines(rng):
    image = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    poses = TopDown(SmallTopDown((32, 16), base=2))(image, [(5, 5, 20, 30)])
    assert poses.keypoints.shape == (1, 17, 2)
    assert BottomUp(SmallPaf(base=2), height=32)(image).keypoints.shape[1:] == (17, 2)
    assert Detector(SmallDetector(base=2), height=32)(image).boxes.shape[1:] == (4,)


def test_bad_sizes_are_named():
    with pytest.raises(
        ValueError, match="input_size: expected height and width in multiples of 16"
    ):
        SmallTopDown((60, 48))
    with pytest.raises(ValueError, match="base: expected at least 2, got 0"):
        SmallPaf(0)
