"""A product of two large matrices on our own threads.

OpenBLAS has threads too, but they spin for a while when they are done, on the cores that the next
layer's tasks need (`npkpose.engine.threads`): whoever mixes the two waits for half of a core. So
every large product of a network is split here.
"""

from functools import partial

import numpy as np

from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import MIN_PARALLEL, split_range


def matmul(a, b):
    """Return a @ b for matrices (M, K) and (K, N), the longer side of the result split."""
    return split_matmul(a, b, num_threads() if a.size * b.shape[1] >= MIN_PARALLEL else 1)


def split_matmul(a, b, threads):
    """Return a @ b, with a part of the longer side for each thread."""
    M, N = len(a), b.shape[1]
    y = np.empty((M, N), np.result_type(a, b))
    parts = split_range(max(M, N), threads)
    if M > N:
        run_all([partial(np.matmul, a[i:j], b, out=y[i:j]) for i, j in parts])
    else:
        run_all([partial(np.matmul, a, b[:, i:j], out=y[:, i:j]) for i, j in parts])
    return y
