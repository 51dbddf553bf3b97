"""PyMAF: a body's surface, corrected three times by features of the image where the mesh is seen.

    image  -> ResNet-50 -> 7x7x2048,   and a mesh to start from: the mean pose, M_0
    i = 1, 2, 3:
      maps   <- 4x4 deconvolution of stride 2, BN, ReLU                  256 x 14^2, 28^2, 56^2
      points <- a grid of 21 x 21 (i = 1); 431 projected vertices of M_(i-1) (i > 1)
      f      <- maps at the points, each 256 -> 128 -> 64 -> 5           5 x 441 or 5 x 431
      h      <- fc2(fc1(f, pose, shape, camera))                         1024, dropout after each
      M_i    <- pose + decpose(h), shape + decshape(h), camera + deccam(h)

If a mesh is misplaced, the maps are sampled beside the person, and the features show how to move
it. Every M_i has its own loss; no gradient passes from M_i to M_(i-1). While training, 3x3
convolutions of the last maps also give, for each pixel, a part of the body and the position (u, v)
on that part. The losses are in `npkpose.training.losses.pymaf`.

Zhang et al., "PyMAF: 3D Human Pose and Shape Regression with Pyramidal Mesh Alignment Feedback
Loop", ICCV 2021, arXiv:2103.16507: 45,168,512 parameters, images of 224 x 224 with one person.

The weights have the authors' names (HongwenZhang/PyMAF); their checkpoint also holds the body: see
`PyMAF.from_pretrained`. Departure: initial weights are He's, except in decpose, decshape and
deccam, which start near zero as in the authors' code.
"""

import copy
from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose.models.backbones.resnet import RESNET_50, ResNet
from npkpose.models.mesh.pymaf_body import (
    Mesh,
    PosedBody,
    Start,
    pretrained_mesh,
    pretrained_start,
    project,
    upright,
)
from npkpose.models.mesh.pymaf_points import POINT_CHANNELS, PointFeatures
from npkpose.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, check_sides, to_input
from npkpose.nn._shapes import check_counts
from npkpose.nn.fuse import run

ITERATIONS = 3
GRID = 21  # points along each side of the first grid
DROPOUT = 0.5
GAIN = 0.01  # of Glorot's initial weights, in deccam, decshape and decpose
PARTS, ANNOTATED = 25, 15  # classes with background: parts of the surface, and of bodies
_CONSTANTS = ("points_grid", ".Dmap", ".smpl.", ".init_")  # in checkpoints, but not learned


class IUV(NamedTuple):
    """Scores of the body's parts at every pixel, and (u, v) on each part; or their gradient."""

    u: np.ndarray  # (N, 25, H, W)
    v: np.ndarray  # (N, 25, H, W)
    part: np.ndarray  # (N, 25, H, W)
    annotated: np.ndarray  # (N, 15, H, W)


class Output(NamedTuple):
    """The output of `PyMAF`; or the gradient of a loss for it, where None is zero."""

    meshes: list  # four `Mesh`: the start, then one of each iteration
    iuv: IUV = None  # in training mode only


class PyMAF(nn.Module):
    """Map images (N, 3, H, W) to an `Output`; H and W are multiples of 32, 224 as published.

    Parameters
    ----------
    data : MeshData
        The body.
    start : Start, optional
        Default `upright`.
    widths : (int, int, int)
        Channels of the ResNet's first layer and of the maps, and the length of h.
    blocks : four int
        Of the ResNet.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the dropout; default a generator of seed 0.
    """

    size_multiple = 32

    def __init__(self, data, start=None, widths=(64, 256, 1024), blocks=RESNET_50, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        width, C, hidden = check_counts("widths", widths, 3)
        self.feature_extractor = ResNet(blocks, width, rng=rng)
        first = _enlarge(self.feature_extractor.out_channels, C, rng)
        self.deconv_layers = nn.Sequential(*first, *_enlarge(C, C, rng), *_enlarge(C, C, rng))
        self._data, self._body = data, PosedBody(data)
        J, S = self._body.smpl.num_joints, self._body.smpl.num_shapes
        self.start = upright(J, S) if start is None else Start(*start)
        counts = (GRID**2, *[len(self._body.sampling)] * (ITERATIONS - 1))
        self.maf_extractor = [PointFeatures(C, rng) for _ in counts]
        sizes = (3, S, 6 * J)
        self.regressor = [Regressor(POINT_CHANNELS * P, sizes, hidden, rng) for P in counts]
        self.dp_head = SurfaceHead(C, rng)
        self._share_body()

    @classmethod
    def from_pretrained(cls, state):
        """Return the network and the body of the authors' checkpoint, the arrays ``state``."""
        model = cls(pretrained_mesh(state))
        model.load_state_dict(state)
        return model

    def rename_keys(self, state):
        """Return ``state`` without the body and the start, which are not learned."""
        state = super().rename_keys(state)
        return {k: v for k, v in state.items() if not any(part in k for part in _CONSTANTS)}

    def load_state_dict(self, state, strict=True):
        """Copy the arrays of ``state``, and its start if it has one."""
        found = super().load_state_dict(state, strict)
        self.start = pretrained_start(super().rename_keys(state)) or self.start
        return found

    def astype(self, dtype):
        """Convert every real array to ``dtype`` in place, also the body's; return self."""
        super().astype(dtype)
        self._body = PosedBody(self._data, dtype)
        self._share_body()
        return self

    def preprocess(self, image):
        """Return images (H, W, 3) or (N, H, W, 3), uint8 RGB, as input (N, 3, H, W)."""
        return to_input(image, self.size_multiple, IMAGENET_MEAN, IMAGENET_STD)

    def forward(self, x):
        """Return the meshes of ``x``; the layers keep what they need."""
        check_sides(x, self.size_multiple)
        x = self.feature_extractor(x)
        mesh = self._body.forward(*(np.tile(part, (len(x), 1)) for part in self.start))
        meshes = [mesh]
        for i in range(ITERATIONS):
            x = run(self._deconvolution(i), x)
            features = self.maf_extractor[i].forward(x, self._points(i, mesh).astype(x.dtype))
            mesh = self.regressor[i].forward(features, mesh)
            meshes.append(mesh)
        return Output(meshes, self.dp_head(x) if self.training else None)

    def backward(self, gradient):
        """Given dL/d(`Output`), fill every layer's ``grads`` and return dL/dx.

        The gradient of the first mesh is not used: no parameter influences that mesh.
        """
        dx = self.dp_head.backward(gradient.iuv)
        for i in reversed(range(ITERATIONS)):
            dmesh = gradient.meshes[i + 1]
            dfeatures = self.regressor[i].backward(Mesh() if dmesh is None else dmesh)
            dx = dx + self.maf_extractor[i].backward(dfeatures)
            for layer in reversed(self._deconvolution(i)):
                dx = layer.backward(dx)
        return self.feature_extractor.backward(dx)

    def _share_body(self):
        """Give each iteration its own copy of the body, for `backward`; they share their arrays."""
        for regressor in self.regressor:
            regressor.set_body(self._body)

    def _deconvolution(self, i):
        return self.deconv_layers.layers[3 * i : 3 * i + 3]

    def _points(self, i, mesh):
        """Return the points of iteration ``i``, from 0: (N, P, 2) in [-1, 1]."""
        if i:
            return project(self._body.sampling @ mesh.vertices, mesh.camera)
        side = np.linspace(-1, 1, GRID)
        grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)  # x varies slowest
        return np.tile(grid.reshape(1, GRID**2, 2), (len(mesh.camera), 1, 1))


class Regressor(nn.Module):
    """Correct a mesh, given the features of its points.

    ``sizes`` are the lengths of camera, shape and pose.
    """

    def __init__(self, features, sizes, hidden, rng, dropout=DROPOUT):
        super().__init__()
        self.fc1 = nn.Linear(features + sum(sizes), hidden, rng=rng)
        self.fc2 = nn.Linear(hidden, hidden, rng=rng)
        self.drop1, self.drop2 = nn.Dropout(dropout, rng=rng), nn.Dropout(dropout, rng=rng)
        self.deccam, self.decshape, self.decpose = (nn.Linear(hidden, n, rng=rng) for n in sizes)
        for layer, n in zip(self._decoders(), sizes):
            limit = GAIN * np.sqrt(6 / (hidden + n))  # Glorot & Bengio, AISTATS 2010
            layer.params["weight"] = rng.uniform(-limit, limit, (n, hidden)).astype(np.float32)
        self._body = None

    def set_body(self, body):
        """Make the meshes with a copy of ``body``, which shares its arrays."""
        self._body = copy.copy(body)
        self._body.smpl = copy.copy(body.smpl)

    def forward(self, features, before):
        """Return the corrected `Mesh` of ``before``; the layers keep what they need."""
        parts = [part.astype(features.dtype, copy=False) for part in before[:3]]
        y = np.concatenate([features, *reversed(parts)], axis=1)
        y = self.drop2(self.fc2(self.drop1(self.fc1(y))))
        steps = [layer(y) for layer in self._decoders()]
        self.save_for_backward(features.shape[1])
        return self._body.forward(*(part + step for part, step in zip(parts, steps)))

    def backward(self, dmesh):
        """Given dL/d(`Mesh`), fill every layer's ``grads`` and return dL/dfeatures."""
        (count,) = self.saved()
        dparts = self._body.backward(dmesh)
        dy = sum(layer.backward(dpart) for layer, dpart in zip(self._decoders(), dparts))
        for layer in (self.drop2, self.fc2, self.drop1, self.fc1):
            dy = layer.backward(dy)
        return dy[:, :count]

    def _decoders(self):
        return self.deccam, self.decshape, self.decpose


class SurfaceHead(nn.Module):
    """Map maps (N, C, H, W) to an `IUV` of the same size."""

    def __init__(self, C, rng):
        super().__init__()
        self.predict_u = nn.Conv2d(C, PARTS, 3, 1, 1, rng=rng)
        self.predict_v = nn.Conv2d(C, PARTS, 3, 1, 1, rng=rng)
        self.predict_uv_index = nn.Conv2d(C, PARTS, 3, 1, 1, rng=rng)
        self.predict_ann_index = nn.Conv2d(C, ANNOTATED, 3, 1, 1, rng=rng)

    def forward(self, x):
        """Return the scores; the layers keep what they need."""
        return IUV(*(layer(x) for _, layer in self.named_children()))

    def backward(self, diuv):
        """Given dL/d(`IUV`), fill ``grads`` and return dL/dx; None is zero, and leaves no grads."""
        layers = [layer for _, layer in self.named_children()]
        if diuv is None:
            for layer in layers:
                layer.grads.clear()
            return 0
        return sum(layer.backward(dpart) for layer, dpart in zip(layers, diuv))


def _enlarge(in_channels, channels, rng):
    deconvolution = nn.ConvTranspose2d(in_channels, channels, 4, 2, 1, bias=False, rng=rng)
    return deconvolution, nn.BatchNorm2d(channels), nn.ReLU()
