"""From PyMAF's numbers to a posed body, and to its keypoints in a camera's image.

    camera  s, tx, ty                     shape  10 numbers       pose  6 for each of 24 joints
    vertices, joints = SMPL(pose, shape)                          metres, y down, see `space.smpl`
    keypoints_3d     = 49 of: the joints, some vertices, and means of vertices
    keypoints_2d     = F (X + tx, Y + ty) / (Z + F / s)           of each keypoint (X, Y, Z)

F = 5000 / 112 is a focal length of 5000 pixels, in units of half the side of the 224-pixel image:
(0, 0) is the image's centre, -1 and 1 are its edges. The body is F / s metres away, so far that the
projection is nearly s (X + tx, Y + ty), a weak perspective: Kanazawa et al., "End-to-end Recovery
of Human Shape and Pose", CVPR 2018, arXiv:1712.06584. The 49 keypoints are from Kolotouros et al.,
"Learning to Reconstruct 3D Human Pose and Shape via Model-fitting in the Loop", ICCV 2019,
arXiv:1909.12828: OpenPose's 25, then 24 that are annotated in data sets.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array
from npkpose.space.body import BodyData
from npkpose.space.rotations import (
    matrix_to_axis_angle,
    six_d_to_matrix,
    six_d_to_matrix_backward,
)
from npkpose.space.smpl import SMPL

FOCAL = 5000 / 112
_NEAR = 1e-9 / 224  # as published: keeps a camera of scale 0 at a finite distance

# Index of each of the 49 keypoints among 24 joints, 21 vertices and 9 means of vertices.
KEYPOINTS_49 = (
    24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
    8, 5, 45, 46, 4, 7, 21, 19, 17, 16, 18, 20, 47, 48, 49, 50, 51, 52, 53, 24, 26, 25, 28, 27,
)  # fmt: skip


class MeshData(NamedTuple):
    """A body model of V vertices, and what PyMAF derives from the vertices."""

    body: BodyData
    picked: np.ndarray  # (21,) vertices that are keypoints
    means: np.ndarray  # (9, V): rows are means of vertices that are keypoints
    sampling: np.ndarray  # (M, V): to fewer vertices, where maps are sampled; Dmap in checkpoints
    keypoints: tuple = KEYPOINTS_49  # indices into joints, picked vertices and means, in this order


class Mesh(NamedTuple):
    """N bodies; or the gradient of a loss for them, where None is zero."""

    camera: np.ndarray = None  # (N, 3)
    shape: np.ndarray = None  # (N, 10)
    pose: np.ndarray = None  # (N, 144)
    rotations: np.ndarray = None  # (N, 24, 3, 3)
    vertices: np.ndarray = None  # (N, V, 3) metres
    joints: np.ndarray = None  # (N, 24, 3) metres
    keypoints_3d: np.ndarray = None  # (N, 49, 3) metres
    keypoints_2d: np.ndarray = None  # (N, 49, 2) in [-1, 1] inside the image

    def theta(self):
        """Return camera, shape and axis-angle pose, (N, 85): the output of the authors' code."""
        pose = matrix_to_axis_angle(self.rotations)
        return np.concatenate([self.camera, self.shape, pose.reshape(len(pose), -1)], axis=1)


class Start(NamedTuple):
    """The mesh before the first iteration: `upright`, or the mean of many people."""

    camera: np.ndarray  # (3,)
    shape: np.ndarray  # (10,)
    pose: np.ndarray  # (144,)


class PosedBody:
    """Map cameras, shapes and poses to a `Mesh`, forward and backward.

    ``dtype`` is used for all arithmetic; inputs are converted to it.
    """

    def __init__(self, data, dtype=np.float32):
        self.smpl = SMPL(data.body, dtype)
        V, J = len(data.body.template), self.smpl.num_joints
        self.picked = check_array("picked", data.picked, ("K",), np.int64)
        self.means = check_array("means", data.means, ("E", V), dtype)
        self.sampling = check_array("sampling", data.sampling, ("M", V), dtype)
        self.keypoints = check_array("keypoints", data.keypoints, ("K",), np.int64)
        count = J + len(self.picked) + len(self.means)
        _check_indices("picked", self.picked, V)
        _check_indices("keypoints", self.keypoints, count)
        self._kept = None

    def forward(self, camera, shape, pose):
        """Return the `Mesh`; keep what `backward` needs."""
        dtype, N, J = self.smpl.dtype, len(pose), self.smpl.num_joints
        camera = check_array("camera", camera, (N, 3), dtype)
        pose = check_array("pose", pose, (N, 6 * J), dtype)
        rotations = six_d_to_matrix(pose.reshape(N, J, 6))
        vertices, joints = self.smpl(rotations, shape)
        sources = np.concatenate([joints, vertices[:, self.picked], self.means @ vertices], axis=1)
        points = sources[:, self.keypoints]
        self._kept = pose, points, camera
        pixels = project(points, camera)
        return Mesh(camera, shape, pose, rotations, vertices, joints, points, pixels)

    def backward(self, dmesh):
        """Given dL/d(`Mesh`), return dL/dcamera, dL/dshape and dL/dpose."""
        pose, points, camera = self._kept
        dpoints, dcamera = project_backward(points, camera, _or_zeros(dmesh.keypoints_2d))
        dpoints = dpoints + _or_zeros(dmesh.keypoints_3d)
        dvertices, djoints = self._keypoints_backward(dpoints, dmesh)
        drotations, dshape, _ = self.smpl.backward(dvertices, djoints)
        drotations = drotations + _or_zeros(dmesh.rotations)
        dpose = six_d_to_matrix_backward(pose.reshape(len(pose), -1, 6), drotations)
        dpose = dpose.reshape(pose.shape)
        parts = (dcamera, dmesh.camera), (dshape, dmesh.shape), (dpose, dmesh.pose)
        return tuple(part + _or_zeros(direct) for part, direct in parts)

    def _keypoints_backward(self, dpoints, dmesh):
        """Given dL/d(keypoints_3d), return dL/dvertices and dL/djoints, ``dmesh``'s included."""
        N, J, V = len(dpoints), self.smpl.num_joints, self.means.shape[1]
        K = J + len(self.picked)
        dsources = np.zeros((N, K + len(self.means), 3), self.smpl.dtype)
        np.add.at(dsources, (slice(None), self.keypoints), dpoints)
        dvertices = np.broadcast_to(_or_zeros(dmesh.vertices), (N, V, 3)).astype(self.smpl.dtype)
        dvertices += self.means.T @ dsources[:, K:]
        np.add.at(dvertices, (slice(None), self.picked), dsources[:, J:K])
        return dvertices, dsources[:, :J] + _or_zeros(dmesh.joints)


def upright(joints=24, shapes=10):
    """Return a `Start` with arms stretched out, whose head is up although the image's y is down."""
    pose = np.tile(np.eye(3, 2).ravel(), (joints, 1))
    pose[0] = 1, 0, 0, -1, 0, 0  # half a turn around x
    return Start(np.array([0.9, 0.0, 0.0]), np.zeros(shapes), pose.ravel())


def project(points, camera):
    """Return the projections (N, P, 2) of ``points`` (N, P, 3) by ``camera`` (N, 3)."""
    moved, depth = _before_camera(points, camera)
    return FOCAL * moved / depth


def project_backward(points, camera, dpixels):
    """Return dL/dpoints and dL/dcamera, given dL/d(output of `project`), which broadcasts."""
    moved, depth = _before_camera(points, camera)
    dmoved = FOCAL * dpixels / depth * np.ones_like(moved)
    ddepth = -(dmoved * moved).sum(axis=-1) / depth[..., 0]
    scale = camera[:, 0] + _NEAR
    dscale = -FOCAL / scale**2 * ddepth.sum(axis=1)
    dcamera = np.concatenate([dscale[:, None], dmoved.sum(axis=1)], axis=1)
    return np.concatenate([dmoved, ddepth[..., None]], axis=2), dcamera


def _before_camera(points, camera):
    """Return (X, Y) (N, P, 2) and Z (N, P, 1) in the camera's frame."""
    depth = points[..., 2:] + (FOCAL / (camera[:, 0] + _NEAR))[:, None, None]
    return points[..., :2] + camera[:, None, 1:], depth


def pretrained_mesh(state):
    """Return the `MeshData` in the authors' checkpoint, ``state``."""
    name = "regressor.0.smpl.{}".format
    template = np.asarray(_entry(state, name("v_template")))
    body = BodyData(
        template,
        _entry(state, name("shapedirs")),
        np.asarray(_entry(state, name("posedirs"))).T.reshape(*template.shape, -1),
        _entry(state, name("J_regressor")),
        _entry(state, name("lbs_weights")),
        _entry(state, name("parents")),
        _entry(state, name("faces_tensor")),
    )
    picked = _entry(state, name("vertex_joint_selector.extra_joints_idxs"))
    means = _entry(state, name("J_regressor_extra"))
    return MeshData(body, picked, means, _entry(state, "maf_extractor.0.Dmap"))


def pretrained_start(state):
    """Return the `Start` in the authors' checkpoint, ``state``; None if there is none."""
    names = [f"regressor.0.init_{field}" for field in ("cam", "shape", "pose")]
    if not all(name in state for name in names):
        return None
    return Start(*(np.asarray(state[name]).reshape(-1) for name in names))


def _check_indices(name, indices, count):
    if indices.size and not (0 <= indices.min() and indices.max() < count):
        raise ValueError(f"{name}: expected numbers in [0, {count}), got {indices}")


def _entry(state, name):
    if name not in state:
        raise ValueError(f"state: expected PyMAF's own checkpoint, got one without {name!r}")
    return state[name]


def _or_zeros(gradient):
    return 0 if gradient is None else gradient
