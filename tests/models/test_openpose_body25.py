import numpy as np
import pytest

from npkpose import nn
from npkpose.models.openpose_body25 import OpenPoseBody25, Triple


def small(seed=0):
    """Two stages of each kind at a sixteenth of the width."""
    return OpenPoseBody25(2, 2, 4, rng=np.random.default_rng(seed))


def test_the_number_of_parameters_is_the_published_one():
    assert OpenPoseBody25().num_parameters() == 26_166_084


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(OpenPoseBody25(), "openpose_body25", rtol=2e-2)


def test_one_small_batch_is_overfitted(assert_overfits, rng):
    model = OpenPoseBody25(2, 1, 8, rng=rng)
    assert_overfits(model, rng.normal(size=(1, 3, 32, 32)).astype(np.float32), 1e-3, 100)


def test_fields_come_before_heatmaps_and_split_returns_heatmaps_first(rng):
    model = small().eval()
    pafs, heatmaps = maps = model(rng.normal(size=(2, 3, 16, 24)).astype(np.float32))
    assert pafs.shape == (2, 52, 2, 3) and heatmaps.shape == (2, 26, 2, 3)
    assert model.split(maps)[0] is heatmaps and model.split(maps)[1] is pafs


def test_there_are_99_prelus():
    layers = [layer for _, layer in OpenPoseBody25().named_modules()]
    assert sum(isinstance(layer, nn.PReLU) for layer in layers) == 99


def test_the_gradient_of_a_triple_is_right(rng):
    nn.check_layer(Triple(4, 2, "1_stage0_L2", rng), rng.normal(size=(2, 4, 6, 5)), rng)


def test_preprocessing_is_that_of_openpose(rng):
    image = rng.integers(0, 256, (8, 16, 3), dtype=np.uint8)
    wanted = image[..., ::-1].transpose(2, 0, 1)[None] / 256 - 0.5
    np.testing.assert_allclose(small().preprocess(image), wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: OpenPoseBody25(0), "paf_stages: expected at least 1, got 0"),
    (lambda: OpenPoseBody25(1, 0), "heatmap_stages: expected at least 1, got 0"),
    (lambda: OpenPoseBody25(1, 1, 3), "base: expected an even number, got 3"),
    (lambda: small()(np.zeros((1, 3, 16, 12), np.float32)), "x: expected height and width in mul"),
])  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
