"""A product of two large matrices on our own threads.

NumPy's library of products has threads too, but they keep turning for a while when they are done,
on the cores that the next layer's strips want (`npkpose.engine.threads`): whoever mixes the two waits
for half of a core. So every large product of a network is shared out here.
"""

from functools import partial

import numpy as np

from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import SMALL, cuts


def product(a, b):
    """Return a @ b for matrices (M, K) and (K, N), the longer side of the result shared out."""
    (M, K), N = a.shape, b.shape[1]
    y = np.empty((M, N), np.result_type(a, b))
    parts = cuts(max(M, N), num_threads() if M * K * N >= SMALL else 1)
    if M > N:
        run_all([partial(np.matmul, a[i:j], b, out=y[i:j]) for i, j in parts])
    else:
        run_all([partial(np.matmul, a, b[:, i:j], out=y[:, i:j]) for i, j in parts])
    return y
