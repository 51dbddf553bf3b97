"""Multi-head self-attention: every token takes a weighted mean of what all tokens offer.

    q, k, v = x W_q, x W_k, x W_v           a query, a key and a value per token
    A[h,i,j] = softmax_j(q[h,i] . k[h,j] / sqrt(d))
    y[h,i]   = sum_j A[h,i,j] v[h,j]

The D features of q, k and v are cut into heads h of d = D / heads features, which attend
independently; a last linear map mixes what they bring. Vaswani et al., "Attention Is All You
Need", NIPS 2017, arXiv:1706.03762; as in Dosovitskiy et al., "An Image is Worth 16x16 Words",
ICLR 2021, arXiv:2010.11929: no mask, no dropout, and one matrix for q, k and v.

With dA[h,i,j] = dy[h,i] . v[h,j] and dS its way back through the softmax

    dv[h,j] = sum_i A[h,i,j] dy[h,i]
    dq[h,i] = sum_j dS[h,i,j] k[h,j] / sqrt(d),    dk[h,j] = sum_i dS[h,i,j] q[h,i] / sqrt(d)
"""

import math

import numpy as np

from npkpose import engine
from npkpose._check import check_array, check_flag, check_integer
from npkpose.nn._shapes import FLOATS, check_gradient
from npkpose.nn.faster import faster
from npkpose.nn.linear import Linear
from npkpose.nn.module import Module
from npkpose.nn.softmax import softmax, softmax_backward


class MultiHeadAttention(Module):
    """Map tokens (N, L, D) to tokens (N, L, D), D being ``dim``.

    The children ``qkv`` (D to 3 D: queries, keys, values) and ``proj`` (D to D) are `Linear`.
    ``rng`` draws their weights.
    """

    def __init__(self, dim, num_heads=8, qkv_bias=True, *, rng=None):
        super().__init__()
        self.dim = check_integer("dim", dim, 1)
        self.num_heads = check_heads(num_heads, dim)
        qkv_bias = check_flag("qkv_bias", qkv_bias)
        rng = np.random.default_rng(0) if rng is None else rng
        self.qkv = Linear(dim, 3 * dim, bias=qkv_bias, rng=rng)
        self.proj = Linear(dim, dim, rng=rng)

    def forward(self, x):
        """Return what the heads found; keep q, k, v and A."""
        x = check_array("x", x, ("N", "L", self.dim), FLOATS, finite=False)
        parts = np.split(self.qkv(x), 3, axis=2)
        q, k, v = (split_heads(part, self.num_heads) for part in parts)
        with np.errstate(over="ignore"):  # exp(-infinity) is 0
            y, A = attend(q, k, v, self.training)
        self.save_for_backward(q, k, v, A)
        return self.proj(merge_heads(y))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        q, k, v, A = self.saved()
        N, heads, L, d = q.shape
        dy = check_gradient(dy, (N, L, heads * d), q.dtype)
        dy = split_heads(self.proj.backward(dy), heads)
        dparts = [merge_heads(dpart) for dpart in attend_backward(dy, q, k, v, A)]
        return self.qkv.backward(np.concatenate(dparts, axis=2))

    def maps(self, dtype):
        """Return (weight, bias) of the map to queries, keys and values, and of the last map."""
        return [self.qkv.weight_and_bias(dtype), self.proj.weight_and_bias(dtype)]


@faster(engine.attend)
def attend(q, k, v, with_weights=True):
    """Return y (N, heads, L, d) for q, k, v of that shape, and A (N, heads, L, L) or None."""
    A = softmax(q @ k.swapaxes(2, 3) * q.dtype.type(1 / math.sqrt(q.shape[3])))
    return A @ v, A if with_weights else None


def attend_backward(dy, q, k, v, A):
    """Return dq, dk, dv, each (N, heads, L, d)."""
    dS = softmax_backward(dy @ v.swapaxes(2, 3), A)
    dS *= dS.dtype.type(1 / math.sqrt(q.shape[3]))
    return dS @ k, dS.swapaxes(2, 3) @ q, A.swapaxes(2, 3) @ dy


def split_heads(x, num_heads):
    """Return tokens (N, L, D) as a view (N, heads, L, D / heads)."""
    N, L, D = x.shape
    return x.reshape(N, L, num_heads, D // num_heads).swapaxes(1, 2)


def merge_heads(x):
    """Return heads (N, heads, L, d) as tokens (N, L, heads d)."""
    N, heads, L, d = x.shape
    return x.swapaxes(1, 2).reshape(N, L, heads * d)


def check_heads(num_heads, dim):
    """Return ``num_heads`` as an int that divides ``dim``, or raise ValueError."""
    if dim % check_integer("num_heads", num_heads, 1):
        raise ValueError(f"num_heads: expected a divisor of {dim}, got {num_heads}")
    return int(num_heads)
