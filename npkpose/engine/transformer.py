"""A transformer block with tokens side by side: arrays (D, N, L), a row for each feature.

    x <- x + W_o attend(W_q z_q, W_k z_k, W_v z_v) + b_o
    x <- x + W_2 gelu(W_1 z + b_1) + b_2

So every product reads its weight and its tokens where they lie, biases and skip connections are
epilogues, and means over features go over all tokens at once.
"""

from functools import lru_cache

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.activations import GELU
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.attention import COLUMNS, attend_columns
from npkpose.engine.conv_forward import Epilogue, address
from npkpose.engine.gelu import gelu
from npkpose.engine.jobs import job, run_job
from npkpose.engine.products import multiply, multiply_sequences
from npkpose.engine.scratch import aligned_empty
from npkpose.engine.threads import num_threads


def add_attention(x, inputs, projections, output, num_heads):
    """Add to tokens ``x`` (D, N, L) the attention of normalised tokens.

    ``inputs`` are three arrays like ``x``, of queries, keys and values, ``projections`` their
    (weight, bias), or one for all three; ``output`` is that of the last map. Weights are (outputs,
    inputs).
    """
    _, N, L = x.shape
    D = output[0].shape[1]
    parts = np.empty((3, N, D, L), x.dtype)
    outputs = parts.swapaxes(1, 2)
    if len(projections) == 1 and N == 1:
        outputs = [parts.reshape(3 * D, 1, L)]
    elif len(projections) == 1:
        weight, bias = projections[0]
        projections = zip(np.split(weight, 3), 3 * [None] if bias is None else np.split(bias, 3))
    for z, part, (weight, bias) in zip(inputs, outputs, projections):
        multiply_sequences(weight, z, part, Epilogue(shift=bias))
    q, k, v = (part.reshape(N * num_heads, D // num_heads, L) for part in parts)
    y = np.empty(q.shape, x.dtype)
    attend_columns(q, k.swapaxes(1, 2), v.swapaxes(1, 2), y)
    weight, bias = output
    sums = x.swapaxes(0, 1)
    multiply(weight, y.reshape(N, D, L), sums, Epilogue(shift=bias, residual=sums))


def add_mlp(x, z, first, second):
    """Add to tokens ``x`` the MLP of normalised tokens ``z``: (weight, bias) of both maps."""
    y = np.empty((len(first[0]), *x.shape[1:]), x.dtype)
    activation = (GELU, 0.0, 0.0) if x.dtype == np.float32 else None
    multiply_sequences(first[0], z, y, Epilogue(shift=first[1], activation=activation))
    if activation is None:
        y, _ = gelu(y, with_slope=False)
    multiply_sequences(second[0], y, x, Epilogue(shift=second[1], residual=x))


def normalise_tokens(x, weight, bias, eps):
    """Return the layer normalisation over the features of tokens (D, N, L)."""
    x = np.ascontiguousarray(x)
    D, columns = len(x), x[0].size
    y = aligned_empty(x.shape, x.dtype)
    weight, bias = (np.ascontiguousarray(a, x.dtype) for a in (weight, bias))
    eps = np.full(1, eps, x.dtype)
    record = np.array([0, *map(address, (x, y, weight, bias, eps)), D, columns], np.int64)
    run_job(_norm_job(x.dtype).address, record, num_threads() if x.size >= 2**14 else 1)
    return y


def _float32(record, thread):
    _normalise(record, np.float32(0))


def _float64(record, thread):
    _normalise(record, np.float64(0))


@lru_cache(maxsize=2)
def _norm_job(dtype):
    return job(_float32 if dtype == np.float32 else _float64)


@helper
def _normalise(record, zero):
    r = carray(numbers_at(record, 0), 8)
    D, L = r[6], r[7]
    x, y = carray(numbers_at(r[1], zero), D * L), carray(numbers_at(r[2], zero), D * L)
    weight, bias = carray(numbers_at(r[3], zero), D), carray(numbers_at(r[4], zero), D)
    eps = carray(numbers_at(r[5], zero), 1)[0]
    mean, scale = np.empty(COLUMNS, x.dtype), np.empty(COLUMNS, x.dtype)
    one = zero + x.dtype.type(1)
    share = one / x.dtype.type(D)
    while True:
        first = fetch_add(r, 0, 1) * COLUMNS
        if first >= L:
            return
        width, start = np.uintp(min(COLUMNS, L - first)), np.uintp(first)
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
