import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine import use_threads
from npkpose.engine.matmul import split_matmul

sides = st.integers(0, 9)


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(sides, sides, sides, st.booleans())
def test_it_is_the_product(threads, M, K, N, transposed):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(M, K))
    b = rng.normal(size=(N, K)).T if transposed else rng.normal(size=(K, N))
    with use_threads(threads):
        np.testing.assert_allclose(split_matmul(a, b, threads), a @ b, rtol=0, atol=1e-12)
