"""Vision transformer: an image as a sequence of patches, and blocks in which patches attend.

    image (3, H, W)
      patches of 16 x 16, each a linear map to D features, plus its position  ->  H/16 W/16 tokens
      blocks:   x + attention(LN(x)),  then  x + mlp(LN(x))
      LN, and the tokens as a map again                           ->  (D, H/16, W/16)

The mlp widens to 4 D, GELU, and back. Dosovitskiy et al., "An Image is Worth 16x16 Words:
Transformers for Image Recognition at Scale", ICLR 2021, arXiv:2010.11929, as ViTPose uses it. The
weights have the names of Hugging Face's transformers.

Departures, ViTPose's: a patch sees 2 pixels of padding, no token stands for the class, and the row
of the position table that was for it is added to every token.
"""

import numpy as np

from npkpose import engine, nn
from npkpose.nn.attention import attend, attend_backward, check_heads, merge_heads, split_heads
from npkpose.nn.faster import faster

PATCH, PADDING = 16, 2
EPS = 1e-6  # of every LayerNorm
INITIAL_STD = 0.02  # of every linear map and position


class VisionTransformer(nn.Module):
    """Map images (N, 3, H, W) to features (N, D, H/16, W/16)."""

    def __init__(self, D, blocks, heads, image_size, drop_path, rng):
        super().__init__()
        self.embeddings = Embeddings(D, image_size, rng)
        self.encoder = nn.Module()
        rates = np.linspace(0.0, drop_path, blocks)
        self.encoder.layer = [Block(D, heads, rate, rng) for rate in rates]
        self.layernorm = nn.LayerNorm(D, EPS)
        for name, weight in self.named_parameters():
            if name.endswith(".weight") and weight.ndim == 2:
                weight[...] = INITIAL_STD * rng.standard_normal(weight.shape, np.float32)

    def forward(self, x):
        """Return the features of ``x``; keep their size."""
        x, size = self.embeddings(x)
        x = run_blocks(self.encoder.layer, self.layernorm, x)  # (N, L, D)
        self.save_for_backward(size)
        return x.swapaxes(1, 2).reshape(len(x), x.shape[2], *size)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        (size,) = self.saved()
        D = self.layernorm.normalized_shape[0]
        dx = np.asarray(dy).reshape(len(dy), D, size[0] * size[1]).swapaxes(1, 2)  # (N, L, D)
        dx = self.layernorm.backward(dx)
        for block in reversed(self.encoder.layer):
            dx = block.backward(dx)
        return self.embeddings.backward(dx)


class Embeddings(nn.Module):
    """Map images to tokens (N, L, D): a linear map of each patch plus its position's features.

    ``params`` holds ``"position_embeddings"`` (1, 1 + L, D): a row that is added to all tokens,
    and a row for each patch of an image of ``image_size``.
    """

    def __init__(self, D, image_size, rng):
        super().__init__()
        self.table_size = tuple(side // PATCH for side in image_size)
        rows = 1 + self.table_size[0] * self.table_size[1]
        table = INITIAL_STD * rng.standard_normal((1, rows, D), np.float32)
        self.params["position_embeddings"] = table
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(3, D, PATCH, PATCH, PADDING, rng=rng)

    def forward(self, x):
        """Return the tokens, and their (rows, columns); keep these and the resize layer."""
        x = self.patch_embeddings.projection(x)  # (N, D, h, w)
        N, D, h, w = x.shape
        resize = nn.Upsample((h, w), mode="bicubic")
        table = self.params["position_embeddings"].astype(x.dtype, copy=False)
        grid = table[:, 1:].swapaxes(1, 2).reshape(1, D, *self.table_size)
        same_size = (h, w) == self.table_size and not self.training
        x += (grid if same_size else resize(grid)) + table[0, 0][:, None, None]
        self.save_for_backward(resize, (h, w))
        return np.ascontiguousarray(x.reshape(N, D, h * w).swapaxes(1, 2)), (h, w)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        resize, (h, w) = self.saved()
        N, _, D = dy.shape
        dmaps = dy.swapaxes(1, 2).reshape(N, D, h, w)
        dshared = dy.sum(axis=(0, 1))[None, None]  # (1, 1, D)
        drows = resize.backward(dmaps.sum(axis=0, keepdims=True))  # (1, D, *table_size)
        drows = drows.reshape(1, D, drows.shape[2] * drows.shape[3]).swapaxes(1, 2)
        self.grads["position_embeddings"] = np.concatenate([dshared, drows], axis=1)
        return self.patch_embeddings.projection.backward(dmaps)


class Block(nn.Module):
    """x + attention(LN(x)), then x + mlp(LN(x)), for tokens (N, L, D)."""

    def __init__(self, D, heads, drop_path, rng):
        super().__init__()
        self.layernorm_before = nn.LayerNorm(D, EPS)
        self.attention = Attention(D, heads, rng)
        self.layernorm_after = nn.LayerNorm(D, EPS)
        self.mlp = nn.Mlp(D, 4 * D, rng=rng)
        self.drop_paths = [nn.DropPath(drop_path, rng=rng) for _ in range(2)]

    def halves(self):
        """Return the layers of both halves; each half has a skip connection around it."""
        return (
            (self.layernorm_before, self.attention, self.drop_paths[0]),
            (self.layernorm_after, self.mlp, self.drop_paths[1]),
        )

    def forward(self, x):
        """Return the tokens after both halves; the layers keep what they need."""
        for layers in self.halves():
            y = x
            for layer in layers:
                y = layer(y)
            x = x + y
        return x

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        for layers in reversed(self.halves()):
            dx = dy
            for layer in reversed(layers):
                dx = layer.backward(dx)
            dy = dy + dx
        return dy


def _run_blocks_fast(blocks, norm, x):
    """Return what `run_blocks` does; in evaluation, with the tokens side by side."""
    if x.dtype != np.float32 or norm.training:
        return run_blocks.plain(blocks, norm, x)
    N, L, D = x.shape
    steps = [step for block in blocks for step in _steps(block)]
    with engine.kept_tokens(norm, (D, N, L), steps) as tokens:
        tokens.x[...] = x.transpose(2, 0, 1)
        return run_tokens(tokens, norm)


def run_tokens(tokens, norm):
    """Return the tokens (N, L, D) after the steps of a program and a last normalisation."""
    tokens.run()
    return engine.normalise_tokens(tokens.x, *_numbers(norm)).transpose(1, 2, 0)


def _steps(block):
    """Return the steps of a block over all features."""
    (norm, attention, _), (norm_2, mlp, _) = block.halves()
    everything = slice(None)
    return attention_step(everything, [(everything, norm)], attention), mlp_step(norm_2, mlp)


def attention_step(features, inputs, attention):
    """Return the step that adds attention to ``features``; see `npkpose.engine.Tokens`."""
    *projections, output = attention.maps(np.float32)
    inputs = [(part, _numbers(norm)) for part, norm in inputs]
    return engine.Tokens.add_attention, features, inputs, projections, output, attention.num_heads


def mlp_step(norm, mlp):
    """Return the step that adds an mlp of all features."""
    maps = (layer.weight_and_bias(np.float32) for layer in (mlp.fc1, mlp.fc2))
    return engine.Tokens.add_mlp, _numbers(norm), *maps


def _numbers(norm):
    return *norm.weight_and_bias(np.float32), norm.eps


@faster(_run_blocks_fast)
def run_blocks(blocks, norm, x):
    """Return tokens (N, L, D) after all blocks, normalised."""
    for block in blocks:
        x = block(x)
    return norm(x)


class Attention(nn.Module):
    """Multi-head self-attention, its matrices under Hugging Face's names; see `nn.attention`."""

    def __init__(self, D, heads, rng):
        super().__init__()
        self.num_heads = check_heads(heads, D)
        self.attention, self.output = nn.Module(), nn.Module()
        self.attention.query = nn.Linear(D, D, rng=rng)
        self.attention.key = nn.Linear(D, D, rng=rng)
        self.attention.value = nn.Linear(D, D, rng=rng)
        self.output.dense = nn.Linear(D, D, rng=rng)

    def projections(self):
        """Return the maps to queries, keys and values."""
        return self.attention.query, self.attention.key, self.attention.value

    def maps(self, dtype):
        """Return (weight, bias) of the maps to queries, keys and values, and of the last map."""
        return [m.weight_and_bias(dtype) for m in (*self.projections(), self.output.dense)]

    def forward(self, x):
        """Return the output of the heads, mixed; keep what `attend_backward` takes."""
        q, k, v = (split_heads(layer(x), self.num_heads) for layer in self.projections())
        y, A = attend(q, k, v, self.training)
        self.save_for_backward(q, k, v, A)
        return self.output.dense(merge_heads(y))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dy = split_heads(self.output.dense.backward(dy), self.num_heads)
        dparts = attend_backward(dy, *self.saved())
        return sum(
            layer.backward(merge_heads(dpart)) for layer, dpart in zip(self.projections(), dparts)
        )
