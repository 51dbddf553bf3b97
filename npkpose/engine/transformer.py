"""A transformer block with tokens side by side: arrays (D, N, L), a row for each feature.

    x <- x + W_o attend(W_q z_q, W_k z_k, W_v z_v) + b_o
    x <- x + W_2 gelu(W_1 z + b_1) + b_2

So every product reads its weight and its tokens where they lie, biases and skip connections are
epilogues, and means over features go over all tokens at once. All blocks are one program, which is
kept for the next tokens of the same shape.
"""

from contextlib import contextmanager
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from npkpose._jit import helper
from npkpose._numba import carray
from npkpose.engine.activations import GELU
from npkpose.engine.atomics import fetch_add, numbers_at
from npkpose.engine.attention import COLUMNS, add_attended
from npkpose.engine.conv_forward import Epilogue, address
from npkpose.engine.jobs import job, run_job
from npkpose.engine.program import Program
from npkpose.engine.scratch import aligned_empty
from npkpose.engine.threads import num_threads

MANY_COLUMNS, WIDE = 1024, 256  # rows that long are read in longer pieces
MOST_KEPT = 2**24  # bytes of tokens; of larger ones, the program is not kept
_kept = WeakKeyDictionary()  # of an owner: (what its program was made from, the program)


class Tokens(Program):
    """A program that changes tokens ``x`` (D, N, L), float32.

    A map is (weight, bias or None), the weight (outputs, inputs); a norm is (weight, bias, eps).
    """

    def __init__(self, shape):
        super().__init__()
        self.x, self._buffers = aligned_empty(shape, np.float32), {}

    def add_attention(self, features, inputs, projections, output, num_heads):
        """Add to some ``features`` of ``x``, a slice, the attention of normalised features.

        ``inputs`` are (slice of features, norm) of queries, keys and values, or one for all three;
        so are ``projections``, their maps. ``output`` is the last map.
        """
        D, (_, N, L) = output[0].shape[1], self.x.shape
        zs = [self._norm(f"z{i}", self.x[part], norm) for i, (part, norm) in enumerate(inputs)]
        parts = self._buffer("parts", 3, N, D, L)
        outputs = parts.swapaxes(1, 2)
        if len(projections) == 1 and N == 1:
            outputs = [parts.reshape(3 * D, 1, L)]
        elif len(projections) == 1:
            weight, bias = projections[0]
            biases = 3 * [None] if bias is None else np.split(bias, 3)
            projections = zip(np.split(weight, 3), biases)
        for z, part, (weight, bias) in zip(3 * zs if len(zs) == 1 else zs, outputs, projections):
            self.add_sequences(weight, z, part, Epilogue(shift=bias))
        q, k, v = (part.reshape(N * num_heads, D // num_heads, L) for part in parts)
        S, y = self._buffer("S", len(q), L, L), self._buffer("y", *q.shape)
        add_attended(self, q, k.swapaxes(1, 2), v.swapaxes(1, 2), S, y)
        sums, (weight, bias) = self.x[features].swapaxes(0, 1), output
        epilogue = Epilogue(shift=bias, residual=sums)
        self.add_product(weight, y.reshape(N, D, L), sums, epilogue)

    def add_mlp(self, norm, first, second):
        """Add to ``x`` the MLP of its normalisation, given both maps."""
        z = self._norm("z0", self.x, norm)
        y = self._buffer("hidden", len(first[0]), *self.x.shape[1:])
        activation = GELU, 0.0, 0.0
        self.add_sequences(first[0], z, y, Epilogue(shift=first[1], activation=activation))
        self.add_sequences(second[0], y, self.x, Epilogue(shift=second[1], residual=self.x))

    def _norm(self, name, x, norm):
        """Append what `normalise_tokens` does; return where the result will lie."""
        weight, bias, eps = norm
        z, eps = self._buffer(name, *x.shape), np.full(1, eps, x.dtype)
        numbers = len(x), x[0].size
        self.add_numbers(_norm_job(x.dtype), numbers, x.size, x, z, weight, bias, eps)
        return z

    def _buffer(self, name, *shape):
        """Return an array that all blocks use in turn."""
        if (name, shape) not in self._buffers:
            self._buffers[name, shape] = aligned_empty(shape, np.float32)
        return self._buffers[name, shape]


@contextmanager
def kept_tokens(owner, shape, steps):
    """Yield a `Tokens` of ``steps``, (method, arguments...): the owner's last one if it fits.

    Meanwhile no other thread has it. It fits as long as the arrays in ``steps`` are the same ones;
    their numbers are read at each run.
    """
    made_from = shape, num_threads(), steps
    last, program = _kept.pop(owner, (None, None))
    fits = _same(last, made_from)
    if not fits:
        program = Tokens(shape)
        for add, *arguments in steps:
            add(program, *arguments)
    yield program
    if fits or program.x.nbytes <= MOST_KEPT and _in_place(steps):
        _kept[owner] = made_from, program


def _same(a, b):
    """Return whether two nested sequences have the same arrays, and else equal values."""
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    return a is b or not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and a == b


def _in_place(a):
    """Return whether a program reads all arrays of a nested sequence where they lie."""
    if isinstance(a, (tuple, list)):
        return all(map(_in_place, a))
    return not isinstance(a, np.ndarray) or a.dtype == np.float32 and a.flags.c_contiguous


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
    columns = WIDE if L >= MANY_COLUMNS else COLUMNS
    mean, scale = np.empty(columns, x.dtype), np.empty(columns, x.dtype)
    one = zero + x.dtype.type(1)
    share = one / x.dtype.type(D)
    while True:
        first = fetch_add(r, 0, 1) * columns
        if first >= L:
            return
        width, start = np.uintp(min(columns, L - first)), np.uintp(first)
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
