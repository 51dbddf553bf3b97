"""Attention as one operator, with masks, a cache of keys and values, and grouped heads.

    y = softmax(softcap(q k^T scale) + bias) v

Specification: ONNX, Operators.md, Attention-23 and 24, RotaryEmbedding-23; `npkpose.nn.attention`
has the plain formula and its papers.
"""

import math

import numpy as np

from npkpose.onnx.limits import check_products, check_size

_, _CAPPED, _BIASED, _SHARES = range(4)  # what the fourth output is


def attention(
    q, k, v, mask=None, past_key=None, past_value=None, lengths=None, *, is_causal=0,
    kv_num_heads=None, q_num_heads=None, qk_matmul_output_mode=0, scale=None, softcap=0.0,
    softmax_precision=None, left_window_size=-1, right_window_size=-1, outputs,
):  # fmt: skip
    """Attention-23: inputs are (N, heads, L, d), or (N, L, heads d) with numbers of heads.

    ``past_key`` and ``past_value`` come before this call's; of the keys, ``lengths`` are valid in
    each example. ``mask`` is true where a query may look, or is added. Up to four outputs: y, all
    keys, all values, and logits or shares.
    """
    flat = q.ndim == 3
    if flat:
        q = _split_heads(q, q_num_heads)
        k, v = (_split_heads(a, kv_num_heads) for a in (k, v))
    if past_key is not None:
        k, v = np.concatenate([past_key, k], 2), np.concatenate([past_value, v], 2)
    all_keys, all_values, groups = k, v, q.shape[1] // max(k.shape[1], 1)
    k, v = (np.repeat(a, groups, 1) if groups > 1 else a for a in (k, v))
    check_size((*q.shape[:3], k.shape[2]), q.itemsize)
    check_products(q.size * k.shape[2] * 2)
    factor = math.sqrt(1 / math.sqrt(q.shape[3]) if scale is None else scale)
    logits = (q * q.dtype.type(factor)) @ (k * q.dtype.type(factor)).swapaxes(2, 3)
    stages = [logits, np.tanh(logits / softcap) * q.dtype.type(softcap) if softcap else logits]
    before = 0 if past_key is None else past_key.shape[2]
    if lengths is not None and past_key is None:
        before = lengths.reshape(-1, 1, 1, 1) - q.shape[2]
    window = left_window_size, 0 if is_causal else right_window_size
    bias = _bias(q, k, mask, lengths, before, window)
    stages.append(stages[_CAPPED] + bias)
    highest = stages[_BIASED].max(axis=-1, keepdims=True, initial=-np.inf)
    shares = np.exp(stages[_BIASED] - np.where(np.isneginf(highest), 0, highest))
    total = shares.sum(axis=-1, keepdims=True)
    hidden = np.isneginf(bias.max(axis=-1, keepdims=True, initial=-np.inf))  # nothing to look at
    stages.append(np.where(hidden, 0, shares / np.where(total == 0, 1, total)).astype(q.dtype))
    y = stages[_SHARES] @ v
    if flat:
        y = y.swapaxes(1, 2).reshape(len(y), y.shape[2], -1)
    results = y, all_keys, all_values, stages[qk_matmul_output_mode]
    return results[:outputs] if outputs > 1 else y


def _split_heads(x, heads):
    """Return (N, heads, L, d) of tokens (N, L, heads d)."""
    if not heads or x.shape[2] % heads:
        raise ValueError(f"num_heads: expected a divisor of {x.shape[2]}, got {heads}")
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _bias(q, k, mask, lengths, before, window):
    """Return 0 where a query may look at a key, else -infinity; or what the mask adds."""
    queries, keys = q.shape[2], k.shape[2]
    bias = np.zeros((1, 1, queries, keys), q.dtype)
    if mask is not None:
        if mask.dtype == bool:
            mask = np.where(mask, q.dtype.type(0), q.dtype.type(-np.inf))
        short = keys - mask.shape[-1]
        widths = [(0, 0)] * (mask.ndim - 1) + [(0, max(short, 0))]
        bias = bias + np.pad(mask, widths, constant_values=-np.inf)
    places = np.arange(keys)
    away = places - (np.arange(queries)[:, None] + before)  # of a key from its query
    allowed = np.ones(away.shape, bool)
    for bound, distance in zip(window, (-away, away)):
        if bound >= 0:
            allowed &= distance <= bound
    if lengths is not None:
        allowed = allowed & (places < lengths.reshape(-1, 1, 1, 1))
    return bias + np.where(allowed, q.dtype.type(0), q.dtype.type(-np.inf))


def rotary_embedding(
    x, cos, sin, position_ids=None, *, interleaved=0, num_heads=0, rotary_embedding_dim=0
):
    """RotaryEmbedding-23: pairs of features turned by an angle that grows with the position."""
    flat = x.ndim == 3
    heads = _split_heads(x, num_heads) if flat else x
    count = rotary_embedding_dim or heads.shape[3]
    if position_ids is not None:
        cos, sin = (np.take(a, position_ids, 0, mode="clip") for a in (cos, sin))
    cos, sin = (a[:, None, :, : count // 2] for a in (cos, sin))
    turned, rest = heads[..., :count], heads[..., count:]
    halves = slice(0, None, 2), slice(1, None, 2)
    if not interleaved:
        halves = slice(0, count // 2), slice(count // 2, None)
    a, b = (turned[..., half] for half in halves)
    turned = np.empty_like(turned)
    turned[..., halves[0]], turned[..., halves[1]] = a * cos - b * sin, a * sin + b * cos
    y = np.concatenate([turned, rest], -1)
    return y.swapaxes(1, 2).reshape(x.shape) if flat else y


OPS = {"Attention": {23: attention}, "RotaryEmbedding": {23: rotary_embedding}}
