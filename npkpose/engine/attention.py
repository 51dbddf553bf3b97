"""Attention by the register tile, queries in the lanes.

    S[j,i] = k[j] . q[i] / sqrt(d)
    A[j,i] = exp(S[j,i] - max_j S[j,i]) / sum_j ...,    y[i] = sum_j A[j,i] v[j]

S is kept with a row for each key j, so that its softmax, over j, is taken for as many queries i at
a time as a vector has lanes, and the second product reads it as it lies. `npkpose.nn.attention` is
the plain version.
"""

import math
from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.conv_forward import Epilogue, address
from npkpose.engine.elementary import exp
from npkpose.engine.jobs import job, run_job
from npkpose.engine.products import multiply
from npkpose.engine.scratch import aligned_empty
from npkpose.engine.threads import num_threads

COLUMNS = 64  # of a matrix that a chunk takes


def attend(q, k, v, with_weights=True):
    """Return y (N, heads, L, d) for q, k, v of that shape, and A (N, heads, L, L) or None."""
    N, heads, L, d = q.shape
    flat = N * heads, L, d
    q, k, v = (np.ascontiguousarray(a).reshape(flat) for a in (q, k, v))
    y = np.empty(flat, q.dtype)
    S = attend_columns(np.ascontiguousarray(q.swapaxes(1, 2)), k, v, y.swapaxes(1, 2))
    A = S.swapaxes(1, 2).reshape(N, heads, L, L) if with_weights else None
    return y.reshape(N, heads, L, d), A


def attend_columns(q, k, v, y):
    """Write to ``y`` (N, d, I) what queries find; return A with a row for each key, (N, J, I).

    Queries ``q`` (N, d, I) lie side by side; keys ``k`` and values ``v`` (N, J, d) and ``y`` have
    any strides.
    """
    (N, d, I), J = q.shape, k.shape[1]
    S = aligned_empty((N, J, I), q.dtype)
    scale = _scale(J, d, q.dtype)
    multiply(k, q, S, Epilogue(scale=scale))
    softmax_columns(S)
    multiply(v.swapaxes(1, 2), S, y)
    return S


def add_attended(program, q, k, v, S, y):
    """Append to a `Program` what `attend_columns` does, with ``S`` (N, J, I) for A."""
    N, J, I = S.shape
    program.add_product(k, q, S, Epilogue(scale=_scale(J, q.shape[1], q.dtype)))
    numbers = N * -(-I // COLUMNS), J, I
    program.add_numbers(_softmax_job(S.dtype), numbers, S.size, S)
    program.add_product(v.swapaxes(1, 2), S, y)


@lru_cache(maxsize=64)
def _scale(count, d, dtype):
    return np.full(count, 1 / math.sqrt(d), dtype)


def softmax_columns(S):
    """Replace the columns of contiguous matrices ``S`` (N, J, I) by their softmax."""
    N, J, I = S.shape
    if S.size:
        blocks = -(-I // COLUMNS)
        record = np.array([0, address(S), N * blocks, J, I], np.int64)
        threads = num_threads() if S.size >= 2**14 else 1
        run_job(_softmax_job(S.dtype).address, record, threads)


def _float32(record, thread):
    _softmax(record, np.float32(0))


def _float64(record, thread):
    _softmax(record, np.float64(0))


@lru_cache(maxsize=2)
def _softmax_job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _softmax(record, zero):
    taken = carray(numbers_at(record, 0), 5)
    count, J, I = taken[2], taken[3], taken[4]
    blocks = -(-I // COLUMNS)
    S = carray(numbers_at(taken[1], zero), count // blocks * J * I)
    highest, total = np.empty(COLUMNS, S.dtype), np.empty(COLUMNS, S.dtype)
    while True:
        chunk = fetch_add(taken, 0, 1)
        if chunk >= count:
            return
        n, first = chunk % (count // blocks), chunk // (count // blocks) * COLUMNS
        width = np.uintp(min(COLUMNS, I - first))
        start = np.uintp(n * J * I + first)
        highest[:] = -np.inf
        total[:] = 0
        for j in range(np.uintp(J)):
            row = start + j * np.uintp(I)
            for i in range(width):
                highest[i] = max(highest[i], S[row + i])
        for j in range(np.uintp(J)):
            row = start + j * np.uintp(I)
            for i in range(width):
                S[row + i] = exp(S[row + i] - highest[i])
                total[i] += S[row + i]
        for i in range(width):
            total[i] = 1 / total[i]
        for j in range(np.uintp(J)):
            row = start + j * np.uintp(I)
            for i in range(width):
                S[row + i] *= total[i]
