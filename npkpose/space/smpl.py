"""SMPL: a body's surface from the rotations of its joints and a few numbers for its shape.

    v   = template + shape_directions beta               the body's own shape, resting
    J   = joint_regressor v                              its joints
    v'  = v + pose_directions vec(R_1 - I, ...)          the skin bulges where joints bend
    G_0 = [R_0 | J_0],   G_k = G_p [R_k | J_k - J_p]     down the chain, p being k's parent
    out = sum_k weights_k (G_k v' - G_k J_k + t_k)       each vertex follows its joints

t_k, the last column of G_k, is where joint k comes to be, so the sum turns v' around the joints.
Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. Backward goes the
same way up: what a joint is told by its vertices and its children, it tells its parent.

Rotations are matrices here; `rotations` makes them of axis-angle or six numbers, with gradients.

Two things are for speed. v' is one product: of beta and vec(R_1 - I, ...), side by side, with both
kinds of directions; and J, being linear in beta, needs no v. Inside, all x come before all y and
all z, (3, V), so that every step works on whole rows.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array
from npkpose.space.body import check_body
from npkpose.space.smpl_file import read_smpl


class Body(NamedTuple):
    """N bodies, in metres."""

    vertices: np.ndarray  # (N, V, 3)
    joints: np.ndarray  # (N, J, 3)


class SMPL:
    """A body model, to be called with rotations and shapes.

    Parameters
    ----------
    data : BodyData
    dtype : numpy dtype
        float32 or float64, of all its arrays, inputs and outputs.

    Raises
    ------
    ValueError
        Arrays of ``data`` whose shapes disagree, a joint that hangs on a later one.
    """

    def __init__(self, data, dtype=np.float32):
        self.data = check_body(data, dtype)
        self.dtype = np.dtype(dtype)
        body = self.data
        V = len(body.template)
        self._template = np.ascontiguousarray(body.template.T)  # (3, V)
        parts = [body.shape_directions.T, body.pose_directions.T]  # (S, 3, V), (9 (J - 1), 3, V)
        self._directions = np.concatenate([part.reshape(len(part), 3 * V) for part in parts])
        self._weights = np.ascontiguousarray(body.weights.T)  # (J, V)
        self._rest_joints = body.joint_regressor @ body.template  # (J, 3)
        # How each shape number moves the joints, (S, J, 3).
        self._joint_directions = body.joint_regressor @ np.moveaxis(body.shape_directions, 2, 0)
        self._kept = None

    @classmethod
    def from_file(cls, path, dtype=np.float32):
        """Return the official model in a .pkl file, read without running anything in it."""
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
        """Return the posed bodies; keep what `backward` needs.

        Parameters
        ----------
        rotations : array_like, shape (N, J, 3, 3)
            Of each joint against its parent, of the root against the world.
        shapes : array_like, shape (N, S)
        translation : array_like, shape (N, 3), optional
            Metres. Default: 0.

        Returns
        -------
        bodies : Body
        """
        R = check_array("rotations", rotations, ("N", self.num_joints, 3, 3), self.dtype)
        N = len(R)
        shapes = check_array("shapes", shapes, (N, self.num_shapes), self.dtype)
        translation = np.zeros((N, 3)) if translation is None else translation
        translation = check_array("translation", translation, (N, 3), self.dtype)
        J = self._rest_joints + np.tensordot(shapes, self._joint_directions, 1)  # (N, J, 3)
        bend = (R[:, 1:] - np.eye(3, dtype=self.dtype)).reshape(N, 9 * (self.num_joints - 1))
        posed = np.concatenate([shapes, bend], axis=1) @ self._directions
        posed = posed.reshape(N, *self._template.shape)  # (N, 3, V)
        posed += self._template
        turn, place = _chain(R, J, self.data.parents)
        shift = place - _times(turn, J)  # (N, J, 3)
        moves = np.concatenate([turn, shift[..., None]], axis=-1)  # (N, J, 3, 4)
        moves = moves.reshape(N, self.num_joints, 12).swapaxes(1, 2)
        blended = (moves @ self._weights).reshape(N, 3, 4, posed.shape[2])
        vertices = np.einsum("nijv,njv->niv", blended[:, :, :3], posed)
        vertices += blended[:, :, 3]
        vertices += translation[:, :, None]
        self._kept = (R, J, turn, posed, blended)
        return Body(np.ascontiguousarray(vertices.swapaxes(1, 2)), place + translation[:, None])

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
        if self._kept is None:
            raise RuntimeError("SMPL.backward: expected a forward pass first")
        R, J, turn, posed, blended = self._kept
        N, _, V = posed.shape
        dvertices = check_array("dvertices", dvertices, (N, V, 3), self.dtype)
        djoints = np.zeros(J.shape) if djoints is None else djoints
        djoints = check_array("djoints", djoints, J.shape, self.dtype)
        dtranslation = dvertices.sum(axis=1) + djoints.sum(axis=1)
        dvertices = np.ascontiguousarray(dvertices.swapaxes(1, 2))  # (N, 3, V)
        dposed = np.einsum("nijv,niv->njv", blended[:, :, :3], dvertices)
        outer = np.empty_like(blended)  # dvertices (posed, 1)^T
        np.multiply(dvertices[:, :, None], posed[:, None], out=outer[:, :, :3])
        outer[:, :, 3] = dvertices
        dmoves = outer.reshape(N, 12, V) @ self._weights.T  # (N, 12, J)
        dmoves = dmoves.swapaxes(1, 2).reshape(N, self.num_joints, 3, 4)
        dturn, dshift = dmoves[..., :3], dmoves[..., 3]  # shift = place - turn J
        dturn = dturn - dshift[..., None] * J[..., None, :]
        dJ = -_times(np.swapaxes(turn, -1, -2), dshift)
        dR = _chain_backward((R, J, turn, self.data.parents), dturn, dshift + djoints, dJ)
        dboth = dposed.reshape(N, 3 * V) @ self._directions.T
        dshapes, dbend = np.split(dboth, [self.num_shapes], axis=1)
        dR[:, 1:] += dbend.reshape(N, self.num_joints - 1, 3, 3)
        dshapes = dshapes + np.tensordot(dJ, self._joint_directions, ((1, 2), (1, 2)))
        return dR, dshapes, dtranslation


def _chain(R, J, parents):
    """Return the parts of G, (N, J, 3, 3) and (N, J, 3)."""
    turn, place = R.copy(), J.copy()
    for k, p in enumerate(parents[1:], 1):
        turn[:, k] = turn[:, p] @ R[:, k]
        place[:, k] = place[:, p] + _times(turn[:, p], J[:, k] - J[:, p])
    return turn, place


def _chain_backward(kept, dturn, dplace, dJ):
    """Return dL/dR (N, J, 3, 3); add to ``dJ``. From the last joint up, so children come first."""
    R, J, turn, parents = kept
    dR, dturn, dplace = np.empty_like(R), dturn.copy(), dplace.copy()
    for k in range(len(parents) - 1, 0, -1):
        p = parents[k]
        upright = np.swapaxes(turn[:, p], -1, -2)
        dR[:, k] = upright @ dturn[:, k]
        bone = J[:, k] - J[:, p]
        dturn[:, p] += dturn[:, k] @ np.swapaxes(R[:, k], -1, -2)
        dturn[:, p] += dplace[:, k, :, None] * bone[:, None, :]
        dplace[:, p] += dplace[:, k]
        dbone = _times(upright, dplace[:, k])
        dJ[:, k] += dbone
        dJ[:, p] -= dbone
    dR[:, 0] = dturn[:, 0]
    dJ[:, 0] += dplace[:, 0]
    return dR


def _times(M, v):
    """Return M v for matrices (..., 3, 3) and vectors (..., 3)."""
    return (M @ v[..., None])[..., 0]
