"""MHFormer's two kinds of block: self-refinement and cross-interaction of three hypotheses.

Both take and give a list of three hypotheses (N, F, C), whose tokens are the frames, and end with
one mlp over all hypotheses. `npkpose.models.lifting.mhformer` has the formulas and their source.
"""

import numpy as np

from npkpose import engine, nn
from npkpose.models.backbones.transformer import attention_step, mlp_step, run_tokens
from npkpose.nn.attention import attend, attend_backward, check_heads, merge_heads, split_heads
from npkpose.nn.faster import faster

HYPOTHESES, HEADS = 3, 8
EPS = 1e-6  # of every LayerNorm but the network's first three


def _refine_fast(blocks, norm, xs):
    """Return what `refine` does; in evaluation, with the tokens side by side."""
    if norm.training or xs[0].dtype != np.float32:
        return refine.plain(blocks, norm, xs)
    N, F, C = xs[0].shape
    steps = [step for block in blocks for step in block.steps()]
    with engine.kept_tokens(norm, (HYPOTHESES * C, N, F), steps) as tokens:
        np.concatenate([x.transpose(2, 0, 1) for x in xs], out=tokens.x)
        return run_tokens(tokens, norm)


@faster(_refine_fast)
def refine(blocks, norm, xs):
    """Return the hypotheses after all blocks, concatenated and normalised: (N, F, 3 C)."""
    for block in blocks:
        xs = block(xs)
    return norm(np.concatenate(xs, axis=2))


class Mixing(nn.Module):
    """The second half of both blocks: one mlp over all hypotheses, concatenated."""

    def __init__(self, widths, drop_path, rng):
        super().__init__()
        wide = HYPOTHESES * widths[0]
        self.norm2, self.mlp = nn.LayerNorm(wide, EPS), nn.Mlp(wide, widths[1], rng=rng)
        self.drops = [nn.DropPath(drop_path, rng=rng) for _ in range(HYPOTHESES + 1)]

    def mix(self, xs):
        """Return the hypotheses after the mlp and its skip connection."""
        x = np.concatenate(xs, axis=2)
        return np.split(x + self.drops[-1](self.mlp(self.norm2(x))), HYPOTHESES, axis=2)

    def steps(self):
        """Return the steps of the fast engine, on features (3 C, N, F)."""
        return [*self.attention_steps(), mlp_step(self.norm2, self.mlp)]

    def parts(self):
        """Return which features are each hypothesis."""
        C = self.norm2.normalized_shape[0] // HYPOTHESES
        return [slice(k * C, (k + 1) * C) for k in range(HYPOTHESES)]

    def mix_backward(self, dys):
        """Given dL/dy of each hypothesis, return dL/dx of each."""
        dy = np.concatenate(dys, axis=2)
        dx = dy + self.norm2.backward(self.mlp.backward(self.drops[-1].backward(dy)))
        return np.split(dx, HYPOTHESES, axis=2)


class SelfRefinement(Mixing):
    """Self-attention within each hypothesis; then mixing."""

    def __init__(self, widths, drop_path, rng):
        super().__init__(widths, drop_path, rng)
        for k in range(1, HYPOTHESES + 1):
            setattr(self, f"norm1_{k}", nn.LayerNorm(widths[0], EPS))
            setattr(self, f"attn_{k}", nn.MultiHeadAttention(widths[0], HEADS, rng=rng))

    def forward(self, xs):
        """Return the refined hypotheses; the layers keep what they need."""
        layers = zip(xs, self._layers())
        return self.mix([x + drop(attn(norm(x))) for x, (norm, attn, drop) in layers])

    def backward(self, dys):
        """Given dL/dy of each hypothesis, fill all ``grads`` and return dL/dx of each."""
        dys = self.mix_backward(dys)
        return [
            dy + norm.backward(attn.backward(drop.backward(dy)))
            for dy, (norm, attn, drop) in zip(dys, self._layers())
        ]

    def attention_steps(self):
        """Yield the step of each hypothesis."""
        for part, (norm, attention, _) in zip(self.parts(), self._layers()):
            yield attention_step(part, [(part, norm)], attention)

    def _layers(self):
        """Return norm, attention and drop path of each hypothesis."""
        return [
            (getattr(self, f"norm1_{k + 1}"), getattr(self, f"attn_{k + 1}"), self.drops[k])
            for k in range(HYPOTHESES)
        ]


class CrossInteraction(Mixing):
    """Attention in which two hypotheses are query and key, and the third the value; then mixing."""

    ROLES = ((1, 2, 0), (0, 2, 1), (0, 1, 2))  # which are query, key and value of each

    def __init__(self, widths, drop_path, rng):
        super().__init__(widths, drop_path, rng)
        for k in range(1, HYPOTHESES + 1):
            for role in range(1, 4):
                setattr(self, f"norm3_{k}{role}", nn.LayerNorm(widths[0], EPS))
            setattr(self, f"attn_{k}", CrossAttention(widths[0], rng))

    def forward(self, xs):
        """Return the new hypotheses, one after the other; the layers keep what they need."""
        xs = list(xs)
        for k, roles in enumerate(self.ROLES):
            inputs = [norm(xs[i]) for norm, i in zip(self._norms(k), roles)]
            xs[k] = xs[k] + self.drops[k](self._attention(k)(inputs))
        return self.mix(xs)

    def backward(self, dys):
        """Given dL/dy of each hypothesis, fill all ``grads`` and return dL/dx of each."""
        dxs = self.mix_backward(dys)
        for k, roles in reversed(list(enumerate(self.ROLES))):
            dinputs = self._attention(k).backward(self.drops[k].backward(dxs[k]))
            for norm, i, dinput in zip(self._norms(k), roles, dinputs):
                dxs[i] = dxs[i] + norm.backward(dinput)
        return dxs

    def attention_steps(self):
        """Yield the step of each hypothesis."""
        parts = self.parts()
        for k, roles in enumerate(self.ROLES):
            inputs = [(parts[i], norm) for norm, i in zip(self._norms(k), roles)]
            yield attention_step(parts[k], inputs, self._attention(k))

    def _norms(self, k):
        return [getattr(self, f"norm3_{k + 1}{role}") for role in range(1, 4)]

    def _attention(self, k):
        return getattr(self, f"attn_{k + 1}")


class CrossAttention(nn.Module):
    """Attention with queries, keys and values from three arrays (N, L, D); see `nn.attention`."""

    def __init__(self, D, rng):
        super().__init__()
        self.num_heads = check_heads(HEADS, D)
        self.linear_q, self.linear_k = nn.Linear(D, D, rng=rng), nn.Linear(D, D, rng=rng)
        self.linear_v, self.proj = nn.Linear(D, D, rng=rng), nn.Linear(D, D, rng=rng)

    def forward(self, inputs):
        """Return the output of the heads, mixed; keep what `attend_backward` takes."""
        maps = (self.linear_q, self.linear_k, self.linear_v)
        q, k, v = (split_heads(layer(x), self.num_heads) for layer, x in zip(maps, inputs))
        y, A = attend(q, k, v, self.training)
        self.save_for_backward(q, k, v, A)
        return self.proj(merge_heads(y))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx of the three inputs."""
        dy = split_heads(self.proj.backward(dy), self.num_heads)
        dparts = [merge_heads(dpart) for dpart in attend_backward(dy, *self.saved())]
        maps = (self.linear_q, self.linear_k, self.linear_v)
        return [layer.backward(dpart) for layer, dpart in zip(maps, dparts)]

    def maps(self, dtype):
        """Return (weight, bias) of the maps to queries, keys and values, and of the last map."""
        layers = (self.linear_q, self.linear_k, self.linear_v, self.proj)
        return [layer.weight_and_bias(dtype) for layer in layers]
