"""What a body model of SMPL's kind consists of, and a small one made up of tubes.

    template          V vertices of the resting body, arms held out
    shape_directions  how each of S numbers moves the vertices: tall, stout, ...
    pose_directions   how the skin bulges: 9 numbers, R - I, of each joint but the root
    joint_regressor   where J joints are, as means of vertices
    weights           how much each vertex follows each joint; rows sum to 1
    parents           the joint each joint hangs on, an earlier one; -1 for the root, joint 0
    faces             triangles of vertices

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. The official model's
numbers are for its licensees (`smpl_file` reads them); `tube_body` has its joints and its
equations, and nothing of its looks.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array

# The joints of SMPL and, roughly, where they are in somebody 1.6 m tall: x to the left, y up.
_TUBE_JOINTS = {
    "pelvis": (None, 0.00, 0.00), "left_hip": ("pelvis", 0.07, -0.08),
    "right_hip": ("pelvis", -0.07, -0.08), "spine_1": ("pelvis", 0.00, 0.10),
    "left_knee": ("left_hip", 0.10, -0.46), "right_knee": ("right_hip", -0.10, -0.46),
    "spine_2": ("spine_1", 0.00, 0.24), "left_ankle": ("left_knee", 0.09, -0.86),
    "right_ankle": ("right_knee", -0.09, -0.86), "spine_3": ("spine_2", 0.00, 0.30),
    "left_foot": ("left_ankle", 0.11, -0.92), "right_foot": ("right_ankle", -0.11, -0.92),
    "neck": ("spine_3", 0.00, 0.50), "left_collar": ("spine_3", 0.08, 0.42),
    "right_collar": ("spine_3", -0.08, 0.42), "head": ("neck", 0.00, 0.60),
    "left_shoulder": ("left_collar", 0.18, 0.44), "right_shoulder": ("right_collar", -0.18, 0.44),
    "left_elbow": ("left_shoulder", 0.44, 0.43), "right_elbow": ("right_shoulder", -0.44, 0.43),
    "left_wrist": ("left_elbow", 0.69, 0.44), "right_wrist": ("right_elbow", -0.69, 0.44),
    "left_hand": ("left_wrist", 0.77, 0.43), "right_hand": ("right_wrist", -0.77, 0.43),
}  # fmt: skip
_SIDES, _RINGS, _RADIUS = 6, 3, 0.04  # of a tube: vertices around it and along it, and metres


class BodyData(NamedTuple):
    """The arrays of a body model with V vertices, J joints and S shape numbers."""

    template: np.ndarray  # (V, 3) metres
    shape_directions: np.ndarray  # (V, 3, S) metres
    pose_directions: np.ndarray  # (V, 3, 9 (J - 1)) metres
    joint_regressor: np.ndarray  # (J, V)
    weights: np.ndarray  # (V, J)
    parents: np.ndarray  # (J,) int
    faces: np.ndarray  # (F, 3) int


def check_body(data, dtype):
    """Return a `BodyData` as arrays of ``dtype``, contiguous, or raise ValueError."""
    template = check_array("template", data.template, ("V", 3), dtype)
    V = len(template)
    regressor = check_array("joint_regressor", data.joint_regressor, ("J", V), dtype)
    J = len(regressor)
    parents = check_array("parents", data.parents, (J,), np.int64)
    if J == 0 or parents[0] != -1 or not all(0 <= p < j for j, p in enumerate(parents) if j):
        raise ValueError(f"parents: expected -1, then earlier joints, got {parents}")
    faces = check_array("faces", data.faces, ("F", 3), np.int64)
    if faces.size and not (0 <= faces.min() and faces.max() < V):
        raise ValueError(f"faces: expected vertices in [0, {V}), got {faces.min()}, {faces.max()}")
    return BodyData(
        template,
        check_array("shape_directions", data.shape_directions, (V, 3, "S"), dtype),
        check_array("pose_directions", data.pose_directions, (V, 3, 9 * (J - 1)), dtype),
        regressor,
        check_array("weights", data.weights, (V, J), dtype),
        parents,
        faces,
    )


def tube_body(rng, shapes=10):
    """Return the `BodyData` of 24 joints joined by tubes: 414 vertices.

    The first shape number makes the body larger, the second its tubes wider; ``rng`` draws what
    the others do, and small bulges for the pose.
    """
    names = list(_TUBE_JOINTS)
    parents = np.array([-1] + [names.index(_TUBE_JOINTS[name][0]) for name in names[1:]])
    joints = np.array([(*_TUBE_JOINTS[name][1:], 0.0) for name in names])
    tubes = [_tube(joints[p], joints[k]) for k, p in enumerate(parents) if k]
    axis, outward = np.concatenate(tubes, axis=1)  # each (V, 3)
    V, J = len(axis), len(joints)
    ring = np.arange(V).reshape(J - 1, _RINGS, _SIDES)  # vertices of each joint's tube
    regressor, weights = np.zeros((J, V)), np.zeros((V, J))
    for k in range(1, J):
        regressor[k, ring[k - 1, -1]] = 1 / _SIDES  # the ring around the joint
        weights[ring[k - 1], parents[k]] = 1  # a tube follows the joint it starts at,
        weights[ring[k - 1, -1], [[parents[k]], [k]]] = 0.5  # its end half that which it leads to
    start = ring[np.flatnonzero(parents[1:] == 0), 0].ravel()
    regressor[0, start] = 1 / len(start)
    shape = rng.normal(0, 0.003, (V, 3, shapes))
    shape[..., :2] = np.stack([0.05 * axis, 0.2 * _RADIUS * outward], axis=-1)[..., :shapes]
    pose = rng.normal(0, 0.001, (V, 3, 9 * (J - 1)))
    template = axis + _RADIUS * outward
    return BodyData(template, shape, pose, regressor, weights, parents, _tube_faces(ring))


def _tube(start, end):
    """Return points of the axis and unit vectors outward, as (2, rings * sides, 3)."""
    direction = (end - start) / np.linalg.norm(end - start)
    side = np.cross(direction, [0, 0, 1.0])
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(_SIDES)[:, None] / _SIDES
    circle = np.cos(angle) * side + np.sin(angle) * np.cross(direction, side)
    along = np.linspace(start, end, _RINGS)
    return np.stack([np.repeat(along, _SIDES, axis=0), np.tile(circle, (_RINGS, 1))])


def _tube_faces(ring):
    """Return triangles (F, 3) between neighbouring rings (tubes, rings, sides) of vertices."""
    a, b = ring[:, :-1], ring[:, 1:]
    c, d = np.roll(a, -1, axis=2), np.roll(b, -1, axis=2)
    return np.concatenate([np.stack([a, b, c], -1), np.stack([c, b, d], -1)]).reshape(-1, 3)
