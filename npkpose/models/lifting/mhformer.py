"""MHFormer: three hypotheses of a sequence's 3-D poses, refined and then merged into one.

    keypoints (F, J, 2): a token for each of the 2 J coordinates, with F features, its frames
      three times   x <- x + encoder(LN(x)), each time a hypothesis x_k        ->  (2 J, F)
      conv 1 (, BN, ReLU, dropout if F <= 27), so that frames are tokens       ->  3 x (F, C)
    L - 1 blocks of self-refinement: each hypothesis by itself, then all together:
      x_k <- x_k + attention(LN(x_k)),   (x_1, x_2, x_3) += mlp(LN(x_1, x_2, x_3))
    one block of cross-interaction: each hypothesis attends where the two others agree:
      x_1 <- x_1 + attention(query x_2, key x_3, value x_1)   then x_2 and x_3, with the new x_k
      (x_1, x_2, x_3) += mlp(LN(x_1, x_2, x_3))
    LN, BN, conv 1                                                             ->  (F, J, 3)

Depth is ambiguous, so there are several hypotheses. They are features: none of them is a pose.
Li et al., "MHFormer: Multi-Hypothesis Transformer for 3D Human Pose Estimation", CVPR 2022,
arXiv:2111.12707: C = 512, L = 3, encoders of 4 blocks with 9 heads. 19,184,517 parameters for 27
frames, 25.2 million for 243. F must be a multiple of the 9 heads.

The input has the coordinates of `to_screen` (`npkpose.models.lifting.videopose3d`). As published,
the loss is of all frames, and inference uses the middle one. The weights have the authors' names
(Vegetebird/MHFormer, MIT). Departure: drop path is as published, but dropout follows the embedding
only.
"""

import numpy as np

from npkpose import nn
from npkpose._check import check_array, check_number
from npkpose.models.backbones import transformer
from npkpose.models.lifting.mhformer_blocks import (
    EPS,
    HYPOTHESES,
    CrossInteraction,
    SelfRefinement,
    refine,
)
from npkpose.models.lifting.videopose3d import to_screen
from npkpose.nn._shapes import check_count, check_counts
from npkpose.skeletons import H36M_17

ENCODER_HEADS = 9
MAX_FRAMES_NORMALISED = 27  # up to so long, the embedding has a BN, a ReLU and dropout
EMBEDDING_DROPOUT = 0.25
ROOT = H36M_17.keypoints.index("mid_hip")  # the joint that poses are relative to
BATCH = 16  # windows that are lifted at once
_FLOATS = (np.float32, np.float64)  # these dtypes are kept; others become float32


class MHFormer(nn.Module):
    """Map 2-D poses (N, F, J, 2) to 3-D poses (N, F, J, 3).

    Parameters
    ----------
    frames, joints : int
        F, a multiple of 9, and J.
    layers : int
        L, at least 1.
    widths : (int, int)
        C, a multiple of 8, and the width of an mlp's hidden layer.
    drop_path : float
        Probability, while training, of skipping a branch of the last block; the first block's is
        0, and it grows linearly between them.
    depth : int
        Blocks of each encoder.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the dropout; default a generator of seed 0.
    """

    def __init__(
        self, frames=27, joints=17, layers=3, widths=(512, 1024), drop_path=0.2, depth=4, *,
        rng=None,
    ):  # fmt: skip
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        self.frames = check_count("frames", frames, 1)
        if frames % ENCODER_HEADS:
            raise ValueError(f"frames: expected a multiple of {ENCODER_HEADS}, got {frames}")
        self.joints, (C, _) = check_count("joints", joints, 1), check_counts("widths", widths, 2)
        check_number("drop_path", drop_path, at_least=0, at_most=1)
        for k in range(1, HYPOTHESES + 1):
            setattr(self, f"norm_{k}", nn.LayerNorm(frames))
            encoder = Encoder(2 * joints, frames, depth, drop_path, rng)
            setattr(self, f"Transformer_encoder_{k}", encoder)
            setattr(self, f"embedding_{k}", _embedding(2 * joints, C, frames, rng))
        self.Transformer_hypothesis = HypothesisTransformer(frames, layers, widths, drop_path, rng)
        last = nn.Conv1d(HYPOTHESES * C, 3 * joints, 1, rng=rng)
        self.regression = nn.Sequential(nn.BatchNorm2d(HYPOTHESES * C), last)

    def forward(self, x):
        """Return the 3-D poses of 2-D poses ``x``; the layers keep what they need."""
        F, J = self.frames, self.joints
        x = check_array("x", x, ("N", F, J, 2), _FLOATS, finite=False)
        x = np.ascontiguousarray(x.reshape(len(x), F, 2 * J).swapaxes(1, 2))  # (N, 2 J, F)
        hypotheses = []
        for norm, encoder, embedding in self._branches():
            x = x + encoder(norm(x))
            hypotheses.append(embedding(x[:, :, None])[:, :, 0].swapaxes(1, 2))  # (N, F, C)
        y = self.Transformer_hypothesis(hypotheses)
        y = self.regression(y.swapaxes(1, 2)[:, :, None])  # (N, 3 J, 1, F)
        return y[:, :, 0].swapaxes(1, 2).reshape(len(x), F, J, 3)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        N, F, J = len(dy), self.frames, self.joints
        dy = np.reshape(dy, (N, F, 3 * J)).swapaxes(1, 2)[:, :, None]
        dy = self.regression.backward(dy)[:, :, 0].swapaxes(1, 2)
        dhypotheses, dx = self.Transformer_hypothesis.backward(dy), 0
        for (norm, encoder, embedding), d in reversed(list(zip(self._branches(), dhypotheses))):
            dx = dx + embedding.backward(d.swapaxes(1, 2)[:, :, None])[:, :, 0]
            dx = dx + norm.backward(encoder.backward(dx))
        return dx.swapaxes(1, 2).reshape(N, F, J, 2)

    def lift(self, keypoints, size):
        """Return the 3-D poses (T, J, 3) of ``keypoints`` (T, J, 2), one pose per frame.

        ``keypoints`` are in pixels of images of ``size`` (width, height). Each frame is the middle
        of a window; the first and last frames are repeated to fill the windows. As published, the
        root's own output is replaced by 0.
        """
        keypoints = check_array("keypoints", keypoints, ("T", self.joints, 2))
        T, F = len(keypoints), self.frames
        x = to_screen(keypoints, size).astype(np.float32)
        windows = np.arange(T)[:, None] + np.arange(F) - F // 2  # (T, F)
        poses = np.empty((T, self.joints, 3), np.float32)
        for start in range(0, T, BATCH):
            batch = windows[start : start + BATCH].clip(0, T - 1)
            poses[start : start + BATCH] = self.forward(x[batch])[:, F // 2]
        poses[:, ROOT] = 0
        return poses

    def _branches(self):
        """Return norm, encoder and embedding of each hypothesis."""
        names = ("norm", "Transformer_encoder", "embedding")
        return [[getattr(self, f"{name}_{k + 1}") for name in names] for k in range(HYPOTHESES)]


class Encoder(nn.Module):
    """A transformer over L tokens of D features; ``params`` holds ``"pos_embed"`` (1, L, D)."""

    def __init__(self, L, D, depth, drop_path, rng):
        super().__init__()
        self.params["pos_embed"] = np.zeros((1, L, D), np.float32)
        depth = check_count("depth", depth)
        self.blocks = [Block(D, rate, rng) for rate in np.linspace(0.0, drop_path, depth)]
        self.norm = nn.LayerNorm(D, EPS)

    def forward(self, x):
        """Return the tokens after every block; the layers keep what they need."""
        x = x + self.params["pos_embed"].astype(x.dtype, copy=False)
        return transformer.run_blocks(self.blocks, self.norm, x)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        dy = self.norm.backward(dy)
        for block in reversed(self.blocks):
            dy = block.backward(dy)
        self.grads["pos_embed"] = dy.sum(axis=0, keepdims=True)
        return dy


class Block(transformer.Block):
    """x + attention(LN(x)), then x + mlp(LN(x)), for tokens (N, L, D)."""

    def __init__(self, D, drop_path, rng):
        nn.Module.__init__(self)
        self.norm1, self.norm2 = nn.LayerNorm(D, EPS), nn.LayerNorm(D, EPS)
        self.attn = nn.MultiHeadAttention(D, ENCODER_HEADS, rng=rng)
        self.mlp = nn.Mlp(D, 2 * D, rng=rng)
        self.drops = [nn.DropPath(drop_path, rng=rng) for _ in range(2)]

    def halves(self):
        """Return the layers of both halves; each half has a skip connection around it."""
        return (self.norm1, self.attn, self.drops[0]), (self.norm2, self.mlp, self.drops[1])


class HypothesisTransformer(nn.Module):
    """Map three hypotheses, a list of arrays (N, F, C), to one array (N, F, 3 C).

    ``params`` holds ``"pos_embed_1"`` to ``"pos_embed_3"`` (1, F, C).
    """

    def __init__(self, F, layers, widths, drop_path, rng):
        super().__init__()
        for k in range(1, HYPOTHESES + 1):
            self.params[f"pos_embed_{k}"] = np.zeros((1, F, widths[0]), np.float32)
        *rates, last = np.linspace(0.0, drop_path, check_count("layers", layers, 1))
        self.SHR_blocks = [SelfRefinement(widths, rate, rng) for rate in rates]
        self.CHI_blocks = [CrossInteraction(widths, last, rng)]
        self.norm = nn.LayerNorm(HYPOTHESES * widths[0], EPS)

    def forward(self, xs):
        """Return the refined hypotheses, concatenated; the layers keep what they need."""
        tables = [self.params[f"pos_embed_{k + 1}"] for k in range(HYPOTHESES)]
        tables = [table.swapaxes(1, 2).copy().swapaxes(1, 2) for table in tables]  # lie like xs
        xs = [x + table.astype(x.dtype, copy=False) for x, table in zip(xs, tables)]
        return refine(self.SHR_blocks + self.CHI_blocks, self.norm, xs)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx of each hypothesis, a list."""
        dxs = np.split(self.norm.backward(dy), HYPOTHESES, axis=2)
        for block in reversed(self.SHR_blocks + self.CHI_blocks):
            dxs = block.backward(dxs)
        for k, dx in enumerate(dxs, 1):
            self.grads[f"pos_embed_{k}"] = dx.sum(axis=0, keepdims=True)
        return dxs


def _embedding(in_channels, C, frames, rng):
    conv = nn.Conv1d(in_channels, C, 1, rng=rng)
    if frames > MAX_FRAMES_NORMALISED:
        return conv
    dropout = nn.Dropout(EMBEDDING_DROPOUT, rng=rng)
    return nn.Sequential(conv, nn.BatchNorm2d(C), nn.ReLU(), dropout)
