"""The matrix product that compiled code calls, against NumPy's own."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._jit import kernel
from npkpose.engine.gemm import LINKED, gemm


@kernel
def product(transposed, a, b, beta, c):
    M, N = c.shape
    gemm(transposed, M, N, a.shape[1], a, a.shape[1], b, b.shape[1], beta, c, N)


WAYS = {"in NumPy": product if numba.config.DISABLE_JIT else product.py_func}
if LINKED and not numba.config.DISABLE_JIT:
    WAYS["compiled"] = product


@pytest.mark.parametrize("product", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(st.tuples(*3 * [st.integers(1, 20)]), st.booleans(), st.integers(0, 1))
def test_it_is_the_product_and_can_add_to_what_is_there(product, dtype, shape, transposed, beta):
    (M, N, K), rng = shape, np.random.default_rng(0)
    a, b, c = (rng.normal(size=size).astype(dtype) for size in ((M, K), (K, N), (M, N)))
    expected = a @ b + beta * c
    c = c if beta else np.full((M, N), np.nan, dtype)
    product(transposed, a, np.ascontiguousarray(b.T) if transposed else b, beta, c)
    np.testing.assert_allclose(c, expected, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)
