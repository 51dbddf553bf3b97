"""ViTPose: keypoint heatmaps from a plain vision transformer.

    image (3, H, W)
      patches of 16 x 16, each a linear map to D features, plus its position  ->  H/16 W/16 tokens
      12 blocks (24 in L, 32 in H):   x + attention(LN(x)),  then  x + mlp(LN(x))
      LN, and the tokens as a map again                           ->  (D, H/16, W/16)
    decoder "classic"
      2 x (transposed convolution 4x4 of stride 2, BN, ReLU)      ->  (256, H/4, W/4)
      1x1 convolution                                             ->  (K, H/4, W/4)
    decoder "simple"
      ReLU, bilinear x 4, 3x3 convolution                         ->  (K, H/4, W/4)

The mlp widens to 4 D, GELU, and back. Xu et al., "ViTPose: Simple Vision Transformer Baselines
for Human Pose Estimation", NeurIPS 2022, arXiv:2204.12484. At 256 x 192:

    size, decoder      D   blocks   heads    parameters     multiply-adds
    S, simple        384       12      12    21,722,513     4.3 G + 0.3 G of attention
    S, classic                               24,290,577     5.3 G
    B, simple        768       12      12    85,912,337    16.8 G + 0.7 G
    B, classic                               89,994,513    17.8 G
    L, classic      1024       24      16   308,544,785    59.8 G + 1.8 G
    H, classic      1280       32      16   637,208,849   122.8 G + 3.0 G

The names of the weights are those of Hugging Face's transformers; `weights.names` reads the
authors' (ViTAE-Transformer/ViTPose, Apache-2.0) and mmpose's. As there: a patch sees 2 pixels of
padding, and the position table has a row too many, which is added to every token.
"""

import numpy as np

from npkpose import nn
from npkpose._check import check_choice, check_integer, check_number, check_size
from npkpose.engine.transformer import block_in_shares
from npkpose.grid import Grid
from npkpose.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, check_multiples, to_input
from npkpose.nn.attention import attend, attend_backward, check_heads, merge_heads, split_heads
from npkpose.skeletons import COCO_17
from npkpose.weights.names import rename_vitpose

SIZES = {"S": (384, 12, 12), "B": (768, 12, 12), "L": (1024, 24, 16), "H": (1280, 32, 16)}
DECODERS = ("classic", "simple")
PATCH, PADDING = 16, 2
DECODER_CHANNELS = 256
EPS = 1e-6  # of every LayerNorm
INITIAL_STD = 0.02  # of every linear map and position: Dosovitskiy et al., arXiv:2010.11929


class ViTPose(nn.Module):
    """Map images (N, 3, H, W), H and W multiples of 16, to heatmaps (N, K, H/4, W/4).

    Parameters
    ----------
    size : "S", "B", "L" or "H", or (D, blocks, heads)
    decoder : "classic" or "simple"
    num_keypoints : int
        K.
    image_size : (H, W)
        Of the position table. Images of other sizes find their positions in it by bicubic
        interpolation.
    drop_path : float
        Probability, while training, of leaving out the last block's halves; earlier blocks'
        fall linearly to 0. The authors train S with 0.1, B with 0.3.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the halves left out; default a generator of seed 0.
    """

    skeleton = COCO_17
    stride = 4
    grid = Grid(stride, "corner")  # UDP
    refine = "dark_udp"
    size_multiple = PATCH

    def __init__(
        self, size="B", decoder="classic", num_keypoints=17, *, image_size=(256, 192),
        drop_path=0.0, rng=None,
    ):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        check_choice("decoder", decoder, DECODERS)
        check_integer("num_keypoints", num_keypoints, 1)
        self.input_size = check_size("image_size", image_size)
        check_multiples("image_size", self.input_size, PATCH)
        D, blocks, heads = _check_sizes(size)
        if check_number("drop_path", drop_path, at_least=0.0) > 1:
            raise ValueError(f"drop_path: expected at most 1, got {drop_path}")
        self.backbone = Backbone(D, blocks, heads, self.input_size, drop_path, rng)
        head = ClassicDecoder if decoder == "classic" else SimpleDecoder
        self.head = head(D, num_keypoints, rng)

    def preprocess(self, image):
        """Return pictures (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, PATCH, IMAGENET_MEAN, IMAGENET_STD)

    def rename_keys(self, state):
        """Return weights of Hugging Face's, the authors' or mmpose's names under ours."""
        return rename_vitpose(super().rename_keys(state))

    def forward(self, x):
        """Return the heatmaps of ``x``; the layers keep what they need."""
        check_multiples("x", np.shape(x)[2:], PATCH)
        return self.head(self.backbone(x))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.backbone.backward(self.head.backward(dy))


class Backbone(nn.Module):
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
        for block in self.encoder.layer:
            x = block(x)
        x = self.layernorm(x)  # (N, L, D)
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
    """Map images to tokens (N, L, D) that know what they show and where they are.

    ``params`` holds ``"position_embeddings"`` (1, 1 + L, D): what all tokens share, and a row
    for each patch of an image of the stated size.
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
        """Return the tokens, and the (rows, columns) they stand in; keep the interpolation."""
        x = self.patch_embeddings.projection(x)  # (N, D, h, w)
        N, D, h, w = x.shape
        resize = nn.Upsample((h, w), mode="bicubic")
        table = self.params["position_embeddings"].astype(x.dtype, copy=False)
        grid = table[:, 1:].swapaxes(1, 2).reshape(1, D, *self.table_size)
        x += resize(grid) + table[0, 0][:, None, None]
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
        self.mlp = Mlp(D, 4 * D, rng)
        self.drop_paths = [nn.DropPath(drop_path, rng=rng) for _ in range(2)]

    def halves(self):
        """Return the layers beside each of the two skip connections."""
        return (
            (self.layernorm_before, self.attention, self.drop_paths[0]),
            (self.layernorm_after, self.mlp, self.drop_paths[1]),
        )

    def forward(self, x):
        """Return the tokens after both halves; the layers keep what they need."""
        if not self.training:
            return block_in_shares(self, x)
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

    def forward(self, x):
        """Return what the heads found; keep what `attend_backward` takes."""
        q, k, v = (split_heads(layer(x), self.num_heads) for layer in self.projections())
        y, E, total = attend(q, k, v)
        self.save_for_backward(q, k, v, E, total)
        return self.output.dense(merge_heads(y))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dy = split_heads(self.output.dense.backward(dy), self.num_heads)
        dparts = attend_backward(dy, *self.saved())
        return sum(
            layer.backward(merge_heads(dpart)) for layer, dpart in zip(self.projections(), dparts)
        )


class Mlp(nn.Module):
    """Two linear maps with GELU between, for each token alone."""

    def __init__(self, D, hidden, rng):
        super().__init__()
        self.fc1 = nn.Linear(D, hidden, rng=rng)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(hidden, D, rng=rng)

    def forward(self, x):
        """Return the map of each token; the layers keep what they need."""
        return self.fc2(self.gelu(self.fc1(x)))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.fc1.backward(self.gelu.backward(self.fc2.backward(dy)))


class Decoder(nn.Module):
    """Map features (N, D, h, w) to heatmaps (N, K, 4h, 4w); `path` is its layers."""

    def path(self):
        """Return the layers, first to last."""
        raise NotImplementedError(f"{type(self).__name__}.path is not written")

    def forward(self, x):
        """Return the heatmaps; the layers keep what they need."""
        for layer in self.path():
            x = layer(x)
        return x

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        for layer in reversed(self.path()):
            dy = layer.backward(dy)
        return dy


class ClassicDecoder(Decoder):
    """Two transposed convolutions, normalised and rectified, and a 1x1 convolution."""

    def __init__(self, D, num_keypoints, rng):
        super().__init__()
        C = DECODER_CHANNELS
        self.deconv1 = nn.ConvTranspose2d(D, C, 4, 2, 1, bias=False, rng=rng)
        self.batchnorm1, self.relu1 = nn.BatchNorm2d(C), nn.ReLU()
        self.deconv2 = nn.ConvTranspose2d(C, C, 4, 2, 1, bias=False, rng=rng)
        self.batchnorm2, self.relu2 = nn.BatchNorm2d(C), nn.ReLU()
        self.conv = nn.Conv2d(C, num_keypoints, 1, rng=rng)
        self.conv.params["weight"] *= 0.1  # heatmaps are mostly zero: start near there

    def path(self):
        """Return the layers, first to last."""
        first = self.deconv1, self.batchnorm1, self.relu1
        return *first, self.deconv2, self.batchnorm2, self.relu2, self.conv


class SimpleDecoder(Decoder):
    """ReLU, bilinear enlargement and one 3x3 convolution.

    Enlarging mixes pixels, and a tap of the convolution mixes channels: the two commute. So in
    evaluation the nine taps come first, at a sixteenth of the pixels, and each tap's K maps are
    enlarged and added up at its place.
    """

    def __init__(self, D, num_keypoints, rng):
        super().__init__()
        self.activation = nn.ReLU()
        self.upsampling = nn.Upsample(scale_factor=4, mode="bilinear")
        self.conv = nn.Conv2d(D, num_keypoints, 3, 1, 1, rng=rng)
        self.conv.params["weight"] *= 0.1  # heatmaps are mostly zero: start near there

    def path(self):
        """Return the layers, first to last."""
        return self.activation, self.upsampling, self.conv

    def forward(self, x):
        """Return the heatmaps; the layers keep what they need."""
        return super().forward(x) if self.training else self._taps_first(self.activation(x))

    def _taps_first(self, x):
        N, D, h, w = x.shape
        weight = self.conv.params["weight"].astype(x.dtype, copy=False)[:, :, ::-1, ::-1]
        taps = weight.transpose(0, 2, 3, 1).reshape(weight.size // D, D)  # (K 9, D), from the last
        maps = self.upsampling((taps @ x.reshape(N, D, h * w)).reshape(N, len(taps), h, w))
        columns = maps.reshape(N, len(taps), 16 * h * w)
        y = nn.fold(columns, maps.shape[2:], self.conv.kernel_size, padding=1)
        return y + self.conv.params["bias"].astype(x.dtype, copy=False)[:, None, None]


def _check_sizes(size):
    if isinstance(size, str):
        return SIZES[check_choice("size", size, tuple(SIZES))]
    if not isinstance(size, (tuple, list)) or len(size) != 3:
        raise ValueError(f"size: expected one of {', '.join(SIZES)} or three numbers, got {size!r}")
    return tuple(check_integer("size", number, 1) for number in size)
