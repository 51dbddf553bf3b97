import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._numba import COMPILES
from npkpose.engine import use_threads
from npkpose.engine.products import matmul, multiply

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
sides = st.integers(0, 70)


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(sides, sides, sides, st.booleans(), st.booleans())
def test_it_is_the_product(threads, M, K, N, first, second):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(K, M)).T if first else rng.normal(size=(M, K))
    b = rng.normal(size=(N, K)).T if second else rng.normal(size=(K, N))
    with use_threads(threads):
        np.testing.assert_allclose(matmul(a, b), a @ b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(st.integers(1, 6), *3 * [st.integers(1, 40)])
def test_many_products_at_once(threads, n, O, K, L):
    rng = np.random.default_rng(0)
    w, x, y = (
        rng.normal(size=(n, K, O)).swapaxes(1, 2),
        rng.normal(size=(n, K, L)),
        np.empty((n, L, O)),
    )
    with use_threads(threads):
        multiply(w, x, y.swapaxes(1, 2))
    np.testing.assert_allclose(y.swapaxes(1, 2), w @ x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(64, 515, 1024 + 17), (67, 9, 1500)])
def test_rows_that_lie_far_apart_are_packed(threads, shape):
    O, K, L = shape
    rng = np.random.default_rng(0)
    w, x, y = rng.normal(size=(O, K)), rng.normal(size=(K, L)), np.full((O, L), np.nan)
    for dtype, tolerance in (np.float32, 2e-4), (np.float64, 1e-11):
        a, b, c = (array.astype(dtype) for array in (w, x, y))
        with use_threads(threads):
            multiply(a[None], b[None], c[None])
        np.testing.assert_allclose(c, w @ x, rtol=0, atol=tolerance)
