import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npkpose import nn

VALUES = [-7.0, -0.5, 0.0, 0.5, 6.0, 6.5]


def test_relu_and_relu6_of_some_values():
    for layer, y, dx in [
        (nn.ReLU(), [0, 0, 0, 0.5, 6, 6.5], [0, 0, 0, 1, 1, 1]),
        (nn.ReLU6(), [0, 0, 0, 0.5, 6, 6], [0, 0, 0, 1, 0, 0]),
        (nn.LeakyReLU(0.5), [-3.5, -0.25, 0, 0.5, 6, 6.5], [0.5, 0.5, 0.5, 1, 1, 1]),
        (nn.PReLU(), [-1.75, -0.125, 0, 0.5, 6, 6.5], [0.25, 0.25, 0.25, 1, 1, 1]),
    ]:
        np.testing.assert_array_equal(layer(VALUES), np.float32(y))
        np.testing.assert_array_equal(layer.backward(np.ones(6)), dx)


def test_elu_of_some_values():
    layer = nn.ELU(alpha=0.5)
    np.testing.assert_allclose(layer([-np.inf, -1.0, 2.0, 1e9]), [-0.5, -0.3160603, 2, 1e9])
    np.testing.assert_allclose(layer.backward(np.ones(4)), [0, 0.1839397, 1, 1], rtol=1e-6)


def test_elu_of_small_numbers_keeps_their_digits():
    x = np.array([-1e-9], np.float32)
    np.testing.assert_allclose(nn.ELU()(x), x, rtol=1e-6)


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.ReLU6(), nn.ELU(), nn.LeakyReLU(), nn.PReLU()])
def test_nan_stays_nan(layer):
    assert np.isnan(layer([np.nan]))


def test_each_channel_has_its_prelu_slope_and_gradient():
    layer = nn.PReLU(2)
    layer.params["weight"][:] = 0.5, -1.0
    x = np.array([[[-2.0, 4.0], [-2.0, 4.0]]])
    np.testing.assert_array_equal(layer(x), [[[-1, 4], [2, 4]]])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 2, 2))), [[[0.5, 1], [-1, 1]]])
    np.testing.assert_array_equal(layer.grads["weight"], [-2, -2])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_gradients_of_prelu_are_central_differences(channels, rng):
    x = rng.permutation(np.linspace(-2, 2, 24)).reshape(2, 3, 4)  # wider apart than the step
    nn.check_layer(nn.PReLU(channels, init=0.1), x, rng)


@given(st.lists(st.integers(1, 4), max_size=2), st.integers(1, 3), st.integers(0, 99))
def test_prelu_agrees_with_torch_and_with_central_differences(
    assert_same_as_torch, rest, C, seed
):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x = rng.integers(-60, 60, (2, C, *rest)) / 16 + 1 / 32
    layer = nn.PReLU(C, init=0.1)
    assert_same_as_torch(layer, torch.nn.PReLU(C), x, rng)
    nn.check_layer(layer, x, rng)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.ELU(-1), "alpha: expected at least 0"),
    (lambda: nn.LeakyReLU("a"), "negative_slope: expected a finite number, got 'a'"),
    (lambda: nn.LeakyReLU(-1e308), r"negative_slope: expected at least -3.4e\+38, got -1e\+308"),
    (lambda: nn.PReLU(0), "num_parameters: expected at least 1"),
    (lambda: nn.PReLU(init="a"), "init: expected a finite number"),
    (lambda: nn.PReLU(3)(np.ones((2, 2))), r"x: expected shape \(N, 3, ...\), got \(2, 2\)"),
    (lambda: nn.PReLU(3)(np.ones(3)), r"x: expected shape \(N, 3, ...\), got \(3,\)"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


lattice = arrays(np.int64, array_shapes(max_dims=4), elements=st.integers(-120, 120))


@given(lattice, st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, sixteenths, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    for layer, twin in (
        (nn.ReLU(), torch.nn.ReLU()), (nn.ReLU6(), torch.nn.ReLU6()),
        (nn.ELU(), torch.nn.ELU()), (nn.ELU(0.3), torch.nn.ELU(0.3)),
        (nn.LeakyReLU(), torch.nn.LeakyReLU()), (nn.LeakyReLU(-0.3), torch.nn.LeakyReLU(-0.3)),
    ):
        assert_same_as_torch(layer, twin, sixteenths / 16, rng)


@given(lattice, st.integers(0, 99))
def test_gradients_agree_with_central_differences_away_from_the_kinks(sixteenths, seed):
    rng = np.random.default_rng(seed)
    for layer in (nn.ReLU(), nn.ReLU6(), nn.ELU(0.3), nn.LeakyReLU(0.3)):
        nn.check_layer(layer, (sixteenths + 0.5) / 16, rng)


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.ReLU6()])
def test_nothing_but_the_output_is_kept(layer):
    y = layer(np.ones((2, 3), np.float32))
    assert all(kept is y for kept in layer.saved())


@pytest.mark.filterwarnings("error")
def test_a_slope_that_is_not_used_does_not_overflow():
    layer, x = nn.PReLU(init=4.0), np.array([1e308, -1.0])
    np.testing.assert_array_equal(layer(x), [1e308, -4])
    np.testing.assert_array_equal(layer.backward(np.array([1e308, 1.0])), [1e308, 4])
