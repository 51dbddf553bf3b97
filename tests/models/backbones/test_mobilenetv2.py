import numpy as np
import pytest

from npkpose import nn
from npkpose.models.backbones.mobilenetv2 import (
    ConvNorm,
    ImageNorm,
    InvertedResidual,
    MobileNetV2Features,
)


def test_each_image_is_normalised_by_its_own_statistics(rng):
    x = rng.normal(3.0, 2.0, size=(2, 5, 7, 9))
    layer = ConvNorm(5, 5, 1, relu=False, rng=rng)
    layer.conv.params["weight"] = np.eye(5).reshape(5, 5, 1, 1)
    mean, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(var + 1e-3), rtol=0, atol=1e-12)


def test_statistics_are_float32_sums_of_two_halves_pixel_after_pixel(rng):
    def total(array):  # cumsum adds one number after the other
        return sum(np.cumsum(half)[-1] for half in np.array_split(array.ravel(), 2))

    x = rng.normal(1000, 1, (1, 2, 200, 280)).astype(np.float32)
    norm = ImageNorm(2, eps=1e-3, track_running_stats=False, statistics="image")
    for channel, y in zip(x[0], norm(x)[0]):
        mean = total(channel) * np.float32(1 / channel.size)
        var = total(np.square(channel - mean)) / np.float32(channel.size)
        wanted = (channel - mean) / np.sqrt(var + np.float32(1e-3))
        np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-5)
        assert abs(wanted.mean()) > 1e-4  # exact sums give 0


def test_stride_two_pads_below_and_on_the_right(rng):
    layer = ConvNorm(1, 1, 3, stride=2, relu=False, rng=rng)
    layer.conv.params["weight"] = np.zeros((1, 1, 3, 3))
    layer.conv.params["weight"][0, 0, 0, 0] = 1.0  # picks the window's top left pixel
    x = rng.normal(size=(1, 1, 4, 6))
    np.testing.assert_array_equal(layer.conv(layer.pad(x)), x[:, :, ::2, ::2])


@pytest.mark.parametrize("make", [
    lambda rng: InvertedResidual(8, 8, 1, 6, rng),
    lambda rng: InvertedResidual(8, 4, 2, 6, rng),
    lambda rng: InvertedResidual(8, 4, 1, 1, rng),
], ids=["residual", "stride 2", "no expansion"])  # fmt: skip
def test_the_gradient_of_a_block_is_right(make, rng):
    nn.check_layer(make(rng), rng.normal(size=(2, 8, 6, 4)), rng)


def test_the_features_are_two_scales_of_the_backbone(rng):
    backbone = MobileNetV2Features(rng)
    shallow = backbone.shallow(rng.normal(size=(1, 3, 32, 64)))
    assert shallow.shape == (1, 16, 4, 8)
    deep = backbone.deep(shallow)
    assert deep.shape == (1, 48, 2, 4)
    np.testing.assert_array_equal(backbone.upsample(deep)[:, :, ::2, ::2], deep)
