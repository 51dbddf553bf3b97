import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine import matmul as module
from npkpose.engine.matmul import product

sides = st.integers(0, 9)


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(sides, sides, sides, st.booleans())
def test_it_is_the_product(threads, M, K, N, turned):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(M, K)), rng.normal(size=(N, K)).T if turned else rng.normal(size=(K, N))
    before = module.SMALL, module.num_threads
    module.SMALL, module.num_threads = 0, lambda: threads
    try:
        np.testing.assert_allclose(product(a, b), a @ b, rtol=0, atol=1e-12)
    finally:
        module.SMALL, module.num_threads = before
