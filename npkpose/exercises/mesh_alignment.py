"""PyMAF's feedback loop by itself: fixed features in place of a network, bodies made of tubes.

    image of 64 x 64 -> 9 maps of 16^2, 32^2 and 64^2: red, green and blue minus grey, and the
                        derivatives of each along y and x. Nothing is learned here
    i = 1, 2, 3:  f <- maps at points, reduced by an MLP
                  M_i <- M_(i-1) + regressor(f, M_(i-1))

with the layers of `npkpose.models.mesh.pymaf`. The points are a grid of 144 (i = 1) and then 138
vertices of M_(i-1), projected by its camera; or, for comparison, the grid every time.

This is not PyMAF, only its main idea, in a minute in place of days: do features at the projected
mesh help to correct it? Each limb has its own colour here, unlike in photographs.
"""

import colorsys

import numpy as np

from npkpose import nn
from npkpose.data.raster import NOBODY, paint_parts
from npkpose.models.mesh.pymaf import ITERATIONS, Regressor
from npkpose.models.mesh.pymaf_body import Mesh, MeshData, PosedBody, project, upright
from npkpose.models.mesh.pymaf_points import POINT_CHANNELS, PointFeatures
from npkpose.space.body import tube_body
from npkpose.space.rotations import axis_angle_to_matrix, matrix_to_six_d

SIZE = 64  # pixels
SHRINK = (4, 2, 1)  # of the maps of each iteration
CHANNELS, WIDTHS = 9, (32, 16)  # of the maps, and of the MLP
GRID = 12  # points along each side
VERTEX_STEP = 3  # every third vertex is a point
BEND, TURN = 0.2, 0.3  # radians, standard deviations for joints and for the whole body
LIGHT = (0.0, 0.0, -1.0, 0.6)  # unit vector towards the light, and ambient light
GREY = 0.5  # the background
THICKNESS = 0.06  # metres, the radius of a painted limb
LOSS = {"vertices": 40.0, "rotations": 0.1, "camera": 1.0}  # weights of their squared errors


def tube_mesh(rng):
    """Return the `MeshData` of a body of tubes; its keypoints are its joints."""
    body = tube_body(rng)
    V, J = body.weights.shape
    points = np.eye(V)[::VERTEX_STEP]
    return MeshData(body, np.empty(0, int), np.empty((0, V)), points, tuple(range(J)))


def random_bodies(body, count, rng):
    """Return a `Mesh` of ``count`` bodies of a `PosedBody` in random poses, facing the camera."""
    J, S = body.smpl.num_joints, body.smpl.num_shapes
    bend = rng.normal(0, BEND, (count, J, 3))
    bend[:, 0] = rng.normal(0, TURN, (count, 3)) * (0, 1, 0.5)  # upright
    R = axis_angle_to_matrix(bend)
    R[:, 0] = axis_angle_to_matrix([np.pi, 0, 0]) @ R[:, 0]
    camera = rng.uniform((0.8, -0.1, 0.1), (1.0, 0.1, 0.3), (count, 3))
    return body.forward(camera, rng.normal(size=(count, S)), matrix_to_six_d(R).reshape(count, -1))


def to_pixels(points, camera):
    """Return the pixels (N, P, 2) of ``points`` (N, P, 3)."""
    return (project(points, camera) + 1) * (SIZE - 1) / 2


def paint(mesh, parents):
    """Return images (N, 64, 64, 3) of a `Mesh`; each limb is a capsule of its own colour."""
    count, limbs = len(mesh.joints), len(parents) - 1
    hues = np.arange(limbs) * 7 % limbs / limbs  # neighbours differ
    colours = np.array([colorsys.hsv_to_rgb(hue, 0.8, 1) for hue in hues])
    images = np.full((count, SIZE, SIZE, 3), GREY, np.float32)
    scale = mesh.camera[:, 0, None, None] * SIZE / 2  # pixels per metre
    z = mesh.joints[..., 2:] * scale
    radius = np.broadcast_to(THICKNESS * scale, z.shape)
    ends = np.concatenate([to_pixels(mesh.joints, mesh.camera), z, radius], axis=-1)
    for image, end in zip(images, ends):
        owner_and_bar = np.tile([NOBODY, 0], (limbs, 1))
        parts = np.concatenate([end[parents[1:]], end[1:], colours, owner_and_bar], axis=1)
        parts = parts[np.argsort(-parts[:, 2] - parts[:, 6])]  # far to near
        depth, owner = np.full(image.shape[:2], np.inf), np.full(image.shape[:2], NOBODY)
        paint_parts(parts, LIGHT, image, depth, owner)
    return images


def fixed_maps(images):
    """Return a list with the maps (N, 9, H, W) of ``images`` (N, 64, 64, 3) for each iteration."""
    x = np.ascontiguousarray(images.transpose(0, 3, 1, 2)) - np.float32(GREY)
    sizes = {1: x}
    for shrink in (2, 4):
        x = (x[..., ::2, :] + x[..., 1::2, :]) / 2
        x = sizes[shrink] = (x[..., ::2] + x[..., 1::2]) / 2
    maps = [sizes[shrink] for shrink in SHRINK]
    return [np.concatenate([x, *np.gradient(2 * x, axis=(2, 3))], axis=1) for x in maps]


def errors(meshes, truth):
    """Return mean distances of vertices (M, 2) of M meshes: mm in space, pixels in the image."""
    pixels = to_pixels(truth.vertices, truth.camera)
    in_space = [np.linalg.norm(mesh.vertices - truth.vertices, axis=-1).mean() for mesh in meshes]
    offsets = [to_pixels(mesh.vertices, mesh.camera) - pixels for mesh in meshes]
    in_image = [np.linalg.norm(offset, axis=-1).mean() for offset in offsets]
    return np.transpose([1000 * np.array(in_space), in_image])


def loss_gradient(mesh, truth):
    """Return the gradient, a `Mesh`, of the weighted squared errors of the fields in `LOSS`."""
    differences = {name: getattr(mesh, name) - getattr(truth, name) for name in LOSS}
    return Mesh(**{name: LOSS[name] * d / d[..., 0].size for name, d in differences.items()})


class FeedbackLoop(nn.Module):
    """Map fixed maps, a list of arrays (N, 9, H, W), to four `Mesh`: a start and three corrections.

    Parameters
    ----------
    data : MeshData
    aligned : bool
        Whether to sample the maps at the projected mesh, and not at the grid every time.
    hidden : int
        Width of a regressor's layers.
    rng : numpy.random.Generator
        Draws the initial weights.
    """

    def __init__(self, data, aligned=True, hidden=256, *, rng):
        super().__init__()
        self.aligned, self._body = bool(aligned), PosedBody(data)
        J, S = self._body.smpl.num_joints, self._body.smpl.num_shapes
        self._start = upright(J, S)
        later = len(self._body.sampling) if aligned else GRID**2
        counts, sizes = (GRID**2, *[later] * (ITERATIONS - 1)), (3, S, 6 * J)
        self.features = [PointFeatures(CHANNELS, rng, WIDTHS) for _ in counts]
        self.regressors = [Regressor(POINT_CHANNELS * P, sizes, hidden, rng, 0) for P in counts]
        for regressor in self.regressors:
            regressor.set_body(self._body)

    def forward(self, maps):
        """Return the meshes; the layers keep what they need."""
        N = len(maps[0])
        meshes = [self._body.forward(*(np.tile(part, (N, 1)) for part in self._start))]
        for i, x in enumerate(maps):
            f = self.features[i].forward(x, self._points(i, meshes[-1]))
            meshes.append(self.regressors[i].forward(f, meshes[-1]))
        return meshes

    def backward(self, dmeshes):
        """Given dL/d(`Mesh`) of each correction, fill every layer's ``grads``."""
        for features, regressor, dmesh in zip(self.features, self.regressors, dmeshes):
            features.values_backward(regressor.backward(dmesh))

    def _points(self, i, mesh):
        if i and self.aligned:
            return project(self._body.sampling @ mesh.vertices, mesh.camera)
        side = np.linspace(-1, 1, GRID, dtype=np.float32)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(1, GRID**2, 2)
        return np.repeat(grid, len(mesh.camera), axis=0)
