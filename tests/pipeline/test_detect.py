import numpy as np
import pytest

from npkpose import BottomUp, Detector, Poses, TopDown
from npkpose.codec.boxes import box_targets
from npkpose.models.small import SmallDetector, SmallPaf, SmallTopDown
from npkpose.pipeline import boxes_around

BOXES = np.array([[8.0, 4.0, 42.0, 100.0], [70.0, 30.0, 91.0, 88.0]])


class Oracle(SmallDetector):
    """Answers the ideal maps of two boxes in an image of (128, 96), then of the flipped image."""

    def __init__(self, scale):
        super().__init__(base=2)
        self.scale, self.calls = scale, 0

    def __call__(self, x):
        self.calls += 1
        size = x.shape[2:]
        boxes = self.scale * (BOXES if self.calls % 2 else flipped(BOXES))
        maps = box_targets(boxes, (size[0] // 4, size[1] // 4), self.grid)
        scores = np.where(maps.heatmap > 0.99, 4.0, -4.0)[None]
        return np.concatenate([scores, maps.sizes, maps.offsets])[None]


def flipped(boxes):
    return np.array([96, 0, 96, 0]) + boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]


@pytest.mark.parametrize("height", [128, 64])
def test_boxes_of_a_resized_image_are_in_its_own_pixels(height):
    net = Oracle(height / 128)
    found = Detector(net, height)(np.zeros((128, 96, 3), np.uint8))
    order = np.argsort(found.boxes[:, 0])
    np.testing.assert_allclose(found.boxes[order], BOXES, atol=1e-4)
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-4)))
    assert net.calls == 1


def test_the_flip_test_averages_scores_sizes_and_offsets():
    net = Oracle(1)
    found = Detector(net, flip=True)(np.zeros((128, 96, 3), np.uint8))
    assert net.calls == 2
    order = np.argsort(found.boxes[:, 0])
    np.testing.assert_allclose(found.boxes[order], BOXES, atol=1e-4)


def test_boxes_are_cut_at_the_border_and_low_scores_left_out():
    net = Oracle(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.pipeline.test_detect.BOXES", np.array([[-20.0, 0, 60, 200]]))
        found = Detector(net)(np.zeros((128, 96, 3), np.uint8))
        assert found.boxes.tolist() == [[0, 0, 60, 128]]
        assert len(Detector(net, threshold=0.99)(np.zeros((128, 96, 3), np.uint8)).boxes) == 0


def test_several_images_give_a_list():
    images = np.zeros((2, 32, 48, 3), np.uint8)
    found = Detector(SmallDetector(base=2), 32)(images)
    assert len(found) == 2 and all(each.boxes.shape[1:] == (4,) for each in found)


def test_boxes_around_people_hold_their_keypoints_with_a_margin():
    nan = [np.nan, np.nan]
    poses = Poses([[[2, 5], [12, 25]], [nan, nan], [[7, 7], nan]], person_scores=[0.5, 0.9, 0.8])
    found = boxes_around(poses, margin=0)
    assert found.boxes.tolist() == [[7, 7, 8, 8], [2, 5, 13, 26]]  # pixels are areas
    assert found.scores.tolist() == [0.8, 0.5]
    wider = boxes_around(poses, margin=0.5).boxes
    assert wider[1].tolist() == [2 - 10.5, 5 - 10.5, 13 + 10.5, 26 + 10.5]
    assert boxes_around(Poses.empty(3)).boxes.shape == (0, 4)
    with pytest.raises(ValueError, match="margin: expected at least 0"):
        boxes_around(poses, -1)


def test_a_network_of_boxes_and_a_bottom_up_pipeline_are_detectors(rng):
    image = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    top_down = SmallTopDown((32, 16), base=2)
    by_network = TopDown(top_down, detector=SmallDetector(base=2))
    assert isinstance(by_network.detector, Detector)
    assert by_network(image).keypoints.shape[1:] == (17, 2)

    class People(BottomUp):
        def __call__(self, image):
            return Poses(np.tile([[[10.0, 10]], [[30, 50]]], (1, 17, 1)) + np.arange(17)[:, None])

    found = TopDown(top_down, detector=People(SmallPaf(base=2), 32))
    boxes = boxes_around(found.detector(image))
    again = TopDown(top_down)(image, boxes.boxes, boxes.scores)
    np.testing.assert_array_equal(found(image).keypoints, again.keypoints)


@pytest.mark.parametrize(("arguments", "message"), [
    ((SmallPaf,), "model: expected a network with eval, got"),
    ((SmallDetector(base=2), 8), "height: expected at least 16, got 8"),
    ((SmallDetector(base=2), 32, 2), "threshold: expected at most 1, got 2"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Detector(*arguments)
