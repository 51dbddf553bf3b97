"""The tile that multiplies rows with rows, against NumPy."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from npkpose.engine.product_tile import product_tile
from npkpose.engine.vectors import VECTOR_BYTES, VECTORS, tile_heights

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")


@numba.njit
def run(P, V, a, a_at, a_row, x, x_at, x_offsets, k, length, out, out_at, out_row):
    product_tile(P, V, a, a_at, a_row, x, x_at, x_offsets, k, length, out, out_at, out_row)


@pytest.mark.parametrize("dtype, error", [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("P", tile_heights())
@pytest.mark.parametrize("V", range(1, VECTORS + 1))
@pytest.mark.parametrize("vectors", [0, 1, 2, 5])
def test_it_adds_the_products_of_rows_and_writes_nothing_else(P, V, vectors, dtype, error, rng):
    length = vectors * VECTOR_BYTES // np.dtype(dtype).itemsize
    a = rng.normal(size=(P + 1, length + 3)).astype(dtype)
    x = rng.normal(size=length + 60).astype(dtype)
    offsets = rng.permutation(50)[: V + 2]
    out = rng.normal(size=(P + 2, V + 4)).astype(dtype)
    expected = out.astype(float)
    rows = a.reshape(-1)[2:]
    for p in range(P):
        for v in range(V):
            start = 4 + offsets[2 + v]
            first = rows[p * (length + 3) :][:length].astype(float)
            expected[1 + p, 1 + v] += first @ x[start : start + length]
    before = out.copy()
    run(P, V, a, 2, length + 3, x, 4, offsets, 2, length, out, V + 5, V + 4)
    np.testing.assert_allclose(out, expected, rtol=0, atol=error)
    before[1 : 1 + P, 1 : 1 + V] = out[1 : 1 + P, 1 : 1 + V]
    np.testing.assert_array_equal(out, before)
