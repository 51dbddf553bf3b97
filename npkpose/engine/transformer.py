"""A transformer block in evaluation, shared out so that the threads meet twice.

Attention is a sum over heads, and the MLP one over hidden numbers:

    attention(z) = sum_h W_o[:, h] attend(W_q[h] z, W_k[h] z, W_v[h] z) + b_o
    mlp(z)       = sum_h W_2[:, h] gelu(W_1[h] z + b_1[h]) + b_2

Each thread takes some heads, or hidden numbers, from the normalised tokens to its part of the
sum. Sharing out every product instead would have the threads meet nine times. Shoeybi et al.,
"Megatron-LM", 2019, arXiv:1909.08053, section 3, share out the same sums between machines.
"""

from functools import partial

from npkpose.engine.threads import num_threads, run_all
from npkpose.engine.tiling import cuts
from npkpose.nn.attention import attend, merge_heads, split_heads


def block_in_shares(block, x):
    """Return tokens (N, L, D) after a `Block` of `npkpose.models.vitpose` that is not training."""
    attention, mlp = block.attention, block.mlp
    d = x.shape[2] // attention.num_heads
    parts = cuts(attention.num_heads, num_threads())
    z = block.layernorm_before(x)
    works = [partial(_heads, attention, z, *part, d) for part in parts]
    x = _add(x, run_all(works), attention.output.dense)
    parts = cuts(mlp.fc1.out_features, num_threads())
    z = block.layernorm_after(x)
    works = [partial(_hidden, mlp, z, *part) for part in parts]
    return _add(x, run_all(works), mlp.fc2)


def _heads(attention, z, first, end, d):
    """What heads first to end, of ``d`` numbers each, add to the tokens."""
    columns = slice(first * d, end * d)
    q, k, v = (
        split_heads(_rows(layer, z, columns), end - first) for layer in attention.projections()
    )
    y, _, _ = attend(q, k, v)
    return merge_heads(y) @ _weight(attention.output.dense, z)[:, columns].T


def _hidden(mlp, z, first, end):
    """What hidden numbers first to end add to the tokens."""
    part = slice(first, end)
    return mlp.gelu(_rows(mlp.fc1, z, part)) @ _weight(mlp.fc2, z)[:, part].T


def _rows(layer, z, part):
    """Return some of a linear layer's outputs."""
    y = z @ _weight(layer, z)[part].T
    y += layer.params["bias"][part]
    return y


def _weight(layer, z):
    return layer.params["weight"].astype(z.dtype, copy=False)


def _add(x, terms, layer):
    for term in terms:
        x = x + term
    x += layer.params["bias"]
    return x
