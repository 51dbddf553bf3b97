"""The tile against NumPy, with sentinels around what it may write."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from npkpose.engine.register_tile import tile
from npkpose.engine.vectors import VECTOR_BYTES, VECTORS, tile_heights

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")
K, ROW, SENTINEL = 7, 400, 77.0
ERRORS = {np.float32: 2e-6, np.float64: 1e-14}


@numba.njit
def run(
    P, V, x, x_at, x_offsets, first, end, w, w_at, w_row, w_offsets,
    sums, sums_at, sums_row, add, y, y_at, y_row, count, scale, shift, channel, residual, lowest,
    highest,
):  # fmt: skip
    tile(
        P, V, x, x_at, x_offsets, first, end, w, w_at, w_row, w_offsets,
        sums, sums_at, sums_row, add, y, y_at, y_row, count, scale, shift, channel, residual,
        lowest, highest,
    )  # fmt: skip


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


@pytest.fixture(params=[(P, V) for P in tile_heights() for V in range(1, VECTORS + 1)])
def shape(request):
    return request.param


class Case:
    """Arguments of a tile, and what NumPy makes of them."""

    def __init__(self, rng, dtype, P, V):
        self.P, self.V, self.dtype = P, V, dtype
        self.lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
        self.width = V * self.lanes
        self.x = rng.normal(size=40 + K * 5 + self.width).astype(dtype)
        self.w = rng.normal(size=(P + 1, 2 * K + 3)).astype(dtype)
        self.x_offsets, self.w_offsets = rng.permutation(5 * K)[:K], rng.permutation(2 * K)[:K]
        self.sums = rng.normal(size=(P + 2, self.width + 6)).astype(dtype)
        self.y = np.full((P + 2, ROW), SENTINEL, dtype)
        self.residual = rng.normal(size=self.y.shape).astype(dtype)
        self.scale, self.shift = rng.normal(size=(2, P + 3)).astype(dtype)

    def run(self, first=0, end=K, add=False, count=0, residual=True, bounds=(-np.inf, np.inf)):
        """Call the tile with starts that differ from 0 everywhere."""
        run(
            self.P, self.V, self.x, 11, self.x_offsets, first, end,
            self.w, self.w.shape[1] + 1, self.w.shape[1] if self.P > 1 else 0, self.w_offsets,
            self.sums, self.sums.shape[1] + 3, self.sums.shape[1], add,
            self.y, ROW + 5, ROW, count, self.scale, self.shift, 2,
            self.residual if residual else self.residual[:0], *map(self.dtype, bounds),
        )  # fmt: skip

    def products(self, first=0, end=K):
        """Return the sum of the products in float64."""
        terms = range(first, end)
        start = 11 + self.x_offsets
        x = np.array([self.x[start[k] : start[k] + self.width] for k in terms], float)
        w = self.w.reshape(-1)[self.w.shape[1] + 1 :].astype(float)
        w = np.array([[w[p * self.w.shape[1] + self.w_offsets[k]] for k in terms]
                      for p in range(self.P)])  # fmt: skip
        return w.reshape(self.P, len(terms)) @ x.reshape(len(terms), self.width)


@pytest.fixture
def case(rng, dtype, shape):
    return Case(rng, dtype, *shape)


def test_sums_start_at_zero_or_from_what_is_there(case):
    inside = slice(1, 1 + case.P), slice(3, 3 + case.width)
    for add in (False, True):
        before = case.sums.astype(float)
        expected = before.copy()
        expected[inside] = case.products(2, 6) + (before[inside] if add else 0)
        case.run(2, 6, add)
        error = ERRORS[case.dtype] * 10
        np.testing.assert_allclose(case.sums, expected, rtol=0, atol=error)
        expected[inside] = case.sums[inside] = 0
        np.testing.assert_array_equal(case.sums, expected.astype(case.dtype))
        assert (case.y == SENTINEL).all()


def test_no_terms_leave_the_sums(case):
    before = case.sums.copy()
    case.run(3, 3, add=True)
    np.testing.assert_array_equal(case.sums, before)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("bounds", [(-np.inf, np.inf), (0, 1)])
def test_every_count_is_written_and_nothing_beside_it(case, residual, bounds):
    total = case.products() * case.scale[2 : 2 + case.P, None].astype(float)
    total = total + case.shift[2 : 2 + case.P, None]
    for count in range(case.width - case.lanes + 1, case.width + 1):
        case.y[...] = SENTINEL
        case.run(count=count, residual=residual, bounds=bounds)
        expected = np.full(case.y.shape, SENTINEL)
        inside = slice(1, 1 + case.P), slice(5, 5 + count)
        expected[inside] = total[:, :count] + (case.residual[inside] if residual else 0)
        expected[inside] = np.clip(expected[inside], *bounds)
        error = ERRORS[case.dtype] * 20
        np.testing.assert_allclose(case.y, expected, rtol=0, atol=error)
        outside = np.ones(case.y.shape, bool)
        outside[inside] = False
        assert (case.y[outside] == SENTINEL).all()


def test_the_end_of_a_sum_adds_to_its_beginning(case):
    whole = case.products() * case.scale[2 : 2 + case.P, None] + case.shift[2 : 2 + case.P, None]
    case.run(0, 3)
    case.run(3, K, add=True, count=case.width, residual=False)
    got = case.y[1 : 1 + case.P, 5 : 5 + case.width]
    np.testing.assert_allclose(got, whole, rtol=0, atol=ERRORS[case.dtype] * 20)


def test_nan_and_infinity_stay_in_their_lane(case):
    case.x[11 + case.x_offsets[0]] = np.nan
    case.x_offsets[1:] = case.x_offsets[0] + 1 + np.arange(K - 1)  # all others lie behind it
    case.run(count=case.width, residual=False, bounds=(0, np.inf))
    got = np.isnan(case.y[1 : 1 + case.P, 5 : 5 + case.width])
    assert got[:, 0].all() and not got[:, 1:].any()
