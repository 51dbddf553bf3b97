import numpy as np
import pytest

from npkpose import nn
from npkpose.models.hrnet import HighResolutionModule, HRNet


@pytest.fixture(scope="module")
def small():
    """Each kind of layer once: four branches, one module per stage, one block in a row."""
    return HRNet(8, 4, modules=(1, 1, 1), blocks=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("width, parameters", [(32, 28_536_113), (48, 63_595_745)])
def test_the_number_of_parameters_is_the_published_one(width, parameters):
    assert HRNet(width).num_parameters() == parameters


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(HRNet(32), "hrnet_w32")


def test_one_small_batch_is_overfitted(assert_overfits, rng):
    model = HRNet(8, 2, modules=(1, 1, 1), blocks=1, rng=rng)
    assert_overfits(model, rng.normal(size=(2, 3, 64, 64)).astype(np.float32), 1e-2, 60)


def test_heatmaps_are_a_quarter_of_the_size(small):
    small.eval()
    assert small(np.zeros((2, 3, 64, 96), np.float32)).shape == (2, 4, 16, 24)
    assert small(np.zeros((0, 3, 64, 96), np.float32)).shape == (0, 4, 16, 24)
    assert small.stride == 4


def test_images_of_a_batch_do_not_influence_each_other(small, rng):
    small.eval()
    x = rng.normal(size=(2, 3, 32, 64))
    np.testing.assert_allclose(small(x)[1:], small(x[1:]), rtol=0, atol=1e-9)


class Pair(nn.Module):
    """A module of two branches as a layer: one array in, one out."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        fine, coarse = self.module([x, x[:, :, ::2, ::2]])
        return np.concatenate([fine.ravel(), coarse.ravel()])

    def backward(self, dy):
        dfine, dcoarse = dy[: 2 * 2 * 64], dy[2 * 2 * 64 :]
        dx, down = self.module.backward([dfine.reshape(2, 2, 8, 8), dcoarse.reshape(2, 2, 4, 4)])
        dx = dx.copy()
        dx[:, :, ::2, ::2] += down
        return dx


def test_the_gradient_of_a_module_of_two_branches_is_right(smoothed, rng):
    module = Pair(smoothed(HighResolutionModule((2, 2), 1, 2, rng)))
    nn.check_layer(module, rng.normal(size=(2, 2, 8, 8)), rng)


def test_preprocessing_uses_the_statistics_of_imagenet(small):
    image = np.zeros((2, 32, 64, 3), np.uint8)
    image[1, 2, 3] = 255, 51, 0  # red, green, blue
    x = small.preprocess(image)
    assert x.shape == (2, 3, 32, 64) and x.dtype == np.float32
    wanted = [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225]
    np.testing.assert_allclose(x[1, :, 2, 3], wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: HRNet(0), "width: expected at least 1, got 0"),
        (lambda: HRNet(32.0), "width: expected an integer, got 32.0"),
        (lambda: HRNet(32, 0), "num_keypoints: expected at least 1, got 0"),
        (lambda: HRNet(8, 2, modules=(1, 1)), r"modules: expected 3 .*, got \(1, 1\)"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "shape, message",
    [
        ((1, 3, 64, 48), r"x: expected height and width in multiples of 32, got \(64, 48\)"),
        ((3, 64, 64), "x: expected height and width"),
        ((1, 4, 64, 64), r"x: expected shape \(N, 3, H, W\)"),
    ],
)
def test_forward_refuses_other_shapes(small, shape, message):
    with pytest.raises(ValueError, match=message):
        small(np.zeros(shape, np.float32))
