"""The arrays of an SMPL-like body model, and a small one made of tubes.

    template          V vertices of the resting body, arms stretched out to the sides
    shape_directions  vertex offsets of each of S shape numbers: tall, stout, ...
    pose_directions   vertex offsets of the pose: 9 numbers, R - I, of each joint but the root
    joint_regressor   the J joints as weighted means of vertices
    weights           skinning weights of each vertex and joint; rows sum to 1
    parents           the parent of each joint, an earlier joint; -1 for the root, joint 0
    faces             triangles of vertices

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. The official model
needs a licence (`smpl_file` reads it). `tube_body` has its joints and its equations, with simple
tubes as its surface.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_integer, check_kind, check_rng

# SMPL's joints: parent, and approximate x (to the left) and y (up) in a person of 1.6 m.
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
_MAX_SHAPES = 1000  # the official model has 300
_SIDES, _RINGS, _RADIUS = 6, 3, 0.04  # of a tube: vertices around and along it, metres


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
    """Return a `BodyData` as contiguous arrays of ``dtype``, or raise ValueError."""
    check_kind("data", data, BodyData)
    template = check_array("template", data.template, ("V", 3), dtype)
    V = len(template)
    regressor = check_array("joint_regressor", data.joint_regressor, ("J", V), dtype)
    J = len(regressor)
    parents, faces = _check_parents(data.parents, J), _check_faces(data.faces, V)
    shape = check_array("shape_directions", data.shape_directions, (V, 3, "S"), dtype)
    pose = check_array("pose_directions", data.pose_directions, (V, 3, 9 * (J - 1)), dtype)
    weights = check_array("weights", data.weights, (V, J), dtype)
    return BodyData(template, shape, pose, regressor, weights, parents, faces)


def tube_body(rng, shapes=10):
    """Return the `BodyData` of 24 joints connected by tubes, with 414 vertices.

    The first shape number makes the body larger, the second its tubes wider. ``rng`` draws the
    directions of the others and small pose directions. There are at most 1000 ``shapes``.
    """
    check_rng(rng)
    shapes = check_integer("shapes", shapes, at_most=_MAX_SHAPES)
    names = list(_TUBE_JOINTS)
    parents = np.array([-1] + [names.index(_TUBE_JOINTS[name][0]) for name in names[1:]])
    joints = np.array([(*_TUBE_JOINTS[name][1:], 0.0) for name in names])
    tubes = [_tube(joints[p], joints[k]) for k, p in enumerate(parents) if k]
    axis, outward = np.concatenate(tubes, axis=1)  # each (V, 3)
    V, J = len(axis), len(joints)
    ring = np.arange(V).reshape(J - 1, _RINGS, _SIDES)  # vertices of each joint's tube
    regressor, weights = _tube_regressor(ring, parents), _tube_weights(ring, parents)
    shape = rng.normal(0, 0.003, (V, 3, shapes))
    shape[..., :2] = np.stack([0.05 * axis, 0.2 * _RADIUS * outward], axis=-1)[..., :shapes]
    pose = rng.normal(0, 0.001, (V, 3, 9 * (J - 1)))
    template = axis + _RADIUS * outward
    return BodyData(template, shape, pose, regressor, weights, parents, _tube_faces(ring))


def _check_parents(parents, J):
    parents = check_array("parents", parents, (J,), np.int64)
    if J == 0 or parents[0] != -1 or not all(0 <= p < j for j, p in enumerate(parents) if j):
        raise ValueError(f"parents: expected -1, then earlier joints, got {parents}")
    return parents


def _check_faces(faces, V):
    faces = check_array("faces", faces, ("F", 3), np.int64)
    if faces.size and not (0 <= faces.min() and faces.max() < V):
        raise ValueError(f"faces: expected vertices in [0, {V}), got {faces.min()}, {faces.max()}")
    return faces


def _tube(start, end):
    """Return points on the axis and unit vectors outward, as (2, rings * sides, 3)."""
    direction = (end - start) / np.linalg.norm(end - start)
    side = np.cross(direction, [0, 0, 1.0])
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(_SIDES)[:, None] / _SIDES
    circle = np.cos(angle) * side + np.sin(angle) * np.cross(direction, side)
    along = np.linspace(start, end, _RINGS)
    return np.stack([np.repeat(along, _SIDES, axis=0), np.tile(circle, (_RINGS, 1))])


def _tube_regressor(ring, parents):
    """Return the regressor (J, V): a joint is the mean of the last ring of its tube."""
    regressor = np.zeros((len(parents), ring.size))
    for k in range(1, len(parents)):
        regressor[k, ring[k - 1, -1]] = 1 / _SIDES
    start = ring[np.flatnonzero(parents[1:] == 0), 0].ravel()  # of the tubes that leave the root
    regressor[0, start] = 1 / len(start)
    return regressor


def _tube_weights(ring, parents):
    """Return weights (V, J): a tube follows its parent joint, its last ring half the child."""
    weights = np.zeros((ring.size, len(parents)))
    for k in range(1, len(parents)):
        weights[ring[k - 1], parents[k]] = 1
        weights[ring[k - 1, -1], [[parents[k]], [k]]] = 0.5
    return weights


def _tube_faces(ring):
    """Return triangles (F, 3) between neighbouring rings (tubes, rings, sides) of vertices."""
    a, b = ring[:, :-1], ring[:, 1:]
    c, d = np.roll(a, -1, axis=2), np.roll(b, -1, axis=2)
    return np.concatenate([np.stack([a, b, c], -1), np.stack([c, b, d], -1)]).reshape(-1, 3)
