"""The two sums of a transformer block, split so that the threads meet twice.

Attention is a sum over heads, and the MLP one over hidden features:

    attention(z) = sum_h W_o[:, h] attend(W_q[h] z, W_k[h] z, W_v[h] z) + b_o
    mlp(z)       = sum_h W_2[:, h] gelu(W_1[h] z + b_1[h]) + b_2

Each thread takes some heads, or hidden features, from the normalised tokens to its part of the
sum. Splitting every product instead would have the threads meet nine times. Shoeybi et al.,
"Megatron-LM", 2019, arXiv:1909.08053, section 3, split the same sums between machines.
"""

from functools import partial

import numpy as np

from npkpose.engine.attention import attend_unscaled
from npkpose.engine.gelu import gelu
from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import split_range


def add_attention(x, z, projections, output, num_heads):
    """Return tokens ``x`` (N, L, D) plus the attention of normalised tokens ``z``.

    ``projections`` are (weight, bias) of query, key and value, ``output`` those of the last map;
    weights are (outputs, inputs).
    """
    d = len(projections[0][0]) // num_heads
    parts = split_range(num_heads, num_threads())
    terms = run_all([partial(_heads, z, projections, output[0], *part, d) for part in parts])
    return _add(x, terms, output[1])


def add_mlp(x, z, first, second):
    """Return tokens ``x`` plus the MLP of normalised tokens ``z``: (weight, bias) of both maps."""
    parts = split_range(len(first[0]), num_threads())
    terms = run_all([partial(_hidden, z, first, second[0], slice(*part)) for part in parts])
    return _add(x, terms, second[1])


def _heads(z, projections, output_weight, first, end, d):
    """Return what heads ``first`` to ``end``, of ``d`` features each, add to the tokens."""
    (N, L, _), features = z.shape, slice(first * d, end * d)
    q, k, v = (
        _linear(z, weight, bias, features).reshape(N, L, end - first, d).swapaxes(1, 2)
        for weight, bias in projections
    )
    y = np.empty_like(q)
    attend_unscaled(q, k, v, y)
    y = y.swapaxes(1, 2).reshape(N, L, (end - first) * d)
    return y @ output_weight.astype(z.dtype, copy=False)[:, features].T


def _hidden(z, first, second_weight, part):
    """Return what some hidden features add to the tokens."""
    y, _ = gelu(_linear(z, *first, part), with_slope=False)
    return y @ second_weight.astype(z.dtype, copy=False)[:, part].T


def _linear(z, weight, bias, part):
    """Return some of a linear map's outputs."""
    y = z @ weight.astype(z.dtype, copy=False)[part].T
    if bias is not None:
        y += bias[part]
    return y


def _add(x, terms, bias):
    for term in terms:
        x = x + term
    x += bias
    return x
