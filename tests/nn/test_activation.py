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
    ]:
        np.testing.assert_array_equal(layer(VALUES), np.float32(y))
        np.testing.assert_array_equal(layer.backward(np.ones(6)), dx)


def test_nan_stays_nan():
    assert np.isnan(nn.ReLU()([np.nan])) and np.isnan(nn.ReLU6()([np.nan]))


lattice = arrays(np.int64, array_shapes(max_dims=4), elements=st.integers(-120, 120))


@given(lattice, st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, sixteenths, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    for layer, twin in ((nn.ReLU(), torch.nn.ReLU()), (nn.ReLU6(), torch.nn.ReLU6())):
        assert_same_as_torch(layer, twin, sixteenths / 16, rng)


@given(lattice, st.integers(0, 99))
def test_gradients_agree_with_central_differences_away_from_the_kinks(sixteenths, seed):
    rng = np.random.default_rng(seed)
    for layer in (nn.ReLU(), nn.ReLU6()):
        nn.check_layer(layer, (sixteenths + 0.5) / 16, rng)


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.ReLU6()])
def test_only_a_boolean_mask_is_kept(layer):
    layer(np.ones((2, 3), np.float32))
    kept = [value for value in layer._kept if isinstance(value, np.ndarray)]
    assert [(array.dtype, array.shape) for array in kept] == [(bool, (2, 3))]
