import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn


class At(nn.Module):
    """The layer with fixed points, as a function of the images alone."""

    def __init__(self, points):
        super().__init__()
        self._points, self.sample = points, nn.GridSample()

    def forward(self, x):
        return self.sample.forward(x, self._points.astype(x.dtype))

    def backward(self, dy):
        return self.sample.backward(dy)[0]


class Of(nn.Module):
    """The layer with fixed images, as a function of the points alone."""

    def __init__(self, x):
        super().__init__()
        self._x, self.sample = x, nn.GridSample()

    def forward(self, points):
        return self.sample.forward(self._x, points)

    def backward(self, dy):
        return self.sample.backward(dy)[1]


def points_off_the_pixels(rng, N, P, size):
    """Points in and around a map, none nearer than a tenth of a pixel to where its slope jumps."""
    whole = rng.integers(-2, np.array(size[::-1]) + 1, (N, P, 2))
    place = whole + rng.uniform(0.1, 0.9, (N, P, 2))
    return 2 * place / (np.array(size[::-1]) - 1) - 1


def test_four_pixels_worked_by_hand():
    x = np.array([[[[0.0, 4.0], [8.0, 16.0]]]])
    points = [[(-1, -1), (1, -1), (-1, 1), (0, 0), (0.5, -1), (2, 0), (-4, 0), (1e30, 0)]]
    y = nn.GridSample().forward(x, points)
    np.testing.assert_allclose(y, [[[0, 4, 8, 7, 3, 5, 0, 0]]], atol=1e-12)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 5), st.integers(0, 99))
def test_values_and_gradients_are_pytorchs(H, W, P, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x, points = rng.normal(size=(2, 3, H, W)), rng.uniform(-1.5, 1.5, (2, P, 2))
    twins = [torch.from_numpy(a).requires_grad_() for a in (x, points)]
    sample = torch.nn.functional.grid_sample(twins[0], twins[1][:, :, None], align_corners=True)
    layer = nn.GridSample()
    y = layer.forward(x, points)
    np.testing.assert_allclose(y, sample.detach()[..., 0], atol=1e-12)
    dy = rng.normal(size=y.shape)
    sample.backward(torch.from_numpy(dy[..., None]))
    for ours, twin in zip(layer.backward(dy), twins):
        np.testing.assert_allclose(ours, twin.grad, atol=1e-12)


@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 99))
def test_gradients_are_those_of_central_differences(assert_adjoint, H, W, seed):
    rng = np.random.default_rng(seed)
    x, points = rng.normal(size=(2, 2, H, W)), points_off_the_pixels(rng, 2, 4, (H, W))
    nn.check_layer(At(points), x, rng)
    nn.check_layer(Of(x), points, rng)
    assert_adjoint(At(points), x, rng)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_a_map_sampled_at_its_own_pixels_is_itself(H, W, seed):
    x = np.random.default_rng(seed).normal(size=(1, 2, H, W))
    u, v = np.meshgrid(np.linspace(-1, 1, W), np.linspace(-1, 1, H))
    if W == 1:
        u[...] = 0.3  # a map one pixel wide is sampled there wherever the point is
    if H == 1:
        v[...] = -0.7
    y = nn.GridSample().forward(x, np.stack([u, v], axis=-1).reshape(1, H * W, 2))
    np.testing.assert_allclose(y, x.reshape(1, 2, H * W), atol=1e-12)


def test_float32_stays_and_no_images_are_fine():
    layer = nn.GridSample()
    y = layer.forward(np.ones((2, 3, 4, 4), np.float32), np.zeros((2, 5, 2)))
    assert y.dtype == np.float32 and all(a.dtype == np.float32 for a in layer.backward(y))
    y = layer.forward(np.ones((0, 3, 4, 4)), np.zeros((0, 5, 2)))
    assert y.shape == (0, 3, 5) and layer.backward(y)[0].shape == (0, 3, 4, 4)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda f: f(np.ones((1, 1, 2, 2)), np.zeros((2, 1, 2))), r"points: expected shape \(1, P"),
        (lambda f: f(np.ones((1, 1, 2, 2)), [[(0, np.nan)]]), r"points\[0, 0, 1\]: expected a fin"),
        (lambda f: f(np.ones((1, 1, 0, 2)), [[(0, 0)]]), "x: expected pixels to sample"),
        (lambda f: f(np.ones((1, 2, 2)), [[(0, 0)]]), r"x: expected shape \(N, C, H, W\)"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(nn.GridSample().forward)
