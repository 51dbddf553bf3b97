import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

KINDS = [("nearest", None), ("bilinear", False), ("bilinear", True), ("bicubic", None)]


def test_two_pixels_become_four_in_each_convention():
    x = np.array([[[[0.0, 4.0]]]])
    for options, y in [
        ({}, [0, 0, 4, 4]),
        ({"mode": "bilinear"}, [0, 1, 3, 4]),
        ({"mode": "bilinear", "align_corners": True}, [0, 4 / 3, 8 / 3, 4]),
        ({"mode": "bilinear", "tf1": True}, [0, 2, 4, 4]),
    ]:
        layer = nn.Upsample((1, 4), **options)
        np.testing.assert_allclose(layer(x).ravel(), y, rtol=0, atol=1e-12)


@given(
    st.tuples(*[st.integers(1, 6)] * 2), st.tuples(*[st.integers(1, 12)] * 2),
    st.sampled_from(KINDS), st.integers(0, 99),
)
def test_sizes_agree_with_torch(assert_same_as_torch, size, target, kind, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    arguments = (target, None, *kind)
    twin = torch.nn.Upsample(*arguments)
    assert_same_as_torch(nn.Upsample(*arguments), twin, rng.normal(size=(2, 2, *size)), rng)


@given(
    st.tuples(*[st.integers(2, 6)] * 2),
    st.tuples(*[st.sampled_from([0.5, 0.75, 1.5, 2.0, 2.5, 4.0])] * 2),
    st.sampled_from(KINDS), st.integers(0, 99),
)
def test_scale_factors_agree_with_torch(size, factors, kind, seed):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(seed).normal(size=(1, 2, *size))
    arguments = (None, factors, *kind)
    expected = torch.nn.Upsample(*arguments)(torch.tensor(x))
    np.testing.assert_allclose(nn.Upsample(*arguments)(x), expected, rtol=0, atol=1e-6)


@given(
    st.tuples(*[st.integers(1, 5)] * 2), st.tuples(*[st.integers(1, 9)] * 2),
    st.sampled_from([*KINDS, ("bilinear", None)]), st.integers(0, 99),
)
def test_backward_is_the_adjoint_of_forward(assert_adjoint, size, target, kind, seed):
    rng = np.random.default_rng(seed)
    layer = nn.Upsample(target, None, *kind, tf1=kind == ("bilinear", None))
    assert_adjoint(layer, rng.normal(size=(2, 2, *size)), rng)
    nn.check_layer(layer, rng.normal(size=(2, 2, *size)), rng)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Upsample(), "size: expected either size or scale_factor"),
    (lambda: nn.Upsample(2, 2), "size: expected either size or scale_factor"),
    (lambda: nn.Upsample(0), "size: expected at least 1"),
    (lambda: nn.Upsample(scale_factor=0), "scale_factor: expected more than 0"),
    (lambda: nn.Upsample(scale_factor=2**64), r"scale_factor: expected at most 1e\+06, got 1844"),
    (lambda: nn.Upsample(10**6)(np.ones((1, 1, 2, 2))), "size, scale_factor: expected a result th"),
    (lambda: nn.Upsample(2**62)(np.ones((1, 1, 2, 2))), "size: expected at most 1000000"),
    (lambda: nn.Upsample(scale_factor=(1, 2, 3)), "scale_factor: expected a number or a pair"),
    (lambda: nn.Upsample(2, mode="cubic"), "mode: expected one of nearest, bilinear, bicubic"),
    (lambda: nn.Upsample(2, mode="bicubic", align_corners=True), "got .bicubic."),
    (lambda: nn.Upsample(2, align_corners=True), 'tf1: expected mode="bilinear", got .nearest.'),
    (lambda: nn.Upsample(2, mode="bilinear", align_corners=True, tf1=True), "tf1: expected"),
    (lambda: nn.Upsample(scale_factor=0.4)(np.ones((1, 1, 2, 2))), "x: expected"),
    (lambda: nn.Upsample(2)(np.ones((1, 1, 0, 2))), "x: expected"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
