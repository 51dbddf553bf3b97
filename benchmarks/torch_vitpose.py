"""ViTPose in plain PyTorch, under Hugging Face's names: what `benchmarks.vitpose` races.

Written from the paper, as short as PyTorch allows; evaluation mode and 256 x 192 only.
"""

from torch import nn, randn
from torch.nn.functional import scaled_dot_product_attention

SIZES = {"S": (384, 12, 12), "B": (768, 12, 12)}


class ViTPose(nn.Module):
    def __init__(self, size, decoder):
        super().__init__()
        D, blocks, heads = SIZES[size]
        self.backbone = nn.Module()
        self.backbone.embeddings = Embeddings(D)
        self.backbone.encoder = nn.Module()
        self.backbone.encoder.layer = nn.ModuleList(Block(D, heads) for _ in range(blocks))
        self.backbone.layernorm = nn.LayerNorm(D, 1e-6)
        self.head = Classic(D) if decoder == "classic" else Simple(D)

    def forward(self, x):
        x = self.backbone.embeddings(x)
        for block in self.backbone.encoder.layer:
            x = block(x)
        x = self.backbone.layernorm(x)
        return self.head(x.transpose(-2, -1).reshape(len(x), -1, 16, 12))


class Embeddings(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.position_embeddings = nn.Parameter(randn(1, 193, D))
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(3, D, 16, 16, 2)

    def forward(self, x):
        x = self.patch_embeddings.projection(x).flatten(2).transpose(-2, -1)
        return x + self.position_embeddings[:, 1:] + self.position_embeddings[:, :1]


class Block(nn.Module):
    def __init__(self, D, heads):
        super().__init__()
        self.layernorm_before, self.layernorm_after = nn.LayerNorm(D, 1e-6), nn.LayerNorm(D, 1e-6)
        self.attention = Attention(D, heads)
        self.mlp = nn.Module()
        self.mlp.fc1, self.gelu, self.mlp.fc2 = nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D)

    def forward(self, x):
        x = x + self.attention(self.layernorm_before(x))
        return x + self.mlp.fc2(self.gelu(self.mlp.fc1(self.layernorm_after(x))))


class Attention(nn.Module):
    def __init__(self, D, heads):
        super().__init__()
        self.heads = heads
        self.attention, self.output = nn.Module(), nn.Module()
        self.attention.query, self.attention.key = nn.Linear(D, D), nn.Linear(D, D)
        self.attention.value, self.output.dense = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x):
        layers = self.attention.query, self.attention.key, self.attention.value
        q, k, v = (f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in layers)
        y = scaled_dot_product_attention(q, k, v)
        return self.output.dense(y.transpose(1, 2).flatten(2))


class Simple(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.enlarge = nn.Sequential(nn.ReLU(), nn.Upsample(scale_factor=4, mode="bilinear"))
        self.conv = nn.Conv2d(D, 17, 3, 1, 1)

    def forward(self, x):
        return self.conv(self.enlarge(x))


class Classic(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.deconv1 = nn.ConvTranspose2d(D, 256, 4, 2, 1, bias=False)
        self.deconv2 = nn.ConvTranspose2d(256, 256, 4, 2, 1, bias=False)
        self.batchnorm1, self.batchnorm2 = nn.BatchNorm2d(256), nn.BatchNorm2d(256)
        self.conv = nn.Conv2d(256, 17, 1)

    def forward(self, x):
        x = self.batchnorm1(self.deconv1(x)).relu()
        return self.conv(self.batchnorm2(self.deconv2(x)).relu())
