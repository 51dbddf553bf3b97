"""VideoPose3D and MHFormer in plain PyTorch, with their authors' names, for `benchmarks.space`.

Written from the papers, as short as PyTorch allows; evaluation mode only.
"""

import math

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

HYPOTHESES = (1, 2, 3)


class VideoPose3D(nn.Module):
    def __init__(self, widths, C=1024, joints=17):
        super().__init__()
        self.widths, self.joints = widths, joints
        self.expand_conv = nn.Conv1d(2 * joints, C, widths[0], bias=False)
        self.expand_bn = nn.BatchNorm1d(C)
        self.layers_conv, self.layers_bn = nn.ModuleList(), nn.ModuleList()
        for i, f in enumerate(widths[1:], 1):
            d = math.prod(widths[:i])
            self.layers_conv += [nn.Conv1d(C, C, f, dilation=d, bias=False)]
            self.layers_conv += [nn.Conv1d(C, C, 1, bias=False)]
            self.layers_bn += [nn.BatchNorm1d(C), nn.BatchNorm1d(C)]
        self.shrink = nn.Conv1d(C, 3 * joints, 1)

    def forward(self, x):
        x = x.flatten(2).transpose(-2, -1)
        x = self.expand_bn(self.expand_conv(x)).relu()
        for i, (f, wide, narrow) in enumerate(
            zip(self.widths[1:], self.layers_conv[::2], self.layers_conv[1::2])
        ):
            y = self.layers_bn[2 * i](wide(x)).relu()
            y = self.layers_bn[2 * i + 1](narrow(y)).relu()
            cut = (x.shape[2] - y.shape[2]) // 2
            x = x[:, :, cut : x.shape[2] - cut] + y
        return self.shrink(x).transpose(-2, -1).unflatten(2, (self.joints, 3))


class MHFormer(nn.Module):
    def __init__(self, F, C=512, inner=1024, layers=3, joints=17):
        super().__init__()
        self.joints = joints
        for k in HYPOTHESES:
            setattr(self, f"norm_{k}", nn.LayerNorm(F))
            setattr(self, f"Transformer_encoder_{k}", Encoder(2 * joints, F))
            setattr(self, f"embedding_{k}", embedding(2 * joints, C, F))
        self.Transformer_hypothesis = Hypotheses(F, C, inner, layers)
        self.regression = nn.Sequential(nn.BatchNorm1d(3 * C), nn.Conv1d(3 * C, 3 * joints, 1))

    def forward(self, x):
        x, hypotheses = x.flatten(2).transpose(-2, -1), []
        for k in HYPOTHESES:
            x = x + getattr(self, f"Transformer_encoder_{k}")(getattr(self, f"norm_{k}")(x))
            hypotheses.append(getattr(self, f"embedding_{k}")(x).transpose(-2, -1))
        x = self.Transformer_hypothesis(hypotheses)
        return self.regression(x.transpose(-2, -1)).transpose(-2, -1).unflatten(2, (self.joints, 3))


def embedding(in_channels, C, F):
    conv = nn.Conv1d(in_channels, C, 1)
    return conv if F > 27 else nn.Sequential(conv, nn.BatchNorm1d(C), nn.ReLU())


class Encoder(nn.Module):
    def __init__(self, L, D):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, L, D))
        self.blocks = nn.Sequential(*(Block(D) for _ in range(4)))
        self.norm = nn.LayerNorm(D, 1e-6)

    def forward(self, x):
        return self.norm(self.blocks(x + self.pos_embed))


class Block(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D, 1e-6), nn.LayerNorm(D, 1e-6)
        self.attn, self.mlp = Attention(D, 9), Mlp(D, 2 * D)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Mlp(nn.Module):
    def __init__(self, D, inner):
        super().__init__()
        self.fc1, self.gelu, self.fc2 = nn.Linear(D, inner), nn.GELU(), nn.Linear(inner, D)

    def forward(self, x):
        return self.fc2(self.gelu(self.fc1(x)))


class Attention(nn.Module):
    def __init__(self, D, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(self, x):
        return self.proj(attend(self.qkv(x).chunk(3, dim=2), self.heads))


class CrossAttention(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.linear_q, self.linear_k = nn.Linear(D, D), nn.Linear(D, D)
        self.linear_v, self.proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, q, k, v):
        return self.proj(attend((self.linear_q(q), self.linear_k(k), self.linear_v(v)), 8))


def attend(parts, heads):
    q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in parts)
    return scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class Hypotheses(nn.Module):
    def __init__(self, F, C, inner, layers):
        super().__init__()
        for k in HYPOTHESES:
            setattr(self, f"pos_embed_{k}", nn.Parameter(torch.zeros(1, F, C)))
        self.SHR_blocks = nn.ModuleList(SelfRefinement(C, inner) for _ in range(layers - 1))
        self.CHI_blocks = nn.ModuleList([CrossInteraction(C, inner)])
        self.norm = nn.LayerNorm(3 * C, 1e-6)

    def forward(self, xs):
        xs = [x + getattr(self, f"pos_embed_{k}") for k, x in zip(HYPOTHESES, xs)]
        for block in [*self.SHR_blocks, *self.CHI_blocks]:
            xs = block(xs)
        return self.norm(torch.cat(xs, dim=2))


class SelfRefinement(nn.Module):
    def __init__(self, C, inner):
        super().__init__()
        for k in HYPOTHESES:
            setattr(self, f"norm1_{k}", nn.LayerNorm(C, 1e-6))
            setattr(self, f"attn_{k}", Attention(C, 8))
        self.norm2, self.mlp = nn.LayerNorm(3 * C, 1e-6), Mlp(3 * C, inner)

    def forward(self, xs):
        xs = [
            x + getattr(self, f"attn_{k}")(getattr(self, f"norm1_{k}")(x))
            for k, x in zip(HYPOTHESES, xs)
        ]
        x = torch.cat(xs, dim=2)
        return (x + self.mlp(self.norm2(x))).chunk(3, dim=2)


class CrossInteraction(nn.Module):
    def __init__(self, C, inner):
        super().__init__()
        for k in HYPOTHESES:
            for role in (1, 2, 3):
                setattr(self, f"norm3_{k}{role}", nn.LayerNorm(C, 1e-6))
            setattr(self, f"attn_{k}", CrossAttention(C))
        self.norm2, self.mlp = nn.LayerNorm(3 * C, 1e-6), Mlp(3 * C, inner)

    def forward(self, xs):
        xs = list(xs)
        for k, roles in zip(HYPOTHESES, ((1, 2, 0), (0, 2, 1), (0, 1, 2))):
            inputs = [getattr(self, f"norm3_{k}{n + 1}")(xs[i]) for n, i in enumerate(roles)]
            xs[k - 1] = xs[k - 1] + getattr(self, f"attn_{k}")(*inputs)
        x = torch.cat(xs, dim=2)
        return (x + self.mlp(self.norm2(x))).chunk(3, dim=2)
