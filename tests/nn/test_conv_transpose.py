import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def transposed_convolutions(draw):
    """Constructor arguments of a ConvTranspose2d, and an input size it accepts."""
    groups = draw(st.integers(1, 3))
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    extra = tuple(draw(st.integers(0, s - 1)) for s in stride)
    padding = tuple(draw(st.integers(0, d * (k - 1) // 2)) for k, d in zip(kernel, dilation))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    bias = draw(st.booleans())
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    return (inputs, outputs, kernel, stride, padding, extra, groups, bias, dilation), size


def test_each_input_pixel_stamps_the_kernel():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2)
    layer.params["weight"][:] = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]
    layer.params["bias"][:] = 1
    y = layer(np.array([[[[1.0, 10.0]]]]))
    np.testing.assert_array_equal(
        y[0, 0] - 1, [[1, 2, 13, 20, 30], [4, 5, 46, 50, 60], [7, 8, 79, 80, 90]]
    )
    dx = layer.backward(np.ones_like(y))
    np.testing.assert_array_equal(dx[0, 0], [[45, 45]])
    np.testing.assert_array_equal(layer.grads["weight"], np.full((1, 1, 3, 3), 11))
    np.testing.assert_array_equal(layer.grads["bias"], [15])


@given(transposed_convolutions(), st.integers(1, 2), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, case, N, seed):
    torch = pytest.importorskip("torch")
    arguments, size = case
    rng = np.random.default_rng(seed)
    layer, twin = nn.ConvTranspose2d(*arguments, rng=rng), torch.nn.ConvTranspose2d(*arguments)
    assert_same_as_torch(layer, twin, rng.normal(size=(N, arguments[0], *size)), rng)


@given(transposed_convolutions(), st.integers(0, 99))
def test_gradients_agree_with_central_differences(case, seed):
    arguments, size = case
    rng = np.random.default_rng(seed)
    layer = nn.ConvTranspose2d(*arguments, rng=rng)
    nn.check_layer(layer, rng.normal(size=(2, arguments[0], *size)), rng)


@given(transposed_convolutions(), st.integers(0, 99))
def test_it_is_the_adjoint_of_a_convolution_with_the_same_weight(case, seed):
    (inputs, outputs, kernel, stride, padding, extra, groups, _, dilation), size = case
    rng = np.random.default_rng(seed)
    up = nn.ConvTranspose2d(
        inputs, outputs, kernel, stride, padding, extra, groups, False, dilation, rng=rng
    ).astype(np.float64)
    down = nn.Conv2d(outputs, inputs, kernel, stride, padding, dilation, groups, False)
    down.astype(np.float64).load_state_dict(up.state_dict())
    x = rng.normal(size=(1, inputs, *size))
    y = up(x)
    image = rng.normal(size=y.shape)
    np.testing.assert_allclose(up.backward(image), down(image), rtol=0, atol=1e-12)
    np.testing.assert_allclose(down.backward(x), y, rtol=0, atol=1e-12)
    assert abs((y * image).sum() - (x * down(image)).sum()) <= 1e-10


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (4, 2), (3, 1)])
def test_initial_weights_keep_the_mean_square_of_a_rectified_signal(kernel, stride, rng):
    layer = nn.ConvTranspose2d(64, 64, kernel, stride, bias=False, rng=rng)
    x = np.maximum(rng.normal(size=(4, 64, 16, 16)), 0.0)  # of mean square 1/2
    inside = layer(x)[:, :, 4:-4, 4:-4]
    assert abs(np.square(inside).mean() - 1.0) < 0.1


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.ConvTranspose2d(1, 0, 1), "out_channels: expected at least 1, got 0"),
    (lambda: nn.ConvTranspose2d(4, 3, 1, groups=2), "groups: expected a divisor"),
    (lambda: nn.ConvTranspose2d(1, 1, 2, output_padding=1), "output_padding: expected less than"),
    (lambda: nn.ConvTranspose2d(1, 1, 2, (2, 1), 0, (0, 1)), "output_padding: expected less than"),
    (lambda: nn.ConvTranspose2d(1, 1, 2, stride=2.0), "stride: expected an integer, got 2.0"),
    (lambda: nn.ConvTranspose2d(2, 1, 1)(np.ones((1, 1, 4, 4))), r"x: expected shape \(N, 2, H"),
    (lambda: nn.ConvTranspose2d(1, 1, 1, 1, 2)(np.ones((1, 1, 4, 4))), "x: expected images large"),
    (lambda: nn.ConvTranspose2d(1, 1, 1, bias=2), "bias: expected True or False"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
