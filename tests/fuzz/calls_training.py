"""Valid arguments of `npkpose.training.losses`."""

import numpy as np

from npkpose import nn, space
from npkpose.models.mesh.pymaf import ANNOTATED, IUV, PARTS, Output
from npkpose.models.mesh.pymaf_body import Mesh
from npkpose.training.losses import IUVLabels, MeshLabels, MeshTerms

LIMBS = ((0, 1), (1, 2), (2, 3))


def _iuv_loss(function, arguments):
    """Call with the records made of their fields."""
    a = dict(arguments)
    iuv = IUV(*(a.pop(f"iuv.{name}") for name in IUV._fields))
    return function(iuv, IUVLabels(*(a.pop(f"labels.{name}") for name in IUVLabels._fields)), **a)


WRAPPERS = {"iuv_loss": _iuv_loss}


def _points(d, size=3):
    """Return estimates and labels (N, 4, size), a few of them missing."""
    shape = (d.size(0, 3), 4)
    labels = d.array((*shape, size))
    labels[d.rng.random(shape) < 0.2] = np.nan
    return d.array((*shape, size)), labels


def _mpjpe(d):
    points, true_points = _points(d)
    weight = d.choice(None, d.array(points.shape[:-1], 0, 2))
    return {"points": points, "true_points": true_points, "weight": weight,
            "root": d.choice(None, 0, 3)}  # fmt: skip


def _n_mpjpe(d):
    points, true_points = _points(d)
    return {"points": points, "true_points": true_points, "root": d.choice(None, 0, 3)}


def _trajectory(d):
    positions, true_positions = _points(d)
    return {"positions": positions, "true_positions": abs(true_positions) + 0.0625}


def _keypoints_2d(d):
    keypoints, true_keypoints = _points(d, 2)
    confidence = d.choice(None, d.array(keypoints.shape[:-1], 0, 1))
    return {"keypoints": keypoints, "true_keypoints": true_keypoints, "confidence": confidence}


def _valid(d, count):
    return d.choice(None, d.flags(count))


def _keypoints_3d(d):
    points, true_points = _points(d)
    confidence = d.choice(None, d.array(points.shape[:-1], 0, 1))
    return {"points": points, "true_points": true_points, "confidence": confidence,
            "valid": _valid(d, len(points)), "hips": d.choice((2, 3), (0, 1))}  # fmt: skip


def _pair(d, name, shape):
    return {name: d.array(shape), f"true_{name}": d.array(shape), "valid": _valid(d, shape[0])}


def _iuv(d):
    N, H, W = d.size(0, 2), d.size(), d.size()
    maps = {f"iuv.{name}": d.array((N, PARTS, H, W)) for name in ("u", "v", "part")}
    labels = {f"labels.{name}": d.array((N, H, W), 0, 1) for name in ("u", "v")}
    return {
        **maps, "iuv.annotated": d.array((N, ANNOTATED, H, W)), **labels,
        "labels.part": d.integers((N, H, W), 0, PARTS - 1), "labels.valid": _valid(d, N),
        "point_weight": d.number(0, 1),
    }  # fmt: skip


def _mesh(d):
    keypoints = d.array((2, 4, 2)), d.array((2, 4, 3))
    mesh = Mesh(
        camera=d.array((2, 3), 0.0625, 4), shape=d.array((2, 10)), rotations=d.rotation(2, 24),
        keypoints_2d=keypoints[0], keypoints_3d=keypoints[1],
    )  # fmt: skip
    labels = MeshLabels(
        keypoints_2d=d.points((2, 4)), keypoints_3d=d.array((2, 4, 3)), has_3d=_valid(d, 2),
        rotations=d.choice(None, d.rotation(2, 24)), shape=d.array((2, 10)),
    )  # fmt: skip
    return mesh, labels


def _mesh_loss(d):
    mesh, labels = _mesh(d)
    return {"mesh": mesh, "labels": labels, "weights": MeshTerms(), "hips": (0, 1)}


def _pymaf_loss(d):
    mesh, labels = _mesh(d)
    output = Output([Mesh(), mesh, mesh], None)
    rest = {"iuv_labels": None, "weights": MeshTerms(), "hips": (0, 1)}
    return {"output": output, "labels": labels, **rest}


def _semi_supervised(d):
    A, B, F = d.size(0, 2), d.size(0, 2), d.size()
    true = d.array((A, F, 4, 3)), d.array((A, F, 1, 3), 1, 4)
    camera = space.Camera(np.eye(3), (0, 0, 0), (1, 1), (0, 0))
    return {
        "poses": d.array((A + B, F, 4, 3)), "positions": d.array((A + B, F, 1, 3), 1, 4),
        "truth": true, "keypoints": d.points((B, F, 4)), "camera": camera, "limbs": LIMBS,
    }  # fmt: skip


def _reprojection(d):
    N = d.size(0, 3)
    points = {"points": d.points_3d((N, 4)), "keypoints": d.points((N, 4))}
    weight = d.choice(None, d.array((N, 4), 0, 1))
    camera = d.choice(d.camera(), d.cameras(N))
    return {**points, "camera": camera, "weight": weight, "limit": d.number()}


def _bones(d):
    shapes = (d.size(0, 3), 4, 3), (d.size(0, 3), 4, 3)
    return {"points": d.array(shapes[0]), "other_points": d.array(shapes[1]), "limbs": LIMBS}


CALLS = {
    "WeightAverage": lambda d: {"module": nn.Linear(3, 2), "decay": d.number(0, 0.9)},
    "bone_length_loss": _bones,
    "bone_lengths": lambda d: {"points": d.array((d.size(0, 3), 4, 3)), "limbs": LIMBS},
    "camera_loss": lambda d: {"camera": d.array((d.size(0, 3), 3))},
    "iuv_loss": _iuv,
    "keypoint_2d_loss": _keypoints_2d,
    "keypoint_3d_loss": _keypoints_3d,
    "mesh_loss": _mesh_loss,
    "mpjpe_loss": _mpjpe,
    "n_mpjpe_loss": _n_mpjpe,
    "parameter_loss": lambda d: _pair(d, "parameters", (d.size(0, 3), 2, 3, 3)),
    "pymaf_loss": _pymaf_loss,
    "reprojection_loss": _reprojection,
    "screen_camera": lambda d: {"camera": d.camera(), "size": (64, 48)},
    "semi_supervised_loss": _semi_supervised,
    "trajectory_loss": _trajectory,
    "vertex_loss": lambda d: _pair(d, "vertices", (d.size(0, 3), 5, 3)),
}
