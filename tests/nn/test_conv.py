import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def convolutions(draw):
    """Constructor arguments of a Conv2d, and an input size it accepts."""
    groups = draw(st.integers(1, 3))
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 4))
        for k, d, p in zip(kernel, dilation, padding)
    )
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    bias = draw(st.booleans())
    return (inputs, outputs, kernel, stride, padding, dilation, groups, bias), size


def test_a_3x3_image_under_a_2x2_kernel():
    conv = nn.Conv2d(1, 1, 2)
    conv.params["weight"][:] = [[[[1, 2], [3, 4]]]]
    conv.params["bias"][:] = 10
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    y = conv(x)
    np.testing.assert_array_equal(y[0, 0], [[37, 47], [67, 77]])  # 10 + 0*1 + 1*2 + 3*3 + 4*4
    dx = conv.backward([[[[1.0, 0.0], [0.0, 1.0]]]])
    np.testing.assert_array_equal(dx[0, 0], [[1, 2, 0], [3, 5, 2], [0, 3, 4]])
    np.testing.assert_array_equal(conv.grads["weight"][0, 0], [[4, 6], [10, 12]])
    np.testing.assert_array_equal(conv.grads["bias"], [2])


@given(convolutions(), st.integers(1, 2), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, case, N, seed):
    torch = pytest.importorskip("torch")
    arguments, size = case
    rng = np.random.default_rng(seed)
    layer, twin = nn.Conv2d(*arguments, rng=rng), torch.nn.Conv2d(*arguments)
    assert_same_as_torch(layer, twin, rng.normal(size=(N, arguments[0], *size)), rng)


@given(convolutions(), st.integers(0, 99))
def test_gradients_agree_with_central_differences(case, seed):
    arguments, size = case
    rng = np.random.default_rng(seed)
    nn.check_layer(nn.Conv2d(*arguments, rng=rng), rng.normal(size=(2, arguments[0], *size)), rng)


@given(convolutions(), st.integers(0, 99))
def test_backward_is_the_adjoint_of_forward(assert_adjoint, case, seed):
    arguments, size = case
    rng = np.random.default_rng(seed)
    layer = nn.Conv2d(*arguments, rng=rng).astype(np.float64)  # the bias is zero
    assert_adjoint(layer, rng.normal(size=(2, arguments[0], *size)), rng)


def test_float32_agrees_with_float64_to_rounding(rng):
    conv = nn.Conv2d(32, 32, 3, padding=1, rng=rng)
    x = rng.normal(size=(2, 32, 16, 16))
    np.testing.assert_allclose(conv(x.astype(np.float32)), conv(x), rtol=0, atol=2e-5)


def test_the_same_layer_starts_the_same_unless_given_an_rng():
    weight = nn.Conv2d(4, 4, 3).params["weight"]
    np.testing.assert_array_equal(weight, nn.Conv2d(4, 4, 3).params["weight"])
    assert (weight != nn.Conv2d(4, 4, 3, rng=np.random.default_rng(1)).params["weight"]).any()
    assert weight.dtype == np.float32


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Conv2d(0, 1, 1), "in_channels: expected at least 1, got 0"),
    (lambda: nn.Conv2d(1, 1.0, 1), "out_channels: expected an integer, got 1.0"),
    (lambda: nn.Conv2d(1, 1, 1, 0.5), "stride: expected an integer, got 0.5"),
    (lambda: nn.Conv2d(1, 1, 1, padding="same"), "padding: expected an integer, got 'same'"),
    (lambda: nn.Conv2d(4, 3, 1, groups=2), "groups: expected a divisor"),
    (lambda: nn.Conv2d(4, 4, 1, groups=0), "groups: expected at least 1"),
    (lambda: nn.Conv2d(1, 1, 1, rng=3), "rng: expected a numpy.random.Generator, got 3"),
    (lambda: nn.Conv2d(2, 1, 1)(np.ones((1, 3, 4, 4))), r"x: expected shape \(N, 2, H, W\)"),
    (lambda: nn.Conv2d(1, 1, 5, padding=1)(np.ones((1, 1, 2, 9))), "x: expected at least 5 pixels"),
    (lambda: nn.Conv2d(1, 1, 1, bias="no"), "bias: expected True or False"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_a_module_can_go_without_the_gradient_of_its_input():
    with pytest.raises(ValueError, match="network: expected a Module, got 3"):
        with nn.no_input_gradient(3):
            pass


def test_a_message_about_a_deeply_nested_list_is_short():
    deep = []
    for _ in range(3000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^stride: expected an int or a pair, got \[") as error:
        nn.Conv2d(1, 1, 1, stride=deep)
    assert len(str(error.value)) < 200


def test_training_does_without_the_gradient_of_pictures(rng):
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Conv2d(3, 1, 3))
    x, dy = rng.normal(size=(2, 2, 7, 7)), rng.normal(size=(2, 1, 3, 3))
    network(x)
    expected = network.backward(dy), dict(network.named_gradients())
    with nn.no_input_gradient(network):
        network(x)
        assert network.backward(dy) is None
        for name, gradient in network.named_gradients():
            np.testing.assert_array_equal(gradient, expected[1][name])
    network(x)
    np.testing.assert_array_equal(network.backward(dy), expected[0])


def test_sizes_beyond_any_image_are_refused_by_name():
    for arguments in ({"stride": 2**64}, {"dilation": 10**7}, {"padding": 10**400}):
        with pytest.raises(ValueError, match=f"{[*arguments][0]}: expected at most 1000000"):
            nn.Conv2d(1, 1, 1, **arguments)
