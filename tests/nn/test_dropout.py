import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn


@pytest.mark.parametrize("kind", [nn.Dropout, nn.DropPath])
def test_the_right_share_is_dropped_and_the_mean_kept(kind):
    shape = (20_000, 1) if kind is nn.DropPath else (200, 100)
    y = kind(0.3, rng=np.random.default_rng(1))(np.ones(shape))
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert abs((y == 0).mean() - 0.3) < 0.015  # more than four standard deviations of 0.0033
    assert abs(y.mean() - 1) < 0.02


def test_drop_path_drops_whole_examples():
    y = nn.DropPath(0.5)(np.ones((50, 3, 4)))
    assert (y == y[:, :1, :1]).all() and len(np.unique(y)) == 2


@pytest.mark.parametrize("kind", [nn.Dropout, nn.DropPath])
@given(p=st.floats(0, 1), seed=st.integers(0, 99))
def test_backward_is_the_adjoint_of_forward(assert_adjoint, kind, p, seed):
    rng = np.random.default_rng(seed)
    assert_adjoint(kind(p, rng=rng), rng.normal(size=(4, 3)), rng)


@pytest.mark.parametrize("kind", [nn.Dropout, nn.DropPath])
def test_evaluation_and_p_of_zero_change_nothing(kind, rng):
    x = rng.normal(size=(3, 4))
    for layer in (kind(0.9).eval(), kind(0.0)):
        np.testing.assert_array_equal(layer(x), x)
    nn.check_layer(kind(0.0), x, rng)


def test_p_of_one_drops_everything():
    layer = nn.Dropout(1.0)
    assert not layer(np.ones(9)).any() and not layer.backward(np.ones(9)).any()


def test_the_same_generator_draws_the_same():
    first, second = (nn.Dropout(rng=np.random.default_rng(5))(np.ones(99)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Dropout(-0.1), "p: expected at least 0"),
    (lambda: nn.DropPath(1.1), "p: expected at most 1, got 1.1"),
    (lambda: nn.Dropout(rng=3), "rng: expected a numpy.random.Generator"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
