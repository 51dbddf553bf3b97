"""SMPL: a body's surface from the rotations of its joints and a few shape numbers.

    v   = template + shape_directions beta               the resting body
    J   = joint_regressor v                              its joints
    v'  = v + pose_directions vec(R_1 - I, ...)          corrections where joints bend
    G_0 = [R_0 | J_0],   G_k = G_p [R_k | J_k - J_p]     down the chain, p the parent of k
    out = sum_k weights_k (G_k v' - G_k J_k + t_k)       linear blend skinning

t_k, the last column of G_k, is the posed joint k, so the sum rotates v' about the joints. Loper et
al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. Backward goes up the chain:
each joint adds the gradients from its vertices and its children and passes them to its parent.

Rotations are matrices here; `rotations` makes them from axis-angle or six numbers, with gradients.

Two steps are for speed. v' is one product, of (beta, vec(R_1 - I, ...)) with both arrays of
directions. And J is linear in beta, so it is computed without v. Inside, vertices are (3, V), all
x before all y and all z, so that every step processes whole rows.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_float_dtype
from npkpose.space.body import check_body
from npkpose.space.camera import LARGEST
from npkpose.space.smpl_file import read_smpl

_MAX_ROTATION, _MAX_SHAPE = 1e3, 1e6  # ten rotations in a chain stay in the range of float32


class Body(NamedTuple):
    """N bodies, in metres."""

    vertices: np.ndarray  # (N, V, 3)
    joints: np.ndarray  # (N, J, 3)


class SMPL:
    """A body model: call it with rotations and shapes.

    Parameters
    ----------
    data : BodyData
    dtype : numpy dtype
        float32 or float64, for all arrays, inputs and outputs.

    Raises
    ------
    ValueError
        Arrays of ``data`` with inconsistent shapes, a joint before its parent, another dtype.
    """

    def __init__(self, data, dtype=np.float32):
        self.dtype = check_float_dtype("dtype", dtype)
        self.data = check_body(data, self.dtype)
        body = self.data
        V = len(body.template)
        self._template = np.ascontiguousarray(body.template.T)  # (3, V)
        parts = [body.shape_directions.T, body.pose_directions.T]  # (S, 3, V), (9 (J - 1), 3, V)
        self._directions = np.concatenate([part.reshape(len(part), 3 * V) for part in parts])
        self._weights = np.ascontiguousarray(body.weights.T)  # (J, V)
        self._rest_joints = body.joint_regressor @ body.template  # (J, 3)
        # Joint offsets of each shape number, (S, J, 3).
        self._joint_directions = body.joint_regressor @ np.moveaxis(body.shape_directions, 2, 0)
        self._saved = None

    @classmethod
    def from_file(cls, path, dtype=np.float32):
        """Return the official model of a .pkl file; no code of the file is run."""
        return cls(read_smpl(path), dtype)

    @property
    def num_joints(self):
        """Number J of joints."""
        return len(self.data.parents)

    @property
    def num_shapes(self):
        """Number S of shape numbers."""
        return self.data.shape_directions.shape[2]

    def __call__(self, rotations, shapes, translation=None):
        """Return `forward`'s bodies."""
        return self.forward(rotations, shapes, translation)

    def forward(self, rotations, shapes, translation=None):
        """Return the posed bodies; save the intermediate arrays for `backward`.

        Parameters
        ----------
        rotations : array_like, shape (N, J, 3, 3)
            Of each joint relative to its parent; the root's relative to the world.
        shapes : array_like, shape (N, S)
        translation : array_like, shape (N, 3), optional
            Metres. Default: 0.

        Returns
        -------
        bodies : Body

        Raises
        ------
        ValueError
            Wrong shape, a number of a rotation above 1000, a shape above 1e6, or a translation
            above 1e30.
        """
        shape = "N", self.num_joints, 3, 3
        R = check_array("rotations", rotations, shape, self.dtype, largest=_MAX_ROTATION)
        N = len(R)
        shape = N, self.num_shapes
        shapes = check_array("shapes", shapes, shape, self.dtype, largest=_MAX_SHAPE)
        translation = np.zeros((N, 3)) if translation is None else translation
        translation = check_array("translation", translation, (N, 3), self.dtype, largest=LARGEST)
        J = self._rest_joints + np.tensordot(shapes, self._joint_directions, 1)  # (N, J, 3)
        posed = self._pose_vertices(R, shapes)
        rotation, position = _chain(R, J, self.data.parents)
        blended = self._blend(rotation, position - _times(rotation, J))
        vertices = np.einsum("nijv,njv->niv", blended[:, :, :3], posed)
        vertices += blended[:, :, 3]
        vertices += translation[:, :, None]
        self._saved = (R, J, rotation, posed, blended)
        return Body(np.ascontiguousarray(vertices.swapaxes(1, 2)), position + translation[:, None])

    def _pose_vertices(self, R, shapes):
        """Return v' (N, 3, V)."""
        bend = (R[:, 1:] - np.eye(3, dtype=self.dtype)).reshape(len(R), 9 * (self.num_joints - 1))
        posed = np.concatenate([shapes, bend], axis=1) @ self._directions
        posed = posed.reshape(len(R), *self._template.shape)
        posed += self._template
        return posed

    def _blend(self, rotation, shift):
        """Return each vertex's weighted mean (N, 3, 4, V) of the motions (rotation | shift)."""
        N, J, _ = shift.shape
        motions = np.concatenate([rotation, shift[..., None]], axis=-1)  # (N, J, 3, 4)
        motions = motions.reshape(N, J, 12).swapaxes(1, 2)
        return (motions @ self._weights).reshape(N, 3, 4, self._weights.shape[1])

    @np.errstate(over="ignore", invalid="ignore")  # of gradients that no loss of a body has
    def backward(self, dvertices, djoints=None):
        """Given dL/dvertices (N, V, 3) and dL/djoints (N, J, 3), return the inputs' gradients.

        Returns
        -------
        drotations, dshapes, dtranslation : ndarrays, shapes (N, J, 3, 3), (N, S) and (N, 3)

        Raises
        ------
        ValueError
            Wrong shape.
        RuntimeError
            No forward pass before it.
        """
        if self._saved is None:
            raise RuntimeError("SMPL.backward: expected a forward pass first")
        R, J, rotation, posed, blended = self._saved
        N, _, V = posed.shape
        dvertices = check_array("dvertices", dvertices, (N, V, 3), self.dtype)
        djoints = np.zeros(J.shape) if djoints is None else djoints
        djoints = check_array("djoints", djoints, J.shape, self.dtype)
        dtranslation = dvertices.sum(axis=1) + djoints.sum(axis=1)
        dvertices = np.ascontiguousarray(dvertices.swapaxes(1, 2))  # (N, 3, V)
        drotation, dshift = self._blend_backward(posed, blended, dvertices)
        drotation = drotation - dshift[..., None] * J[..., None, :]  # shift = position - rotation J
        dJ = -_times(np.swapaxes(rotation, -1, -2), dshift)
        saved = (R, J, rotation, self.data.parents)
        dR = _chain_backward(saved, drotation, dshift + djoints, dJ)
        dposed = np.einsum("nijv,niv->njv", blended[:, :, :3], dvertices)
        dboth = dposed.reshape(N, 3 * V) @ self._directions.T
        dshapes, dbend = np.split(dboth, [self.num_shapes], axis=1)
        dR[:, 1:] += dbend.reshape(N, self.num_joints - 1, 3, 3)
        dshapes = dshapes + np.tensordot(dJ, self._joint_directions, ((1, 2), (1, 2)))
        return dR, dshapes, dtranslation

    def _blend_backward(self, posed, blended, dvertices):
        """Return the gradients (N, J, 3, 3) and (N, J, 3) of `_blend`'s arguments."""
        N, _, V = posed.shape
        outer = np.empty_like(blended)  # dvertices (posed, 1)^T
        np.multiply(dvertices[:, :, None], posed[:, None], out=outer[:, :, :3])
        outer[:, :, 3] = dvertices
        dmotions = outer.reshape(N, 12, V) @ self._weights.T  # (N, 12, J)
        dmotions = dmotions.swapaxes(1, 2).reshape(N, self.num_joints, 3, 4)
        return dmotions[..., :3], dmotions[..., 3]


def _chain(R, J, parents):
    """Return the rotations (N, J, 3, 3) and positions (N, J, 3) of G."""
    rotation, position = R.copy(), J.copy()
    for k, p in enumerate(parents[1:], 1):
        rotation[:, k] = rotation[:, p] @ R[:, k]
        position[:, k] = position[:, p] + _times(rotation[:, p], J[:, k] - J[:, p])
    return rotation, position


def _chain_backward(saved, drotation, dposition, dJ):
    """Return dL/dR (N, J, 3, 3) and add to ``dJ``. Children come before their parents."""
    R, J, rotation, parents = saved
    dR, drotation, dposition = np.empty_like(R), drotation.copy(), dposition.copy()
    for k in range(len(parents) - 1, 0, -1):
        p = parents[k]
        transposed = np.swapaxes(rotation[:, p], -1, -2)
        dR[:, k] = transposed @ drotation[:, k]
        bone = J[:, k] - J[:, p]
        drotation[:, p] += drotation[:, k] @ np.swapaxes(R[:, k], -1, -2)
        drotation[:, p] += dposition[:, k, :, None] * bone[:, None, :]
        dposition[:, p] += dposition[:, k]
        dbone = _times(transposed, dposition[:, k])
        dJ[:, k] += dbone
        dJ[:, p] -= dbone
    dR[:, 0] = drotation[:, 0]
    dJ[:, 0] += dposition[:, 0]
    return dR


def _times(M, v):
    """Return M v for matrices (..., 3, 3) and vectors (..., 3)."""
    return (M @ v[..., None])[..., 0]
