"""What the register tile reaches when nothing but arithmetic takes time.

``python -m benchmarks.tile_peak``: the highest and widest tile sums over pixels and weights that
stay in the first cache, on each thread its own. No network can be faster.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from benchmarks.timing import machine
from npkpose.engine import num_threads
from npkpose.engine.register_tile import tile
from npkpose.engine.vectors import ROWS, VECTOR_BYTES, VECTORS

TERMS, TIMES, RUNS = 64, 20_000, 5


def tile_gflops(threads=1, dtype=np.float32):
    """Return GFLOP/s of the tile on some threads: the best of some runs."""
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    works = [_arrays(lanes, dtype) for _ in range(threads)]
    flops = 2 * ROWS * VECTORS * lanes * TERMS * TIMES * threads
    _sum_often(*works[0], 1)
    with ThreadPoolExecutor(threads) as pool:
        return flops / min(_seconds(pool, works) for _ in range(RUNS)) / 1e9


def _seconds(pool, works):
    start = time.perf_counter()
    list(pool.map(lambda work: _sum_often(*work, TIMES), works))
    return time.perf_counter() - start


def _arrays(lanes, dtype):
    width = VECTORS * lanes
    x = np.ones(TERMS * lanes + width, dtype)
    w, sums = np.ones((ROWS, TERMS), dtype), np.zeros((ROWS, width), dtype)
    return x, lanes * np.arange(TERMS), w, np.arange(TERMS), sums, np.ones(ROWS, dtype)


@numba.njit(nogil=True, error_model="numpy")
def _sum_often(x, x_offsets, w, w_offsets, sums, ones, times):
    for _ in range(times):
        tile(
            ROWS, VECTORS, x, 0, x_offsets, 0, TERMS, w, 0, TERMS, w_offsets,
            sums, 0, sums.shape[1], False, sums, 0, 0, 0, ones, ones, 0, sums[:0], x[0], x[0],
        )  # fmt: skip


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(machine().replace("one thread", "threads as below"))
    for threads in sorted({1, num_threads()}):
        for dtype in np.float32, np.float64:
            gflops = tile_gflops(threads, dtype)
            print(f"{threads} threads, {np.dtype(dtype).name}: {gflops:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
