import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

leading = st.lists(st.integers(1, 3), max_size=2)
normalized = st.lists(st.integers(2, 5), min_size=1, max_size=2)


def test_four_numbers():
    layer = nn.LayerNorm(4, eps=0.0)
    np.testing.assert_allclose(layer([[1, 1, 3, 3]]), [[-1, -1, 1, 1]], rtol=1e-6)
    layer.params["weight"][:], layer.params["bias"][:] = 2, 5
    np.testing.assert_allclose(layer([[1, 1, 3, 3]]), [[3, 3, 7, 7]], rtol=1e-6)


def test_equal_numbers_become_the_bias_unless_eps_is_zero():
    np.testing.assert_array_equal(nn.LayerNorm(3)([7, 7, 7]), [0, 0, 0])


@given(leading, normalized, st.sampled_from([1e-12, 1e-6, 1e-5]), st.booleans(), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(
    assert_same_as_torch, shape, last, eps, affine, seed
):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    layer, twin = nn.LayerNorm(last, eps, affine), torch.nn.LayerNorm(last, eps, affine)
    for array in layer.params.values():
        array += rng.normal(size=array.shape).astype(np.float32)
    assert_same_as_torch(layer, twin, rng.normal(1.0, 2.0, (*shape, *last)), rng)


@given(leading, normalized, st.integers(0, 99))
def test_gradients_agree_with_central_differences(shape, last, seed):
    rng = np.random.default_rng(seed)
    nn.check_layer(nn.LayerNorm(last, 1e-2), rng.normal(size=(*shape, *last)), rng)


@given(leading, normalized, st.floats(0.5, 4), st.floats(-9, 9), st.integers(0, 99))
def test_scale_and_shift_of_an_example_do_not_matter(shape, last, scale, shift, seed):
    x = np.random.default_rng(seed).normal(size=(*shape, *last))
    layer = nn.LayerNorm(last, eps=0.0)
    np.testing.assert_allclose(layer(scale * x + shift), layer(x), rtol=0, atol=1e-10)


def test_evaluation_is_the_same_as_training(rng):
    x, layer = rng.normal(size=(2, 5)), nn.LayerNorm(5)
    np.testing.assert_array_equal(layer(x), layer.eval()(x))


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.LayerNorm(0), "normalized_shape: expected at least 1"),
    (lambda: nn.LayerNorm(()), "normalized_shape: expected at least one axis"),
    (lambda: nn.LayerNorm(3, eps=-1), "eps: expected at least 0"),
    (lambda: nn.LayerNorm((2, 3))(np.ones((3, 2))), r"x: expected shape \(..., 2, 3\)"),
    (lambda: nn.LayerNorm(3, elementwise_affine=3), "elementwise_affine: expected True or"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
