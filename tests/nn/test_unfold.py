import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn

small = st.integers(1, 3)
pairs = st.tuples(small, small)


@st.composite
def windows(draw):
    """A size (H, W) and the (kernel_size, dilation, padding, stride) of a window that fits."""
    kernel, dilation, stride = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 4))
        for k, d, p in zip(kernel, dilation, padding)
    )
    return size, (kernel, dilation, padding, stride)


def test_the_columns_of_a_3x3_image_under_a_2x2_window():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    columns = nn.unfold(x, 2)
    np.testing.assert_array_equal(
        columns[0].T, [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    )
    np.testing.assert_array_equal(
        nn.fold(np.ones_like(columns), (3, 3), 2)[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    )


def test_outside_the_image_lies_the_fill():
    columns = nn.unfold(np.ones((1, 1, 1, 1)), 3, padding=1, fill=-np.inf)
    np.testing.assert_array_equal(columns.ravel(), [-np.inf] * 4 + [1] + [-np.inf] * 4)


def test_a_1x1_window_makes_a_view():
    x = np.ones((2, 3, 4, 5))
    assert np.shares_memory(nn.unfold(x, 1), x)
    assert nn.unfold(x, 1, stride=2).shape == (2, 3, 6)


@given(windows(), st.integers(1, 2), st.integers(1, 2), st.integers(0, 99))
def test_unfold_and_fold_agree_with_torch(case, N, C, seed):
    torch = pytest.importorskip("torch")
    size, window = case
    x = np.random.default_rng(seed).normal(size=(N, C, *size))
    columns = nn.unfold(x, *window)
    np.testing.assert_array_equal(columns, torch.nn.functional.unfold(torch.tensor(x), *window))
    folded = torch.nn.functional.fold(torch.tensor(columns), size, *window)
    np.testing.assert_allclose(nn.fold(columns, size, *window), folded, rtol=0, atol=1e-12)
    assert nn.unfold(x[:0], *window).shape == (0, *columns.shape[1:])


@given(windows(), st.integers(1, 2), st.integers(0, 99))
def test_fold_is_the_adjoint_of_unfold(case, C, seed):
    size, window = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, C, *size))
    columns = nn.unfold(x, *window)
    other = rng.normal(size=columns.shape)
    there, back = (columns * other).sum(), (x * nn.fold(other, size, *window)).sum()
    assert abs(there - back) <= 1e-12 * np.sqrt((columns**2).sum() * (other**2).sum())


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.unfold(np.ones((3, 3)), 1), "x: expected shape"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 4), "x: expected at least 4 pixels"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 2, dilation=3), "x: expected at least 4 pixels"),
    (lambda: nn.unfold(np.ones((1, 1, 0, 3)), 1), "x: expected at least 1 pixel"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 0), "kernel_size: expected at least 1, got 0"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 1.5), "kernel_size: expected an integer, got 1.5"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), (1, 2, 3)), "kernel_size: expected an int or"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 1, stride=0), "stride: expected at least 1"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 1, padding=-1), "padding: expected at least 0"),
    (lambda: nn.fold(np.ones((1, 4, 3)), (3, 3), 2), "columns: expected shape"),
    (lambda: nn.fold(np.ones((1, 5, 4)), (3, 3), 2), "columns: expected a multiple of 4 rows"),
    (lambda: nn.unfold(np.ones((1, 1, 3, 3)), 1, fill="0"), "fill: expected a finite number"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
