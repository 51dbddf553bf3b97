import numpy as np
import pytest

from npkpose import nn
from npkpose.models.openpose_coco import OpenPoseCOCO, Stage, _later_stage


def small(seed=0):
    """Two stages at an eighth of the width."""
    return OpenPoseCOCO(2, 8, rng=np.random.default_rng(seed))


def test_the_number_of_parameters_is_the_published_one():
    assert OpenPoseCOCO().num_parameters() == 52_311_446


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(OpenPoseCOCO(), "openpose_coco")


def test_one_small_batch_is_overfitted(assert_overfits, rng):
    assert_overfits(small(), rng.normal(size=(1, 3, 32, 32)).astype(np.float32), 3e-3, 140)


def test_fields_come_before_heatmaps_and_split_returns_heatmaps_first(rng):
    model = small().eval()
    pafs, heatmaps = maps = model(rng.normal(size=(2, 3, 16, 24)).astype(np.float32))
    assert pafs.shape == (2, 38, 2, 3) and heatmaps.shape == (2, 19, 2, 3)
    assert model.split(maps)[0] is heatmaps and model.split(maps)[1] is pafs


def test_every_layer_is_switched_to_evaluation_and_back():
    model = small()
    assert all(not layer.training for _, layer in model.eval().named_modules())
    assert all(layer.training for _, layer in model.train().named_modules())


class Joined(nn.Module):
    """A stage as a layer: both outputs in one array."""

    def __init__(self, stage):
        super().__init__()
        self.stage = stage

    def forward(self, x):
        return np.concatenate(self.stage(x), axis=1)

    def backward(self, dy):
        return self.stage.backward(np.split(dy, [38], axis=1))


def test_the_gradient_of_a_stage_is_right(smoothed, rng):
    stage = Joined(smoothed(Stage(3, 1, _later_stage(2), rng)))
    nn.check_layer(stage, rng.normal(size=(2, 3, 6, 5)), rng)


def test_preprocessing_gives_bgr_between_minus_and_plus_a_half():
    image = np.zeros((8, 16, 3), np.uint8)
    image[0, 1] = 255, 64, 0  # red, green, blue
    x = small().preprocess(image)
    assert x.shape == (1, 3, 8, 16) and x.dtype == np.float32
    np.testing.assert_allclose(x[0, :, 0, 1], [-0.5, -0.25, 127 / 256], rtol=0, atol=1e-7)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: OpenPoseCOCO(0), "num_stages: expected at least 1, got 0"),
    (lambda: OpenPoseCOCO(1, 0), "base: expected at least 1, got 0"),
    (lambda: small()(np.zeros((1, 3, 16, 12), np.float32)), "x: expected height and width in mul"),
])  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
