"""A transformer block with tokens side by side: arrays (N, D, L), a row for each feature.

    attention(z) = W_o attend(W_q z, W_k z, W_v z) + b_o
    mlp(z)       = W_2 gelu(W_1 z + b_1) + b_2

So every product reads its weight and its tokens where they lie, biases and skip connections are
epilogues, and means over features go over all tokens at once.
"""

from functools import lru_cache

import numpy as np
from numba import carray

from npkpose._jit import kernel
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.attention import COLUMNS, attend_columns
from npkpose.engine.conv_forward import Epilogue, address
from npkpose.engine.gelu import gelu
from npkpose.engine.jobs import job, run_job
from npkpose.engine.products import multiply
from npkpose.engine.scratch import aligned_empty
from npkpose.engine.threads import num_threads


def add_attention(x, z, projections, output, num_heads):
    """Return tokens ``x`` (N, D, L) plus the attention of normalised tokens ``z``.

    ``projections`` are (weight, bias) of query, key and value, ``output`` those of the last map;
    weights are (outputs, inputs).
    """
    N, _, L = x.shape
    D = len(projections[0][0])
    heads = num_heads, D // num_heads, L
    parts = [_linear(z, weight, bias) for weight, bias in projections]
    y = np.empty((N, D, L), x.dtype)
    for n in range(N):
        q, k, v = (part[n].reshape(heads) for part in parts)
        attend_columns(q, k.swapaxes(1, 2), v.swapaxes(1, 2), y[n].reshape(heads))
    return _linear(y, *output, x)


def add_mlp(x, z, first, second):
    """Return tokens ``x`` plus the MLP of normalised tokens ``z``: (weight, bias) of both maps."""
    y, _ = gelu(_linear(z, *first), with_slope=False)
    return _linear(y, *second, x)


def _linear(x, weight, bias, residual=None):
    """Return W x + b, plus the residual."""
    y = np.empty((len(x), len(weight), x.shape[2]), x.dtype)
    weight = weight.astype(x.dtype, copy=False)
    return multiply(weight, x, y, Epilogue(shift=bias, residual=residual))


def normalise_tokens(x, weight, bias, eps):
    """Return the layer normalisation over the features of tokens (N, D, L)."""
    x = np.ascontiguousarray(x)
    N, D, L = x.shape
    y = aligned_empty(x.shape, x.dtype)
    weight, bias = (np.ascontiguousarray(a, x.dtype) for a in (weight, bias))
    eps = np.full(1, eps, x.dtype)
    arrays = x, y, weight, bias, eps
    record = np.array([0, *map(address, arrays), N * -(-L // COLUMNS), D, L], np.int64)
    run_job(_norm_job(x.dtype).address, record, num_threads() if x.size >= 2**14 else 1)
    return y


def _float32(record, thread):
    _normalise(record, np.float32(0))


def _float64(record, thread):
    _normalise(record, np.float64(0))


@lru_cache(maxsize=2)
def _norm_job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@kernel
def _normalise(record, zero):
    r = carray(numbers_at(record, 0), 9)
    count, D, L = r[6], r[7], r[8]
    blocks = -(-L // COLUMNS)
    size = count // blocks * D * L
    x, y = carray(numbers_at(r[1], zero), size), carray(numbers_at(r[2], zero), size)
    weight, bias = carray(numbers_at(r[3], zero), D), carray(numbers_at(r[4], zero), D)
    eps = carray(numbers_at(r[5], zero), 1)[0]
    mean, scale = np.empty(COLUMNS, x.dtype), np.empty(COLUMNS, x.dtype)
    one = zero + x.dtype.type(1)
    share = one / x.dtype.type(D)
    while True:
        chunk = fetch_add(r, 0, 1)
        if chunk >= count:
            return
        n, first = chunk // blocks, chunk % blocks * COLUMNS
        width = np.uintp(min(COLUMNS, L - first))
        start = np.uintp(n * D * L + first)
        mean[:] = 0
        scale[:] = 0
        for c in range(np.uintp(D)):
            row = start + c * np.uintp(L)
            for i in range(width):
                mean[i] += x[row + i]
        for i in range(width):
            mean[i] *= share
        for c in range(np.uintp(D)):
            row = start + c * np.uintp(L)
            for i in range(width):
                away = x[row + i] - mean[i]
                scale[i] += away * away
        for i in range(width):
            scale[i] = one / np.sqrt(scale[i] * share + eps)
        for c in range(np.uintp(D)):
            row = start + c * np.uintp(L)
            w, b = weight[c], bias[c]
            for i in range(width):
                y[row + i] = (x[row + i] - mean[i]) * scale[i] * w + b
