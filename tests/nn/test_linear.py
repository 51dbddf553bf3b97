import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

sizes = st.integers(1, 4)
leading = st.lists(st.integers(0, 3), max_size=3)


def test_two_features_to_three():
    layer = nn.Linear(2, 3)
    layer.params["weight"][:] = [[1, 0], [0, 1], [1, 2]]
    layer.params["bias"][:] = 0, 0, 10
    np.testing.assert_array_equal(layer([[3, 4]]), [[3, 4, 21]])
    np.testing.assert_array_equal(layer.backward([[1, 1, 1]]), [[2, 3]])
    np.testing.assert_array_equal(layer.grads["weight"], [[3, 4]] * 3)
    np.testing.assert_array_equal(layer.grads["bias"], [1, 1, 1])


@given(leading, sizes, sizes, st.booleans(), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(
    assert_same_as_torch, shape, inputs, outputs, bias, seed
):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    layer = nn.Linear(inputs, outputs, bias, rng=rng)
    twin = torch.nn.Linear(inputs, outputs, bias)
    assert_same_as_torch(layer, twin, rng.normal(size=(*shape, inputs)), rng)


@given(leading, sizes, sizes, st.integers(0, 99))
def test_backward_is_the_adjoint_of_forward(assert_adjoint, shape, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    layer = nn.Linear(inputs, outputs, rng=rng).astype(np.float64)  # the bias is zero
    x = rng.normal(size=(*shape, inputs))
    assert_adjoint(layer, x, rng)
    nn.check_layer(layer, x, rng)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Linear(0, 1), "in_features: expected at least 1"),
    (lambda: nn.Linear(1, 2.0), "out_features: expected an integer"),
    (lambda: nn.Linear(1, 1, rng=3), "rng: expected a numpy.random.Generator"),
    (lambda: nn.Linear(3, 1)(np.ones((3, 2))), r"x: expected shape \(..., 3\), got \(3, 2\)"),
    (lambda: nn.Linear(1, 1, bias="no"), "bias: expected True or False, got 'no'"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
