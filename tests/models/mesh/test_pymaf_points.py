import numpy as np
import pytest

from npkpose import nn
from npkpose.models.mesh.pymaf_points import POINT_CHANNELS, PointFeatures


class At(nn.Module):
    """The features at fixed points, as a function of the maps alone."""

    def __init__(self, points, rng):
        super().__init__()
        self._points, self.features = points, PointFeatures(4, rng)

    def forward(self, x):
        return self.features.forward(x, self._points.astype(x.dtype))

    def backward(self, dy):
        return self.features.backward(dy)


def test_gradients_are_those_of_central_differences(rng):
    layer = At(rng.uniform(-1.2, 1.2, (2, 3, 2)), rng)
    layer.features.conv2.params["bias"] += 3  # so that the last ReLU is not zero everywhere
    nn.check_layer(layer, rng.normal(size=(2, 4, 5, 6)), rng)


def test_every_point_goes_through_the_same_layers_and_keeps_its_place(rng):
    features, x = PointFeatures(4, rng), rng.normal(size=(2, 4, 5, 6))
    features.conv2.params["bias"] += 1
    points = rng.uniform(-1, 1, (2, 3, 2))
    y = features.forward(x, points).reshape(2, POINT_CHANNELS, 3)
    reversed_order = features.forward(x, points[:, ::-1]).reshape(2, POINT_CHANNELS, 3)
    np.testing.assert_allclose(reversed_order, y[..., ::-1], rtol=0, atol=1e-9)
    assert y.any() and (y >= 0).all()


def test_the_names_and_shapes_are_the_published_ones(rng):
    shapes = {k: v.shape for k, v in PointFeatures(256, rng).state_dict().items()}
    assert shapes == {
        "conv0.weight": (128, 256, 1), "conv0.bias": (128,),
        "conv1.weight": (64, 384, 1), "conv1.bias": (64,),
        "conv2.weight": (5, 320, 1), "conv2.bias": (5,),
    }  # fmt: skip


def test_threads_may_share_a_network(assert_threads_agree, rng):
    features, points = PointFeatures(4, rng).eval(), rng.uniform(-1, 1, (1, 3, 2))
    xs = rng.normal(size=(200, 1, 4, 5, 6))
    assert_threads_agree(lambda x: features.forward(x, points), xs)


def test_no_images_give_no_features_and_bad_points_are_named(rng):
    features = PointFeatures(4, rng)
    y = features.forward(np.zeros((0, 4, 3, 3)), np.zeros((0, 2, 2)))
    assert y.shape == (0, 10) and features.backward(y).shape == (0, 4, 3, 3)
    with pytest.raises(ValueError, match=r"points: expected shape \(1, P, 2\), got \(2, 1, 2\)"):
        features.forward(np.zeros((1, 4, 3, 3)), np.zeros((2, 1, 2)))
