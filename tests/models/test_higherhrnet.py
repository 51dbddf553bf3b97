import numpy as np
import pytest

from npkpose import nn
from npkpose.models.higherhrnet import HigherHRNet


def small(seed=0):
    """Each kind of layer once: four branches, one module per stage, one block in a row."""
    rng = np.random.default_rng(seed)
    return HigherHRNet(8, 2, modules=(1, 1, 1), blocks=1, rng=rng)


@pytest.mark.parametrize("width, parameters", [(32, 28_645_331), (48, 63_827_139)])
def test_the_number_of_parameters_is_the_published_one(width, parameters):
    assert HigherHRNet(width).num_parameters() == parameters


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(HigherHRNet(32), "higherhrnet_w32", rtol=1e-2)


def test_one_small_batch_is_overfitted(assert_overfits, rng):
    assert_overfits(small(), rng.normal(size=(2, 3, 32, 64)).astype(np.float32), 1e-2, 100)


def test_maps_are_at_a_quarter_and_at_half_of_the_size():
    coarse, fine = small().eval()(np.zeros((2, 3, 64, 96), np.float32))
    assert coarse.shape == (2, 4, 16, 24) and fine.shape == (2, 2, 32, 48)


def test_heatmaps_are_averaged_and_tags_upsampled(rng):
    coarse, fine = rng.normal(size=(1, 4, 6, 8)), rng.normal(size=(1, 2, 12, 16))
    heatmaps, tags = small().split((coarse, fine))
    up = nn.Upsample(scale_factor=2, mode="bilinear")(coarse)
    np.testing.assert_allclose(heatmaps, (up[:, :2] + fine) / 2, rtol=0, atol=1e-12)
    np.testing.assert_allclose(tags, up[:, 2:], rtol=0, atol=1e-12)


def test_preprocessing_is_that_of_hrnet(rng):
    image = rng.integers(0, 256, (32, 64, 3), dtype=np.uint8)
    x = small().preprocess(image)
    np.testing.assert_allclose(x[0, 0], (image[..., 0] / 255 - 0.485) / 0.229, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: HigherHRNet(0), "width: expected at least 1, got 0"),
    (lambda: HigherHRNet(8, 0), "num_keypoints: expected at least 1, got 0"),
    (lambda: small()(np.zeros((1, 3, 64, 48), np.float32)), "x: expected height and width in mul"),
])  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
