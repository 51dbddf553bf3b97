import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn


def test_state_has_the_published_names():
    layer = nn.MultiHeadAttention(4, 2)
    shapes = {name: array.shape for name, array in layer.state_dict().items()}
    assert shapes == {
        "qkv.weight": (12, 4), "qkv.bias": (12,), "proj.weight": (4, 4), "proj.bias": (4,)
    }


def test_equal_keys_give_the_mean_of_the_values():
    layer = nn.MultiHeadAttention(2, 1)
    weight = layer.qkv.params["weight"]
    weight[2:4], weight[4:] = 0, np.eye(2)
    layer.proj.params["weight"][:] = np.eye(2)
    x = np.array([[[1.0, 5.0], [3.0, 7.0]]])
    np.testing.assert_allclose(layer(x), [[[2, 6], [2, 6]]], rtol=1e-12)


@given(
    st.integers(1, 2), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99)
)
def test_outputs_and_gradients_agree_with_torch(N, L, heads, d, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    D = heads * d
    layer = nn.MultiHeadAttention(D, heads, rng=rng).astype(np.float64)
    for _, array in layer.named_parameters():
        array += 0.3 * rng.normal(size=array.shape)
    twin = torch.nn.MultiheadAttention(D, heads, batch_first=True, dtype=torch.float64)
    names = {"in_proj_weight": "qkv.weight", "in_proj_bias": "qkv.bias",
             "out_proj.weight": "proj.weight", "out_proj.bias": "proj.bias"}  # fmt: skip
    state = layer.state_dict()
    twin.load_state_dict({t: torch.from_numpy(state[n]) for t, n in names.items()})
    x, dy = rng.normal(size=(2, N, L, D))
    x_twin = torch.from_numpy(x).requires_grad_()
    y_twin = twin(x_twin, x_twin, x_twin)[0]
    y_twin.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(layer(x), y_twin.detach().numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(layer.backward(dy), x_twin.grad.numpy(), rtol=0, atol=1e-10)
    gradients = dict(layer.named_gradients())
    for name, parameter in twin.named_parameters():
        np.testing.assert_allclose(gradients[names[name]], parameter.grad.numpy(), atol=1e-10)


@given(
    st.integers(1, 2), st.integers(1, 4), st.integers(1, 3), st.booleans(), st.integers(0, 99)
)
def test_gradients_agree_with_central_differences(N, L, heads, bias, seed):
    rng = np.random.default_rng(seed)
    layer = nn.MultiHeadAttention(2 * heads, heads, bias, rng=rng)
    nn.check_layer(layer, rng.normal(size=(N, L, 2 * heads)), rng)


@given(st.integers(0, 99))
def test_the_order_of_the_tokens_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    layer = nn.MultiHeadAttention(6, 2, rng=rng)
    x, order = rng.normal(size=(1, 5, 6)), rng.permutation(5)
    np.testing.assert_allclose(layer(x[:, order]), layer(x)[:, order], rtol=0, atol=1e-12)


def test_evaluation_gives_the_same_and_keeps_nothing(rng):
    layer, x = nn.MultiHeadAttention(4, 2, rng=rng), rng.normal(size=(1, 3, 4))
    trained = layer(x)
    np.testing.assert_array_equal(layer.eval()(x), trained)
    assert all(module._saved is None for _, module in layer.named_modules())
    with pytest.raises(RuntimeError, match="MultiHeadAttention.backward"):
        layer.backward(trained)


def test_no_examples_and_no_tokens_give_none():
    layer = nn.MultiHeadAttention(4, 2)
    for shape in ((0, 3, 4), (2, 0, 4)):
        assert layer(np.ones(shape)).shape == layer.backward(np.ones(shape)).shape == shape


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.MultiHeadAttention(0), "dim: expected at least 1"),
    (lambda: nn.MultiHeadAttention(6, 4), "num_heads: expected a divisor of 6, got 4"),
    (lambda: nn.MultiHeadAttention(6, 0), "num_heads: expected at least 1"),
    (lambda: nn.MultiHeadAttention(4, 2)(np.ones((3, 4))), r"x: expected shape \(N, L, 4\)"),
    (lambda: nn.MultiHeadAttention(4, 2, qkv_bias="no"), "qkv_bias: expected True or False"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.filterwarnings("error")
def test_scores_that_overflow_downwards_are_weights_of_zero():
    layer = nn.MultiHeadAttention(1, 1, qkv_bias=False)
    layer.qkv.params["weight"][:] = [[-1], [1], [1]]
    layer.proj.params["weight"][:] = 1
    y = layer(np.array([[[1.0], [1e300]]]))  # scores -1, -1e300 and -1e300, -infinity
    np.testing.assert_array_equal(y, [[[1], [1]]])
