"""Attention, some of the heads on each thread.

To divide y by the sums of E = exp(q k^T / sqrt(d) - max), and not E, is less arithmetic; E is
divided only where the backward pass will ask for A. `npkpose.nn.attention` is the plain version.
"""

import math
from functools import partial

import numpy as np

from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import split_range


def attend(q, k, v, with_weights=True):
    """Return y (N, heads, L, d) for q, k, v of that shape, and A (N, heads, L, L) or None."""
    N, heads, L, d = q.shape
    A = np.empty((N, heads, L, L), q.dtype) if with_weights else None
    y = np.empty_like(q)
    parts = [slice(*part) for part in split_range(heads, num_threads())]
    run_all([partial(_some_heads, q, k, v, A, y, part) for part in parts])
    return y, A


def _some_heads(q, k, v, A, y, part):
    E, total = attend_unscaled(*(a[:, part] for a in (q, k, v, y)))
    if A is not None:
        np.divide(E, total, out=A[:, part])


def attend_unscaled(q, k, v, y):
    """Fill y; return E (N, heads, L, L) and its sums over the last axis."""
    E = np.matmul(q * q.dtype.type(1 / math.sqrt(q.shape[3])), k.swapaxes(2, 3))
    E -= E.max(axis=3, keepdims=True, initial=-np.inf)
    np.exp(E, out=E)
    total = E.sum(axis=3, keepdims=True)
    np.matmul(E, v, out=y)
    y /= total
    return E, total
